//! The page's buttons: forms that post here and lead back to the page. The same commands as the API's, with the same checks.

use super::frame::{self, Notice};
use crate::{
    domain::{ids::JobId, job::Decision},
    drives::DriveCommand,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{May, Operate},
        form::Form,
        params::{drive_id, id},
    },
    jobs::{CreateJob, JobAction, JobCommand},
};
use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

/// Images the disc in a drive.
pub async fn image(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    let job = CreateJob { device: drive.into_inner(), ..CreateJob::default() };
    let result = state.ask(&state.dispatcher, job).await.map(drop);
    back(form.next("/"), result)
}

/// Opens the tray.
pub async fn eject(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    let result = command(&state, &drive, DriveCommand::Eject).await;
    back(form.next("/"), result)
}

/// Closes the tray.
pub async fn close(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    let result = command(&state, &drive, DriveCommand::Close).await;
    back(form.next("/"), result)
}

/// Lets a job that asks about unreadable sectors go on in another drive.
pub async fn other_drive(_: May<Operate>, state: Data<AppState>, path: Path<(String, String)>, form: Form) -> HttpResponse {
    let (uuid, drive) = path.into_inner();
    let result = decide(&state, &uuid, Decision::OtherDrive, Some(drive)).await;
    back(form.next("/"), result)
}

async fn decide(state: &AppState, uuid: &str, decision: Decision, device: Option<String>) -> Result<(), Problem> {
    let id: JobId = id(uuid, Code::JobUnknown)?;
    state.ask(&state.dispatcher, JobCommand { id, action: JobAction::Decide { decision, device } }).await.map(drop)
}

/// Pauses, resumes, cancels or retries a job, or decides about what it could not read.
pub async fn job(_: May<Operate>, state: Data<AppState>, path: Path<(String, String)>, form: Form) -> HttpResponse {
    let (uuid, verb) = path.into_inner();
    let result = act(&state, &uuid, &verb).await;
    back(form.next("/"), result)
}

async fn command(state: &AppState, drive: &str, command: DriveCommand) -> Result<(), Problem> {
    state.registry.send(&drive_id(drive)?, command).await
}

async fn act(state: &AppState, uuid: &str, verb: &str) -> Result<(), Problem> {
    let action = match verb {
        "pause" => JobAction::Pause,
        "resume" => JobAction::Resume,
        "cancel" => JobAction::Cancel,
        "retry" => JobAction::Retry,
        "accept_loss" => return decide(state, uuid, Decision::Accept, None).await,
        "one_more_pass" => return decide(state, uuid, Decision::Retry, None).await,
        _ => return Err(Problem::new(Code::NotFound, format!("{verb:?} cannot be done with a job"))),
    };
    let uuid: JobId = id(uuid, Code::JobUnknown)?;
    state.ask(&state.dispatcher, JobCommand { id: uuid, action }).await.map(drop)
}

/// Back to the page; it says what was not possible, and shows what was done.
fn back(to: &str, result: Result<(), Problem>) -> HttpResponse {
    frame::go(to, result.err().map(|problem| Notice::refused(&problem)))
}
