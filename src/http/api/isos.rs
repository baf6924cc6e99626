//! Images.

use super::{
    State,
    jobs::{DISK_TYPES, VERDICTS, accepted},
};
use crate::{
    catalog::{DeleteIso, RenameIso, RestoreIso, TrashIsos},
    domain::ids::IsoId,
    error::{Code, Problem},
    http::{
        auth::{Look, May, Operate},
        body::Json,
        params::{Params, id},
        problem::ProblemDocument,
        wire::{ChangeIsoBody, Iso, IsoDocument, Job, List},
    },
    jobs::VerifyIso,
    storage::isos::{self, IsoFilter},
};
use actix_web::{HttpResponse, web};

/// How a comparison with the stored hashes ends.
pub const CHECKS: [&str; 3] = ["never", "passed", "failed"];

/// Orders of the list.
pub const ORDERS: [&str; 4] = ["created_at", "label", "filename", "size"];

/// A page of images, newest first.
#[utoipa::path(get, path = "/api/v1/isos", tag = "isos", params(
    ("disk_type" = Option<String>, Query, description = "Kind of disc", example = "data_dvd"),
    ("verdict" = Option<String>, Query, description = "For example `complete`"),
    ("job" = Option<String>, Query, description = "Made by this job"),
    ("since" = Option<String>, Query, description = "Entered then or later; RFC 3339 or a date"),
    ("until" = Option<String>, Query, description = "Entered before; RFC 3339 or a date"),
    ("min_size" = Option<u64>, Query, description = "Of so many bytes or more"),
    ("max_size" = Option<u64>, Query, description = "Of so many bytes or fewer"),
    ("check" = Option<String>, Query, description = "How the last comparison with the stored hashes ended: `never` (there was none), `passed` or `failed`"),
    ("trash" = Option<bool>, Query, description = "`true`: what is in the trash, instead of what is not"),
    ("q" = Option<String>, Query, description = "Text somewhere in label or path; upper and lower case are the same"),
    ("sort" = Option<String>, Query, description = "`created_at`, `label`, `filename` or `size`, with `-` in front for descending"),
    ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
    ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
), responses(
    (status = 200, description = "A page of images", body = List<Iso>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(_: May<Look>, state: State, mut params: Params) -> Result<web::Json<List<Iso>>, Problem> {
    let filter = IsoFilter {
        q: params.search()?,
        disk_type: params.word("disk_type", &DISK_TYPES)?,
        verdict: params.word("verdict", &VERDICTS)?,
        job: params.parsed("job", "the uuid of a job")?,
        since: params.time("since")?,
        until: params.time("until")?,
        min_size: bytes(&mut params, "min_size")?,
        max_size: bytes(&mut params, "max_size")?,
        check: params.word("check", &CHECKS)?,
        trash: params.parsed("trash", "true or false")?.unwrap_or(false),
    };
    let page = params.page(&ORDERS)?;
    params.finish()?;
    let found = state.read(Code::IsoUnknown, move |conn| isos::list(conn, &filter, &page)).await?;
    Ok(web::Json(List { items: found.items.into_iter().map(Iso::from).collect(), next_cursor: found.next_cursor }))
}

/// Databases count to 2^63.
fn bytes(params: &mut Params, name: &str) -> Result<Option<u64>, Problem> {
    let number = params.parsed::<i64>(name, "a number of bytes")?;
    let negative = |_| Problem::new(Code::InvalidQuery, format!("{name} must not be negative")).about(name);
    number.map(u64::try_from).transpose().map_err(negative)
}

/// One image, with its files, tracks, hashes, sizes, statistics and programs.
#[utoipa::path(get, path = "/api/v1/isos/{id}", tag = "isos", params(("id" = String, Path, description = "Id of the image")), responses(
    (status = 200, description = "The image", body = IsoDocument),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn get(_: May<Look>, state: State, iso: web::Path<String>, params: Params) -> Result<web::Json<IsoDocument>, Problem> {
    params.finish()?;
    let iso: IsoId = id(&iso, Code::IsoUnknown)?;
    let read = state.read(Code::IsoUnknown, move |conn| Ok((isos::get(conn, iso)?, isos::facts(conn, iso)?)));
    let (record, facts) = read.await?;
    Ok(web::Json(IsoDocument::new(record, facts)))
}

/// Renames an image with everything that bears its name: files, map, `NAME.json`, `NAME.md5`, `NAME.sha256`, sheets.
///
/// A power failure at any moment leaves the image under its old or its new name. Nothing is ever replaced.
#[utoipa::path(patch, path = "/api/v1/isos/{id}", tag = "isos", params(("id" = String, Path, description = "Id of the image")),
    request_body = ChangeIsoBody, responses(
    (status = 200, description = "The image as it is now", body = Iso),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "`origin_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`name_taken`; `image_busy`: a job works with it; `iso_trashed`; `conflict`: its folder is not finished", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 410, description = "`file_missing`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field` about `filename`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 500, description = "`storage_failed`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn change(
    _: May<Operate>,
    state: State,
    iso: web::Path<String>,
    params: Params,
    body: Json<ChangeIsoBody>,
) -> Result<web::Json<Iso>, Problem> {
    params.finish()?;
    let rename = RenameIso { id: id(&iso, Code::IsoUnknown)?, name: body.0.filename };
    state.ask(&state.catalog, rename).await.map(|iso| web::Json(Iso::from(iso)))
}

/// Puts an image into the trash, or removes it for good.
///
/// In the trash it is in no list, and its disc counts as not archived. It can be taken back as long as
/// `library.trash_days` says; its files and its name stay until then. With `now=true` it is gone at once: its entry, all its files,
/// its map and what lies beside it (`NAME.json`, `NAME.md5`, `NAME.sha256`).
#[utoipa::path(delete, path = "/api/v1/isos/{id}", tag = "isos", params(
    ("id" = String, Path, description = "Id of the image"),
    ("now" = Option<bool>, Query, description = "`true`: for good, whether it is in the trash or not"),
), responses(
    (status = 204, description = "In the trash, or gone"),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`image_busy`: it is being renamed", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 500, description = "`storage_failed`: the file could not be removed; the entry is still there", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn delete(
    may: May<Operate>,
    state: State,
    iso: web::Path<String>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let now = params.parsed("now", "true or false")?.unwrap_or(false);
    params.finish()?;
    let id: IsoId = id(&iso, Code::IsoUnknown)?;
    if now {
        state.ask(&state.catalog, DeleteIso { id, only_trashed: false }).await?;
    } else {
        state.ask(&state.catalog, TrashIsos { ids: vec![id], who: may.name().to_owned() }).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Takes an image back out of the trash; one that is not there stays where it is.
#[utoipa::path(post, path = "/api/v1/isos/{id}/restore", tag = "isos", params(("id" = String, Path, description = "Id of the image")), responses(
    (status = 200, description = "The image", body = Iso),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn restore(_: May<Operate>, state: State, iso: web::Path<String>, params: Params) -> Result<web::Json<Iso>, Problem> {
    params.finish()?;
    let restore = RestoreIso(id(&iso, Code::IsoUnknown)?);
    state.ask(&state.catalog, restore).await.map(|iso| web::Json(Iso::from(iso)))
}

/// Reads a stored image back and compares it with its hashes.
#[utoipa::path(post, path = "/api/v1/isos/{id}/verify", tag = "isos", params(("id" = String, Path, description = "Id of the image")), responses(
    (status = 202, description = "The job that does it", body = Job, headers(("Location" = String, description = "Address of the job"))),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn verify(_: May<Operate>, state: State, iso: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let job = state.ask(&state.dispatcher, VerifyIso(id(&iso, Code::IsoUnknown)?)).await?;
    Ok(accepted(&state, job))
}
