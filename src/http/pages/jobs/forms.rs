//! The buttons of jobs: forms that post here and lead back to the page. The same commands as the API's, with the same checks.

use super::notice::{name, notice};
use crate::{
    domain::{ids::JobId, job::Decision},
    error::{Code, Problem},
    http::{
        AppState,
        auth::{May, Operate},
        form::Form,
        pages::frame::{self, Notice},
        params::id,
        wire::{Job, queue},
        words::Language,
    },
    jobs::{BulkCommand, JobAction, JobCommand, MoveJob, UndoBulk},
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

/// Does something with a job: pause, resume, cancel, retry, delete, what takes these back, a decision about what it could not read,
/// or another place in the queue.
pub async fn job(
    _: May<Operate>,
    state: Data<AppState>,
    path: Path<(String, String)>,
    request: HttpRequest,
    form: Form,
) -> HttpResponse {
    let (uuid, verb) = path.into_inner();
    let outcome = act(&state, &uuid, &verb, Language::of(&request)).await;
    frame::back(form.next("/"), outcome)
}

/// Lets a job that asks about unreadable sectors go on in another drive.
pub async fn other_drive(
    _: May<Operate>,
    state: Data<AppState>,
    path: Path<(String, String)>,
    request: HttpRequest,
    form: Form,
) -> HttpResponse {
    let (uuid, drive) = path.into_inner();
    let outcome = decide(&state, &uuid, Decision::OtherDrive, Some(drive), Language::of(&request)).await;
    frame::back(form.next("/"), outcome)
}

/// The same with all jobs that were ticked.
pub async fn bulk(_: May<Operate>, state: Data<AppState>, request: HttpRequest, form: Form) -> HttpResponse {
    let outcome = several(&state, &form, Language::of(&request)).await;
    frame::back(form.next("/jobs"), outcome)
}

/// Takes back what was done with several jobs.
pub async fn undo(_: May<Operate>, state: Data<AppState>, path: Path<String>, request: HttpRequest, form: Form) -> HttpResponse {
    let outcome = take_back(&state, &path, Language::of(&request)).await;
    frame::back(form.next("/jobs"), outcome)
}

async fn act(state: &AppState, uuid: &str, verb: &str, language: Language) -> Result<Notice, Problem> {
    match verb {
        "accept_loss" => return decide(state, uuid, Decision::Accept, None, language).await,
        "one_more_pass" => return decide(state, uuid, Decision::Retry, None, language).await,
        _ => {}
    }
    let id: JobId = id(uuid, Code::JobUnknown)?;
    if let Some(target) = queue::direction(verb) {
        let job = state.ask(&state.dispatcher, MoveJob { id, target }).await?;
        let what = language.pick("moved in the queue", "in der Warteschlange verschoben");
        return Ok(Notice::done(format!("{what}: {}", name(&Job::new(job, &state.live), language))));
    }
    let unknown = || Problem::new(Code::NotFound, format!("{verb:?} cannot be done with a job"));
    let action = JobAction::parse(verb).ok_or_else(unknown)?;
    let done = state.ask(&state.dispatcher, BulkCommand { ids: vec![id], action: action.clone() }).await?;
    notice(&action, done, &state.live, language)
}

async fn decide(
    state: &AppState,
    uuid: &str,
    decision: Decision,
    device: Option<String>,
    language: Language,
) -> Result<Notice, Problem> {
    let id: JobId = id(uuid, Code::JobUnknown)?;
    let job = state.ask(&state.dispatcher, JobCommand { id, action: JobAction::Decide { decision, device } }).await?;
    let said = match decision {
        Decision::Accept => language.pick("the loss is accepted", "der Verlust ist angenommen"),
        Decision::Retry => language.pick("tries once more", "versucht es noch einmal"),
        Decision::OtherDrive => language.pick("goes on in another drive", "macht in einem anderen Laufwerk weiter"),
    };
    Ok(Notice::done(format!("{}: {said}", name(&Job::new(job, &state.live), language))))
}

async fn several(state: &AppState, form: &Form, language: Language) -> Result<Notice, Problem> {
    let ids = queue::ids(form.all("jobs")).map_err(|problem| {
        let none = form.all("jobs").next().is_none();
        let hint = language.pick("No job is selected; tick some first", "Keine Aufgabe ist gewählt; zuerst welche ankreuzen");
        if none { Problem::new(Code::InvalidField, hint).about("jobs") } else { problem }
    })?;
    let word = form.required("do")?;
    let action = queue::action(word).ok_or_else(|| Problem::field("do", format!("{word:?} is not allowed")))?;
    let done = state.ask(&state.dispatcher, BulkCommand { ids, action: action.clone() }).await?;
    notice(&action, done, &state.live, language)
}

async fn take_back(state: &AppState, event: &str, language: Language) -> Result<Notice, Problem> {
    let event: i64 = id(event, Code::NotFound)?;
    let done = state.ask(&state.dispatcher, UndoBulk { event }).await?;
    // What was taken back is not offered to be done again.
    notice(&JobAction::Restore, done, &state.live, language).map(|notice| Notice { undo: None, ..notice })
}
