//! The doctor.

use super::State;
use crate::{
    error::Problem,
    http::{
        auth::{Look, May},
        params::Params,
        problem::ProblemDocument,
        wire::DoctorReport,
    },
};
use actix_web::web;
use std::time::Duration;

/// Programs wait longer than people.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks at drives, permissions, programs, folders and database, and says what to do about what is wrong.
///
/// A look at most two minutes old is told again; `anew=true` looks in any case. If a drive hangs, the answer comes after 20 seconds with the
/// last look and `running`.
#[utoipa::path(get, path = "/api/v1/system/doctor", tag = "system", params(
    ("anew" = Option<bool>, Query, description = "Look now"),
), responses(
    (status = 200, description = "What was found", body = DoctorReport),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn doctor(_: May<Look>, state: State, mut params: Params) -> Result<web::Json<DoctorReport>, Problem> {
    let anew: bool = params.parsed("anew", "true or false")?.unwrap_or(false);
    params.finish()?;
    let report = if anew { state.checkup.anew(&state, PATIENCE).await } else { state.checkup.recent(&state, PATIENCE).await };
    Ok(web::Json(DoctorReport::from(&report)))
}
