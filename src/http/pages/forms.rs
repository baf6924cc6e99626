//! The buttons of jobs: forms that post here and lead back to the page. The same commands as the API's, with the same checks.

use super::frame::{self, Notice};
use crate::{
    domain::{ids::JobId, job::Decision},
    error::{Code, Problem},
    http::{
        AppState,
        auth::{May, Operate},
        form::Form,
        params::id,
    },
    jobs::{JobAction, JobCommand},
};
use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

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
