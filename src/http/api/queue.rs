//! The order of the queue, commands for several jobs, and taking a deletion back.

use super::State;
use crate::{
    domain::queue_order::Target,
    error::{Code, Problem},
    http::{
        auth::{May, Operate},
        body::Json,
        params::{Params, id},
        problem::ProblemDocument,
        wire::{BulkBody, BulkDocument, Job, MoveBody},
    },
    jobs::{BulkCommand, JobAction, JobCommand, MoveJob},
};
use actix_web::web;

/// Gives a waiting job another place in the queue.
///
/// Jobs run by `priority` (larger first), then by `position` (smaller first). A job that is put between two others takes a priority
/// between theirs: its own if that fits, the nearest one otherwise. Nobody else's priority changes.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/move", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")),
    request_body = MoveBody, responses(
    (status = 200, description = "The job at its new place, or where it stood anyway", body = Job),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`job_not_queued`, or `conflict`: the job beside it does not wait any more, or the queue was put in another order meanwhile", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn put(
    _: May<Operate>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
    body: Json<MoveBody>,
) -> Result<web::Json<Job>, Problem> {
    params.finish()?;
    let (id, target) = (id(&uuid, Code::JobUnknown)?, Target::try_from(body.0)?);
    let job = state.ask(&state.dispatcher, MoveJob { id, target }).await?;
    Ok(web::Json(Job::new(job, &state.live)))
}

/// Does the same with several jobs.
///
/// What is not possible with one of them is told with that one and does not keep the others from it.
#[utoipa::path(post, path = "/api/v1/jobs/bulk", tag = "jobs", request_body = BulkBody, responses(
    (status = 200, description = "What became of each", body = BulkDocument),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn bulk(
    _: May<Operate>,
    state: State,
    params: Params,
    body: Json<BulkBody>,
) -> Result<web::Json<BulkDocument>, Problem> {
    params.finish()?;
    let done = state.ask(&state.dispatcher, BulkCommand::try_from(body.0)?).await?;
    Ok(web::Json(BulkDocument::new(done, &state.live)))
}

/// Takes a deletion back, within ten minutes.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/restore", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 200, description = "The job is there again", body = Job),
    (status = 404, description = "`job_unknown`: no job of this id was deleted within the last ten minutes", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn restore(_: May<Operate>, state: State, uuid: web::Path<String>, params: Params) -> Result<web::Json<Job>, Problem> {
    params.finish()?;
    let id = id(&uuid, Code::JobUnknown)?;
    let job = state.ask(&state.dispatcher, JobCommand { id, action: JobAction::Restore }).await?;
    Ok(web::Json(Job::new(job, &state.live)))
}
