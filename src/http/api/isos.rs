//! Images.

use super::{
    State,
    jobs::{DISK_TYPES, VERDICTS, accepted},
};
use crate::{
    catalog::DeleteIso,
    domain::ids::IsoId,
    error::{Code, Problem},
    http::{
        auth::{Look, May, Operate},
        params::{Params, id},
        problem::ProblemDocument,
        wire::{Iso, IsoDocument, Job, List},
    },
    jobs::VerifyIso,
    storage::isos::{self, IsoFilter},
};
use actix_web::{HttpResponse, web};

/// Orders of the list.
pub const ORDERS: [&str; 4] = ["created_at", "label", "filename", "size"];

/// A page of images, newest first.
#[utoipa::path(get, path = "/api/v1/isos", tag = "isos", params(
    ("disk_type" = Option<String>, Query, description = "Kind of disc", example = "data_dvd"),
    ("verdict" = Option<String>, Query, description = "For example `complete`"),
    ("job" = Option<String>, Query, description = "Made by this job"),
    ("since" = Option<String>, Query, description = "Entered then or later; RFC 3339 or a date"),
    ("until" = Option<String>, Query, description = "Entered before; RFC 3339 or a date"),
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
    };
    let page = params.page(&ORDERS)?;
    params.finish()?;
    let found = state.read(Code::IsoUnknown, move |conn| isos::list(conn, &filter, &page)).await?;
    Ok(web::Json(List { items: found.items.into_iter().map(Iso::from).collect(), next_cursor: found.next_cursor }))
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

/// Removes an image: its entry, all its files, its map and what lies beside it (`NAME.json`, `NAME.md5`, `NAME.sha256`).
#[utoipa::path(delete, path = "/api/v1/isos/{id}", tag = "isos", params(("id" = String, Path, description = "Id of the image")), responses(
    (status = 204, description = "Gone"),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 500, description = "`storage_failed`: the file could not be removed; the entry is still there", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn delete(_: May<Operate>, state: State, iso: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    state.ask(&state.catalog, DeleteIso(id(&iso, Code::IsoUnknown)?)).await?;
    Ok(HttpResponse::NoContent().finish())
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
