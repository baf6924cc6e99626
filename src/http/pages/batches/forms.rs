//! The forms of batches.

use super::{find, show, show_new};
use crate::{
    domain::{
        batch::{Batch, BatchEvent, is_text, marks},
        ids::DriveId,
    },
    error::{Code, Problem},
    http::{
        AppState,
        auth::{May, Operate},
        form::Form,
        pages::{
            fields::Mistakes,
            frame::{self, Notice},
        },
        words::Language,
    },
    jobs::{self, TakeDisc},
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use std::collections::BTreeSet;

/// Begins a batch.
///
/// # Errors
/// `unavailable` without a database.
pub async fn create(_: May<Operate>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    let language = Language::of(&request);
    let mut mistakes = Mistakes::new();
    let title = form.text("title").unwrap_or_default();
    if !is_text(title) {
        let why = language.pick("1 to 120 characters, no control character", "1 bis 120 Zeichen, keine Steuerzeichen");
        mistakes.insert("title".to_owned(), why.to_owned());
    }
    let known = |text: &str| state.registry.find(text).map(|drive| drive.id);
    let drives: BTreeSet<DriveId> = form.all("drives").filter_map(known).collect();
    if mistakes.is_empty() {
        let batch = Batch::new(title.to_owned(), form.ticked("automatic"), drives);
        match jobs::create_batch(&state.journal, batch, marks(form.exact("marks").unwrap_or_default())).await {
            Ok(record) => return Ok(frame::go(&format!("/batches/{}", record.id), None)),
            Err(problem) => wrong_marks(problem, language, &mut mistakes)?,
        }
    }
    Ok(show_new(&state, &request, &form, false, &mistakes))
}

/// Adds shelf marks.
///
/// # Errors
/// `not_found`, or `unavailable` without a database.
pub async fn add(
    _: May<Operate>,
    state: Data<AppState>,
    batch: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let record = find(&state, &batch).await?;
    let text = form.exact("marks").unwrap_or_default().to_owned();
    let mut mistakes = Mistakes::new();
    match jobs::change_batch(&state.journal, record.id, BatchEvent::Add(marks(&text))).await {
        Ok(_) => Ok(frame::go(&format!("/batches/{}", record.id), None)),
        Err(problem) => {
            wrong_marks(problem, Language::of(&request), &mut mistakes)?;
            Ok(show(&state, &request, record, text, &mistakes))
        }
    }
}

fn wrong_marks(problem: Problem, language: Language, mistakes: &mut Mistakes) -> Result<(), Problem> {
    if problem.field.as_deref() != Some("marks") {
        return Err(problem);
    }
    let german = "Jede Signatur nur einmal, 1 bis 120 Zeichen ohne Steuerzeichen, höchstens 2000";
    let text = language.pick(problem.detail.clone(), format!("{german} ({})", problem.detail));
    mistakes.insert("marks".to_owned(), text);
    Ok(())
}

/// Takes the disc in a drive for the next item, or for the one that is named.
///
/// # Errors
/// `not_found`, or `unavailable` without a database.
pub async fn take(
    _: May<Operate>,
    state: Data<AppState>,
    batch: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let language = Language::of(&request);
    let id = find(&state, &batch).await?.id;
    let item = form.parsed("item", "a number")?;
    let device = form.required("drive")?.to_owned();
    let taken = state.ask(&state.batches, TakeDisc { id, device, item }).await;
    let outcome = taken.map(|_| Notice::done(language.pick("The disc is being read.", "Die Disc wird gelesen.")));
    Ok(frame::back(form.next(&format!("/batches/{id}")), outcome))
}

/// Opens, closes, or changes how discs are taken.
///
/// # Errors
/// `not_found`, or `unavailable` without a database.
pub async fn change(
    _: May<Operate>,
    state: Data<AppState>,
    path: Path<(String, String)>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (batch, verb) = path.into_inner();
    let event = match verb.as_str() {
        "close" => BatchEvent::Close,
        "reopen" => BatchEvent::Reopen,
        "automatic" => BatchEvent::Automatic(true),
        "by-hand" => BatchEvent::Automatic(false),
        _ => return Err(Problem::new(Code::NotFound, format!("{verb:?} cannot be done with a batch"))),
    };
    step(&state, &batch, event, &form).await
}

/// Leaves an item out, wants it again, or puts it on the reject pile.
///
/// # Errors
/// `not_found`, or `unavailable` without a database.
pub async fn item(
    _: May<Operate>,
    state: Data<AppState>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (batch, number, verb) = path.into_inner();
    let number: usize = number.parse().map_err(|_| Problem::new(Code::NotFound, format!("there is no item {number:?}")))?;
    let event = match verb.as_str() {
        "skip" => BatchEvent::Skip(number),
        "redo" => BatchEvent::Redo(number),
        "reject" => {
            let reason = Language::of(&request).pick("put aside by hand", "von Hand ausgesondert");
            BatchEvent::Refused(number, form.text("reason").unwrap_or(reason).to_owned())
        }
        _ => return Err(Problem::new(Code::NotFound, format!("{verb:?} cannot be done with an item"))),
    };
    step(&state, &batch, event, &form).await
}

async fn step(state: &AppState, batch: &str, event: BatchEvent, form: &Form) -> Result<HttpResponse, Problem> {
    let id = find(state, batch).await?.id;
    let outcome = jobs::change_batch(&state.journal, id, event).await;
    let here = format!("/batches/{id}");
    Ok(frame::go(form.next(&here), outcome.err().map(|problem| Notice::refused(&problem))))
}
