//! Downloads of images.

use super::State;
use crate::{
    domain::ids::IsoId,
    error::{Code, Problem},
    http::{
        auth::{Look, May},
        disc_content,
        params::{Params, id},
        problem::ProblemDocument,
    },
    storage::isos,
};
use actix_web::{HttpRequest, HttpResponse, web};
use std::path::Path;

/// The file of an image, whole or in part.
///
/// `Range`, `If-Range`, `If-None-Match` and `If-Modified-Since` work; the file is never compressed on the way. Of several ranges
/// the first is served.
#[utoipa::path(get, path = "/api/v1/isos/{id}/download", tag = "isos", params(
    ("id" = String, Path, description = "Id of the image"),
    ("Range" = Option<String>, Header, description = "Part of the file", example = "bytes=1048576-"),
), responses(
    (status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>),
    (status = 206, description = "The range", content_type = "application/octet-stream", body = Vec<u8>),
    (status = 304, description = "Unchanged"),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 410, description = "`file_missing`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 416, description = "`range_invalid`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn download(
    _: May<Look>,
    state: State,
    iso: web::Path<String>,
    params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let iso: IsoId = id(&iso, Code::IsoUnknown)?;
    let record = state.read(Code::IsoUnknown, move |conn| isos::get(conn, iso)).await?;
    let path = record.filepath.clone();
    let missing = |why: String| Problem::new(Code::FileMissing, format!("{}: {why}", record.filepath));
    let file = web::block(move || disc_content::open(Path::new(&path)))
        .await
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let file = file.map_err(|error| missing(error.to_string()))?;
    Ok(disc_content::file(file, &record.filename, &request))
}
