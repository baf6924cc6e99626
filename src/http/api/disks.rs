//! Drives.

use super::State;
use crate::{
    domain::ids::DriveId,
    drives::{DriveCommand, DriveSnapshot},
    error::{Code, Problem},
    http::{
        auth::{Look, May, Operate},
        body::Json,
        params::{Params, drive_id},
        problem::ProblemDocument,
        wire::{Disk, DiskChange, DiskDetails, DiskStatistics, InsertBody, List},
    },
    storage::drive_stats,
};
use actix_web::web;
use std::path::PathBuf;

/// All drives, by id.
#[utoipa::path(get, path = "/api/v1/disks", tag = "disks", responses(
    (status = 200, description = "All drives; never more than one page", body = List<Disk>),
    (status = 400, description = "Unknown parameter", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(_: May<Look>, state: State, params: Params) -> Result<web::Json<List<Disk>>, Problem> {
    params.finish()?;
    let items = state.registry.all().iter().map(Disk::from).collect();
    Ok(web::Json(List { items, next_cursor: None }))
}

/// One drive, with its settings, what it has done in its life, and the discs that it fails and another drive reads.
#[utoipa::path(get, path = "/api/v1/disks/{id}", tag = "disks", params(("id" = String, Path, description = "Id of the drive")), responses(
    (status = 200, description = "The drive", body = DiskDetails),
    (status = 404, description = "`drive_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn get(_: May<Look>, state: State, id: web::Path<String>, params: Params) -> Result<web::Json<DiskDetails>, Problem> {
    params.finish()?;
    let id = drive_id(&id)?;
    let drive = state.registry.get(&id).ok_or_else(|| unknown(&id))?;
    let read =
        state.read(Code::DriveUnknown, move |conn| Ok((drive_stats::get(conn, &id)?, drive_stats::read_elsewhere(conn, &id)?)));
    let (life, elsewhere) = read.await?;
    let read_elsewhere = elsewhere.into_iter().map(Into::into).collect();
    Ok(web::Json(DiskDetails { disk: Disk::from(&drive), statistics: life.into(), read_elsewhere }))
}

/// What a drive has done in its life.
#[utoipa::path(get, path = "/api/v1/disks/{id}/statistics", tag = "disks", params(("id" = String, Path, description = "Id of the drive")), responses(
    (status = 200, description = "Sums, and speed and errors by radius", body = DiskStatistics),
    (status = 404, description = "`drive_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn statistics(
    _: May<Look>,
    state: State,
    id: web::Path<String>,
    params: Params,
) -> Result<web::Json<DiskStatistics>, Problem> {
    params.finish()?;
    let id = drive_id(&id)?;
    state.registry.get(&id).ok_or_else(|| unknown(&id))?;
    let life = state.read(Code::DriveUnknown, move |conn| drive_stats::get(conn, &id)).await?;
    Ok(web::Json(life.into()))
}

/// Changes a drive's settings; they stay changed after a restart.
///
/// A drive that is switched off while a job reads is left alone once that job has ended.
#[utoipa::path(patch, path = "/api/v1/disks/{id}", tag = "disks", params(("id" = String, Path, description = "Id of the drive")),
    request_body = DiskChange, responses(
    (status = 200, description = "The drive as it is now", body = Disk),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "`origin_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`drive_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`: the field and what is allowed", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn change(
    _: May<Operate>,
    state: State,
    id: web::Path<String>,
    params: Params,
    body: Json<DiskChange>,
) -> Result<web::Json<Disk>, Problem> {
    params.finish()?;
    let change = body.0.parsed()?;
    command(&state, &id, DriveCommand::Change(Box::new(change))).await
}

/// Opens the tray.
///
/// Answered when the tray is open. A drive that a job reads is not opened.
#[utoipa::path(post, path = "/api/v1/disks/{id}/eject", tag = "disks", params(("id" = String, Path, description = "Id of the drive")), responses(
    (status = 200, description = "The tray is open", body = Disk),
    (status = 404, description = "`drive_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`drive_busy`, `drive_wedged`, `drive_gone`, `drive_disabled` or `drive_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn eject(_: May<Operate>, state: State, id: web::Path<String>, params: Params) -> Result<web::Json<Disk>, Problem> {
    params.finish()?;
    command(&state, &id, DriveCommand::Eject).await
}

/// Closes the tray.
#[utoipa::path(post, path = "/api/v1/disks/{id}/close", tag = "disks", params(("id" = String, Path, description = "Id of the drive")), responses(
    (status = 200, description = "The tray is closed", body = Disk),
    (status = 404, description = "`drive_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`drive_busy`, `drive_wedged`, `drive_gone`, `drive_disabled` or `drive_refused` (slim drives cannot)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn close(_: May<Operate>, state: State, id: web::Path<String>, params: Params) -> Result<web::Json<Disk>, Problem> {
    params.finish()?;
    command(&state, &id, DriveCommand::Close).await
}

/// Puts an image file into a virtual drive.
///
/// The tray is closed with it; the disc that was in there is taken out.
#[utoipa::path(post, path = "/api/v1/disks/{id}/insert", tag = "disks", params(("id" = String, Path, description = "Id of the drive")),
    request_body = InsertBody, responses(
    (status = 200, description = "The file is in the drive", body = Disk),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`drive_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`not_virtual`, `drive_busy`, `drive_gone`, `drive_disabled`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`: no such file, not a file, not an absolute path", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn insert(
    _: May<Operate>,
    state: State,
    id: web::Path<String>,
    params: Params,
    body: Json<InsertBody>,
) -> Result<web::Json<Disk>, Problem> {
    params.finish()?;
    let drive = drive_id(&id)?;
    let snapshot = state.registry.get(&drive).ok_or_else(|| unknown(&drive))?;
    let image = insertable(&snapshot, body.0.image).await?;
    command(&state, &id, DriveCommand::Insert(image)).await
}

/// The file, if this drive can take it.
///
/// # Errors
/// `not_virtual`, or `invalid_field` about `image`.
pub(in crate::http) async fn insertable(drive: &DriveSnapshot, image: String) -> Result<PathBuf, Problem> {
    if !drive.is_virtual() {
        let detail = format!("{} is a real drive; put a disc in by hand. Only virtual drives take image files", drive.name);
        return Err(Problem::new(Code::NotVirtual, detail));
    }
    image_file(image).await
}

/// The file must be there, be a plain file and be named without detours, so that the drive never has to guess.
async fn image_file(text: String) -> Result<PathBuf, Problem> {
    let path = PathBuf::from(&text);
    let detour = path.components().any(|part| matches!(part, std::path::Component::ParentDir));
    if !path.is_absolute() || detour || text.contains('\0') {
        return Err(Problem::field("image", format!("{text:?} must be an absolute path without `..`")));
    }
    let looked = web::block(move || std::fs::metadata(&path).map(|data| (path, data))).await;
    match looked.map_err(|error| Problem::new(Code::Internal, error.to_string()))? {
        Ok((path, data)) if data.is_file() => Ok(path),
        Ok(_) => Err(Problem::field("image", format!("{text:?} is not a file"))),
        Err(error) => Err(Problem::field("image", format!("{text:?} cannot be used: {error}"))),
    }
}

async fn command(state: &State, id: &str, command: DriveCommand) -> Result<web::Json<Disk>, Problem> {
    let id = drive_id(id)?;
    state.registry.send(&id, command).await?;
    one(state, &id)
}

fn one(state: &State, id: &DriveId) -> Result<web::Json<Disk>, Problem> {
    let drive = state.registry.get(id).ok_or_else(|| unknown(id))?;
    Ok(web::Json(Disk::from(&drive)))
}

fn unknown(id: &DriveId) -> Problem {
    Problem::new(Code::DriveUnknown, format!("There is no drive {id}; GET /api/v1/disks lists them"))
}
