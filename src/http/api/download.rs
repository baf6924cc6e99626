//! Downloads of images.

use super::State;
use crate::{
    domain::ids::IsoId,
    error::{Code, Problem},
    http::{
        auth::{Look, May},
        params::{Params, id},
        problem::{self, ProblemDocument},
    },
    storage::isos,
};
use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_RANGE, Charset, ContentDisposition, ContentEncoding, DispositionParam, DispositionType, ExtendedValue},
    },
    web,
};
use std::{io, os::unix::fs::OpenOptionsExt, path::Path};

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
    let file =
        web::block(move || open(Path::new(&path))).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let file = file.map_err(|error| missing(error.to_string()))?;
    let response = file
        // Of no extension: plain bytes.
        .set_content_type(actix_files::file_extension_to_mime(""))
        .set_content_disposition(attachment(&record.filename))
        // The compressor would take a whole image for text and forget its length.
        .set_content_encoding(ContentEncoding::Identity)
        .into_response(&request);
    if response.status() != StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(response);
    }
    let refusal = Problem::new(Code::RangeInvalid, format!("the file has {} bytes", record.size)).about("Range");
    let mut refused = problem::response(&refusal, Some(request.path()));
    if let Some(range) = response.headers().get(CONTENT_RANGE) {
        refused.headers_mut().insert(CONTENT_RANGE, range.clone());
    }
    Ok(refused)
}

/// Opens exactly the catalogued file: a symbolic link put in its place is not followed, and anything that is not a plain file
/// (a pipe would block, a device would be read) is refused.
fn open(path: &Path) -> io::Result<NamedFile> {
    let file =
        std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    NamedFile::from_file(file, path)
}

/// The name in the header: plain for old clients, with all its letters for the others.
fn attachment(filename: &str) -> ContentDisposition {
    let plain: String =
        filename.chars().map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ' { c } else { '_' }).collect();
    let whole =
        ExtendedValue { charset: Charset::Ext("UTF-8".to_owned()), language_tag: None, value: filename.as_bytes().to_vec() };
    let mut parameters = vec![DispositionParam::Filename(plain)];
    if !filename.is_ascii() {
        parameters.push(DispositionParam::FilenameExt(whole));
    }
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}
