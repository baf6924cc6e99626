//! Settings.

use super::State;
use crate::{
    error::{Code, Problem},
    http::{
        auth::{Administer, Look, May},
        body::Json,
        params::Params,
        problem::ProblemDocument,
        settings::{self, Draft, ONE_AT_A_TIME, Wish},
        wire::{ConfigChange, ConfigDocument, ConfigImport, ImportResult},
    },
};
use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    web,
};

/// All settings, with their values, what they do and where each may be changed.
#[utoipa::path(get, path = "/api/v1/system/config", tag = "system", responses(
    (status = 200, description = "All settings", body = ConfigDocument),
))]
pub async fn get(_: May<Look>, state: State, params: Params) -> Result<web::Json<ConfigDocument>, Problem> {
    params.finish()?;
    document(&state).await
}

async fn document(state: &State) -> Result<web::Json<ConfigDocument>, Problem> {
    let asked = State::clone(state);
    let overview = block(move || settings::overview(&asked)).await?;
    Ok(web::Json(ConfigDocument::new(&overview, state.settings.get())))
}

async fn block<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    web::block(work).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

async fn draft(state: &State, wish: Wish, lenient: bool) -> Result<Draft, Problem> {
    let state = State::clone(state);
    block(move || settings::draft(&state, &wish, lenient)).await
}

/// Changes settings, all or none; they stay changed after a restart.
///
/// What is true of each setting (`applies`, `locked`) stands in the list. Settings that count from the next start on are tried as that
/// start would do it; what would keep the service from starting is refused.
#[utoipa::path(put, path = "/api/v1/system/config", tag = "system", request_body = ConfigChange, responses(
    (status = 200, description = "All settings as they are now", body = ConfigDocument),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "`origin_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 500, description = "`storage_failed`: the file of stored settings cannot be written", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn put(
    may: May<Administer>,
    state: State,
    params: Params,
    body: Json<ConfigChange>,
) -> Result<web::Json<ConfigDocument>, Problem> {
    params.finish()?;
    let wish = body.0.wish()?;
    let _turn = ONE_AT_A_TIME.lock().await;
    settings::apply(&state, draft(&state, wish, false).await?, may.name()).await?;
    document(&state).await
}

/// The configuration as TOML, without secrets.
#[utoipa::path(get, path = "/api/v1/system/config/export", tag = "system", responses(
    (status = 200, description = "A configuration file", body = String, content_type = "application/toml"),
))]
pub async fn export(_: May<Administer>, state: State, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let text = block(move || settings::export(&settings::overview(&state))).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/toml; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"disk2iso.toml\""))
        .body(text))
}

/// Takes a configuration over, all or nothing; or only shows what it would change.
#[utoipa::path(post, path = "/api/v1/system/config/import", tag = "system", request_body = ConfigImport, responses(
    (status = 200, description = "What changes", body = ImportResult),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "`origin_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`: the first setting that is refused", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 500, description = "`storage_failed`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn import(
    may: May<Administer>,
    state: State,
    params: Params,
    body: Json<ConfigImport>,
) -> Result<web::Json<ImportResult>, Problem> {
    params.finish()?;
    let wish = settings::import(&body.0.toml).map_err(|refusal| Problem::from(&refusal))?;
    let _turn = ONE_AT_A_TIME.lock().await;
    let draft = draft(&state, wish, true).await?;
    if let Some(refusal) = draft.refused.first() {
        return Err(refusal.into());
    }
    let result = ImportResult::new(&draft, body.0.apply);
    if body.0.apply {
        settings::apply(&state, draft, may.name()).await?;
    }
    Ok(web::Json(result))
}
