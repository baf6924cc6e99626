//! Jobs.

use super::State;
use crate::{
    domain::ids::JobId,
    error::{Code, Problem},
    http::{
        auth::{Look, May, Operate},
        body::Json,
        pages::new_job::name,
        params::{Params, id},
        problem::ProblemDocument,
        wire::{
            ChangeJobBody, ContinueBody, CreateJobBody, DecisionBody, Job, JobDocument, List, NameDocument, ScanBody,
            ScanDocument, SpeedDocument,
        },
        words::Language,
    },
    jobs::{CreateJob, JobAction, JobCommand},
    storage::jobs::{self, JobFilter, JobRecord},
};
use actix_web::{HttpRequest, HttpResponse, http::header::LOCATION, web};

/// What a job can be.
pub const STATUSES: [&str; 6] = ["queued", "running", "paused", "completed", "failed", "cancelled"];
/// Kinds of jobs.
pub const KINDS: [&str; 3] = ["image", "verify", "scan"];
/// Kinds of discs.
pub const DISK_TYPES: [&str; 11] = [
    "data_cd",
    "data_dvd",
    "data_bd",
    "dvd_video",
    "bd_video",
    "audio_cd",
    "mixed_mode",
    "cd_extra",
    "vcd",
    "blank",
    "unreadable",
];
/// Verdicts.
pub const VERDICTS: [&str; 5] = ["complete", "complete_trimmed", "degraded", "incomplete", "failed"];
/// Orders of the list.
pub const ORDERS: [&str; 5] = ["created_at", "updated_at", "priority", "label", "status"];

/// A page of jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(
    ("status" = Option<String>, Query, description = "One or more of `queued`, `running`, `paused`, `completed`, `failed`, `cancelled`, separated by commas", example = "queued,running"),
    ("device" = Option<String>, Query, description = "Exactly this device node or folder"),
    ("drive" = Option<String>, Query, description = "For exactly the drive of this id"),
    ("disk_type" = Option<String>, Query, description = "Kind of disc", example = "data_dvd"),
    ("kind" = Option<String>, Query, description = "`image`, `verify` or `scan`"),
    ("verdict" = Option<String>, Query, description = "For example `degraded`"),
    ("since" = Option<String>, Query, description = "Created then or later; RFC 3339 or a date", example = "2026-11-20T00:00:00Z"),
    ("until" = Option<String>, Query, description = "Created before; RFC 3339 or a date"),
    ("q" = Option<String>, Query, description = "Text somewhere in label, name, device or path; upper and lower case are the same"),
    ("sort" = Option<String>, Query, description = "`created_at`, `updated_at`, `priority`, `label` or `status`, with `-` in front for descending", example = "-created_at"),
    ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
    ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
), responses(
    (status = 200, description = "A page of jobs", body = List<Job>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(_: May<Look>, state: State, mut params: Params) -> Result<web::Json<List<Job>>, Problem> {
    let filter = JobFilter {
        status: params.words("status", &STATUSES)?,
        device: params.text("device"),
        drive: params.text("drive"),
        disk_type: params.word("disk_type", &DISK_TYPES)?,
        since: params.time("since")?,
        until: params.time("until")?,
        q: params.search()?,
        kind: params.word("kind", &KINDS)?,
        verdict: params.word("verdict", &VERDICTS)?,
    };
    let page = params.page(&ORDERS)?;
    params.finish()?;
    let found = state.read(Code::JobUnknown, move |conn| jobs::list(conn, &filter, &page)).await?;
    let items = found.items.into_iter().map(|job| Job::new(job, &state.live)).collect();
    Ok(web::Json(List { items, next_cursor: found.next_cursor }))
}

/// One job, with the result of a scan.
#[utoipa::path(get, path = "/api/v1/jobs/{uuid}", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 200, description = "The job", body = JobDocument),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn get(_: May<Look>, state: State, uuid: web::Path<String>, params: Params) -> Result<web::Json<JobDocument>, Problem> {
    params.finish()?;
    let uuid: JobId = id(&uuid, Code::JobUnknown)?;
    let read = state.read(Code::JobUnknown, move |conn| Ok((jobs::get(conn, uuid)?, jobs::result(conn, uuid)?)));
    let (job, result) = read.await?;
    Ok(web::Json(JobDocument { job: Job::new(job, &state.live), result: result.as_ref().map(ScanBody::from) }))
}

/// What a scan has found: ranges, and a curve of speed and errors.
#[utoipa::path(get, path = "/api/v1/jobs/{uuid}/scan", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 200, description = "The result", body = ScanDocument),
    (status = 404, description = "`job_unknown`, or `no_result`: not a scan, or not over yet", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn scan(
    _: May<Look>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
) -> Result<web::Json<ScanDocument>, Problem> {
    params.finish()?;
    let uuid: JobId = id(&uuid, Code::JobUnknown)?;
    let result = state.read(Code::JobUnknown, move |conn| jobs::result(conn, uuid)).await?;
    let none = || Problem::new(Code::NoResult, format!("Job {uuid} is no scan, or it is not over yet"));
    result.as_ref().map(|result| web::Json(ScanDocument::from(result))).ok_or_else(none)
}

/// What would become of a wished name, by the same checks as for a new job; nothing is changed.
#[utoipa::path(get, path = "/api/v1/jobs/check-name", tag = "jobs", params(
    ("filename" = Option<String>, Query, description = "The wished name", example = "PHOTOS 2004"),
    ("output_path" = Option<String>, Query, description = "The wished folder; default: the output folder"),
), responses(
    (status = 200, description = "What would become of it; a refusal is told in `ok`, `field` and `message`", body = NameDocument),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn check_name(
    _: May<Operate>,
    state: State,
    request: HttpRequest,
    mut params: Params,
) -> Result<web::Json<NameDocument>, Problem> {
    let (name, folder) = (params.text("filename").unwrap_or_default(), params.text("output_path").unwrap_or_default());
    params.finish()?;
    Ok(web::Json(name::check(&state, &name, &folder, Language::of(&request)).await?))
}

/// How fast a job was over its time.
#[utoipa::path(get, path = "/api/v1/jobs/{uuid}/speed", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 200, description = "The curve, kept since the service started", body = SpeedDocument),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn speed(
    _: May<Look>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
) -> Result<web::Json<SpeedDocument>, Problem> {
    params.finish()?;
    let uuid: JobId = id(&uuid, Code::JobUnknown)?;
    state.read(Code::JobUnknown, move |conn| jobs::get(conn, uuid).map(drop)).await?;
    let points = state.live.history(uuid).into_iter().map(Into::into).collect();
    Ok(web::Json(SpeedDocument { points }))
}

/// Makes an image of the disc in a drive, or reads its surface (mode `scan`).
#[utoipa::path(post, path = "/api/v1/jobs", tag = "jobs", request_body = CreateJobBody, responses(
    (status = 202, description = "The job is in the queue", body = Job, headers(("Location" = String, description = "Address of the job"))),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "`origin_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`disc_unsupported`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`, `not_a_drive` or `outside_allowed_roots`, with the field", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn create(may: May<Operate>, state: State, params: Params, body: Json<CreateJobBody>) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let job = state.ask(&state.dispatcher, CreateJob { by: may.account(), ..body.0.into() }).await?;
    Ok(accepted(&state, job))
}

/// 202 with the job and its address.
pub(super) fn accepted(state: &State, job: JobRecord) -> HttpResponse {
    let location = format!("/api/v1/jobs/{}", job.id);
    HttpResponse::Accepted().insert_header((LOCATION, location)).json(Job::new(job, &state.live))
}

/// Changes priority, name or options.
#[utoipa::path(put, path = "/api/v1/jobs/{uuid}", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")),
    request_body = ChangeJobBody, responses(
    (status = 200, description = "The job as it is now", body = Job),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`job_finished`, `job_active` (it has begun to write) or `conflict`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn change(
    _: May<Operate>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
    body: Json<ChangeJobBody>,
) -> Result<web::Json<Job>, Problem> {
    params.finish()?;
    act(&state, &uuid, JobAction::Change(body.0.into())).await
}

/// Removes a job that is over, with what it left unfinished on disk; one that is not over is cancelled.
///
/// An image that it made stays in the catalogue. The job is in no list and unknown at once; for ten minutes it can be restored, and
/// its unfinished files stay as long, unless it is to go for good.
#[utoipa::path(delete, path = "/api/v1/jobs/{uuid}", tag = "jobs", params(
    ("uuid" = String, Path, description = "Id of the job"),
    ("final" = Option<bool>, Query, description = "Whether it goes for good at once"),
), responses(
    (status = 200, description = "The job as it was removed, or as it is cancelled", body = Job),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`job_active` (its reading process is still being stopped) or `conflict`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn delete(
    _: May<Operate>,
    state: State,
    uuid: web::Path<String>,
    mut params: Params,
) -> Result<web::Json<Job>, Problem> {
    let last: Option<bool> = params.parsed("final", "true or false")?;
    params.finish()?;
    act(&state, &uuid, if last == Some(true) { JobAction::Purge } else { JobAction::Delete }).await
}

/// Pauses a job: what was read is kept.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/pause", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 202, description = "Accepted, or paused already", body = Job),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`job_finished`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn pause(_: May<Operate>, state: State, uuid: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    start(&state, &uuid, params, JobAction::Pause).await
}

/// Lets a paused job go on from where it was.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/resume", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 202, description = "Accepted, or not paused anyway", body = Job),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`job_finished`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn resume(_: May<Operate>, state: State, uuid: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    start(&state, &uuid, params, JobAction::Resume).await
}

/// Tries again from what was read.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/retry", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 202, description = "Back in the queue", body = Job),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`job_not_retryable`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn retry(_: May<Operate>, state: State, uuid: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    start(&state, &uuid, params, JobAction::Retry).await
}

/// Gives a job up; what was read is kept.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/cancel", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")), responses(
    (status = 202, description = "Cancelled", body = Job),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`job_finished`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn cancel(_: May<Operate>, state: State, uuid: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    start(&state, &uuid, params, JobAction::Cancel).await
}

/// Goes on in this or another drive, or with a second copy of the disc.
///
/// For jobs that wait, that failed or were cancelled, and for images with missing sectors. Nothing is read before the disc's
/// fingerprint and physical structure are found to be those of the disc that the job began with.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/continue", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")),
    request_body = ContinueBody, responses(
    (status = 202, description = "Back in the queue, for that drive", body = Job, headers(("Location" = String, description = "Address of the job"))),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`wrong_disc`, `job_active`, `job_not_retryable` or `disc_unsupported`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field` or `not_a_drive`, with the field", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn go_on(
    _: May<Operate>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
    body: Json<ContinueBody>,
) -> Result<HttpResponse, Problem> {
    start(&state, &uuid, params, body.0.into()).await
}

/// Decides about sectors that stayed unreadable; for a job that is `paused` with reason `loss`.
#[utoipa::path(post, path = "/api/v1/jobs/{uuid}/decision", tag = "jobs", params(("uuid" = String, Path, description = "Id of the job")),
    request_body = DecisionBody, responses(
    (status = 202, description = "Back in the queue; the decision is stored", body = Job, headers(("Location" = String, description = "Address of the job"))),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`no_decision_needed`; for another drive as for `continue`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field` or `not_a_drive`, with the field", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn decision(
    _: May<Operate>,
    state: State,
    uuid: web::Path<String>,
    params: Params,
    body: Json<DecisionBody>,
) -> Result<HttpResponse, Problem> {
    start(&state, &uuid, params, JobAction::try_from(body.0)?).await
}

async fn start(state: &State, uuid: &str, params: Params, action: JobAction) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let job = state.ask(&state.dispatcher, JobCommand { id: id(uuid, Code::JobUnknown)?, action }).await?;
    Ok(accepted(state, job))
}

async fn act(state: &State, uuid: &str, action: JobAction) -> Result<web::Json<Job>, Problem> {
    let job = state.ask(&state.dispatcher, JobCommand { id: id(uuid, Code::JobUnknown)?, action }).await?;
    Ok(web::Json(Job::new(job, &state.live)))
}
