//! The diagnostics bundle.

use super::State;
use crate::{
    error::{Code, Problem},
    http::{
        auth::{Administer, May},
        diagnostics::collect,
        params::Params,
        probe::Probe,
        problem::ProblemDocument,
    },
};
use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE},
    web,
};

/// Everything that somebody who helps has to know, as `.tar.gz`, without secrets.
#[utoipa::path(get, path = "/api/v1/system/diagnostics", tag = "system", params(
    ("hide" = Option<bool>, Query, description = "Replace names of discs, files, folders and the machine"),
), responses(
    (status = 200, description = "The bundle", content_type = "application/gzip", body = Vec<u8>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn diagnostics(
    _: May<Administer>,
    state: State,
    probe: web::Data<Probe>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let hide: bool = params.parsed("hide", "true or false")?.unwrap_or(false);
    params.finish()?;
    bundle(&state, &probe, hide).await
}

/// The bundle as an answer.
///
/// # Errors
/// `unavailable` without a database.
pub async fn bundle(state: &State, probe: &web::Data<Probe>, hide: bool) -> Result<HttpResponse, Problem> {
    let archive = collect(state, probe, hide).await?;
    let now = state.journal.clock.now();
    let name = format!("disk2iso-diagnostics-{}", now.format("%Y%m%d-%H%M%S"));
    let (folder, seconds) = (name.clone(), u64::try_from(now.timestamp()).unwrap_or(0));
    let packed = web::block(move || archive.pack(&folder, seconds)).await;
    let packed = packed.map_err(|error| Problem::new(Code::Internal, error.to_string()))??;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/gzip"))
        // It is compressed already.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.tar.gz\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(packed))
}
