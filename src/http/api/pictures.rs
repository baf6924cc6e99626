//! The disc as it can be drawn, and which files lie in which sectors: of a job, and of an image.

use super::State;
use crate::{
    catalog::contents::{Found, FoundFile, Known},
    domain::{
        disc::Toc,
        ids::{IsoId, JobId},
    },
    error::{Code, Problem},
    http::{
        auth::{Look, May},
        params::{Params, id},
        pictures::Sources,
        problem::ProblemDocument,
        wire::{PictureDocument, SectorsDocument},
    },
    storage::{Connection, StorageError, isos, jobs},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    web,
};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// More sectors than any disc has.
pub const MAX_SECTORS: u64 = 1 << 39;

/// Most files of one answer.
const MAX_FILES: usize = 50;

/// The disc of a job as it can be drawn: what was read, what not yet, what cannot be.
#[utoipa::path(get, path = "/api/v1/jobs/{uuid}/picture", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 200, description = "The picture; while the job runs it is some seconds behind", body = PictureDocument, headers(("ETag" = String, description = "Send it back as If-None-Match"))),
    (status = 304, description = "It is the same as the one with this ETag"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn job(
    _: May<Look>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let sources = of_job(&state, &uuid).await?;
    draw(&state, sources, &request).await
}

/// The disc of an image as it can be drawn.
#[utoipa::path(get, path = "/api/v1/isos/{id}/picture", tag = "isos", params(("id" = String, Path, description = "Id of the image")), responses(
    (status = 200, description = "The picture", body = PictureDocument, headers(("ETag" = String, description = "Send it back as If-None-Match"))),
    (status = 304, description = "It is the same as the one with this ETag"),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn image(
    _: May<Look>,
    state: State,
    iso: web::Path<String>,
    params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let sources = of_image(&state, &iso).await?;
    draw(&state, sources, &request).await
}

/// Which files lie in some sectors of a job's disc.
#[utoipa::path(get, path = "/api/v1/jobs/{uuid}/sectors", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job"),
    ("from" = u64, Query, description = "First sector", example = 1000), ("count" = Option<u64>, Query, description = "Number of sectors, default 1")), responses(
    (status = 200, description = "What is known about them; of a job under way, what its folders tell so far", body = SectorsDocument),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn job_sectors(
    _: May<Look>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
) -> Result<web::Json<SectorsDocument>, Problem> {
    let sectors = range(params)?;
    let sources = of_job(&state, &uuid).await?;
    look(&state, &sources, sectors).await
}

/// Which files lie in some sectors of an image.
#[utoipa::path(get, path = "/api/v1/isos/{id}/sectors", tag = "isos", params(("id" = String, Path, description = "Id of the image"),
    ("from" = u64, Query, description = "First sector", example = 1000), ("count" = Option<u64>, Query, description = "Number of sectors, default 1")), responses(
    (status = 200, description = "What is known about them", body = SectorsDocument),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`iso_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn image_sectors(
    _: May<Look>,
    state: State,
    iso: web::Path<String>,
    params: Params,
) -> Result<web::Json<SectorsDocument>, Problem> {
    let sectors = range(params)?;
    let sources = of_image(&state, &iso).await?;
    look(&state, &sources, sectors).await
}

/// Everything that is known about a job, in one transaction.
///
/// # Errors
/// `job_unknown`, or trouble with the database.
pub(in crate::http) async fn of_job(state: &State, uuid: &str) -> Result<Sources, Problem> {
    let uuid: JobId = id(uuid, Code::JobUnknown)?;
    let mut sources = state.read(Code::JobUnknown, move |conn| read_job(conn, uuid)).await?;
    if let Some((job, progress)) = sources.job.as_mut().zip(state.live.progress(uuid)) {
        job.progress = progress;
    }
    Ok(sources)
}

fn read_job(conn: &mut Connection, uuid: JobId) -> Result<Sources, StorageError> {
    let job = jobs::get(conn, uuid)?;
    let iso = match (isos::by_job(conn, uuid)?, job.iso_id) {
        (None, Some(id)) => match isos::get(conn, id) {
            Err(StorageError::NotFound) => None,
            found => Some(found?),
        },
        (found, _) => found,
    };
    let facts = iso.as_ref().map(|iso| isos::facts(conn, iso.id)).transpose()?;
    Ok(Sources { scan: jobs::result(conn, uuid)?, job: Some(job), iso, facts })
}

/// Everything that is known about an image.
///
/// # Errors
/// `iso_unknown`, or trouble with the database.
pub(in crate::http) async fn of_image(state: &State, iso: &str) -> Result<Sources, Problem> {
    let iso: IsoId = id(iso, Code::IsoUnknown)?;
    let read = move |conn: &mut Connection| {
        Ok(Sources { job: None, iso: Some(isos::get(conn, iso)?), facts: Some(isos::facts(conn, iso)?), scan: None })
    };
    state.read(Code::IsoUnknown, read).await
}

async fn draw(state: &State, sources: Sources, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let picture = state.pictures.of(sources).await?;
    let body = serde_json::to_vec(&PictureDocument::from(&*picture))
        .map_err(|error| Problem::new(Code::Internal, format!("the picture cannot be written: {error}")))?;
    let hash: String = Sha256::digest(&body).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| tags.contains(&tag));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "no-cache"));
    Ok(if known { response.finish() } else { response.insert_header((CONTENT_TYPE, "application/json")).body(body) })
}

async fn look(state: &State, sources: &Sources, sectors: Range<u64>) -> Result<web::Json<SectorsDocument>, Problem> {
    if let Some((found, known)) = raw_tracks(sources, &sectors) {
        return Ok(web::Json(SectorsDocument::new(&sectors, found, known)));
    }
    let contents = state.pictures.contents(sources).await?;
    let (found, known) = (contents.within(&sectors, MAX_FILES), contents.known());
    Ok(web::Json(SectorsDocument::new(&sectors, found, known)))
}

/// On a disc with music, what lies somewhere is a track.
fn raw_tracks(sources: &Sources, sectors: &Range<u64>) -> Option<(Found, Known)> {
    let toc: &Toc = sources.medium()?.toc.as_ref().filter(|toc| toc.tracks.iter().any(|track| !track.data))?;
    let ends = toc.tracks.iter().skip(1).map(|track| track.start).chain([toc.lead_out]);
    let mut files: Vec<FoundFile> = Vec::new();
    for (track, end) in toc.tracks.iter().zip(ends).filter(|(track, end)| track.start < sectors.end && *end > sectors.start) {
        let size = end.saturating_sub(track.start).saturating_mul(2_352);
        files.push(FoundFile { path: format!("Track {}", track.number), size, start: track.start });
    }
    let all = files.len();
    files.truncate(MAX_FILES);
    Some((Found { files, all, system: false }, Known::All))
}

fn range(mut params: Params) -> Result<Range<u64>, Problem> {
    let allowed = "the number of a sector, 0 or more";
    let from = params.parsed::<u64>("from", allowed)?;
    let count = params.parsed::<u64>("count", "a number of sectors, 1 or more")?.unwrap_or(1);
    params.finish()?;
    let refuse = |name: &str, why: &str| Problem::new(Code::InvalidQuery, format!("{name}: {why}")).about(name);
    let from = from.ok_or_else(|| refuse("from", allowed))?;
    if from > MAX_SECTORS {
        return Err(refuse("from", "no disc has so many sectors"));
    }
    if !(1..=MAX_SECTORS).contains(&count) {
        return Err(refuse("count", "no disc has so many sectors; 1 or more"));
    }
    Ok(from..from + count)
}
