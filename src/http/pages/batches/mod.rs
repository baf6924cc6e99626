//! The pages of batches: sessions of people with stacks of discs.

pub mod export;
pub mod forms;
mod rows;

use super::{
    fields::{Choice, Field, Mistakes},
    frame::{self, Frame, Place},
    view,
};
use crate::{
    domain::{
        batch::{BatchEvent, Insertion, MAX_TEXT},
        ids::BatchId,
    },
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May, Operate},
        form::Form,
        params::id,
        wire::Disk,
        words::Language,
    },
    storage::{self, batches::BatchRecord},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use rows::{Row, Sums};

/// Batches in the list.
const NEWEST: u32 = 100;

#[derive(Template)]
#[template(path = "batches.html")]
struct Batches {
    frame: Frame,
    batches: Vec<Summary>,
}

struct Summary {
    id: String,
    title: String,
    open: bool,
    sums: Sums,
    when: (String, String),
}

#[derive(Template)]
#[template(path = "batch_new.html")]
struct NewBatch {
    frame: Frame,
    title: Field,
    marks: String,
    marks_error: Option<String>,
    automatic: Field,
    drives: Vec<Tick>,
}

/// A drive that can be chosen.
struct Tick {
    id: String,
    name: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "batch.html")]
struct BatchPage {
    frame: Frame,
    id: String,
    title: String,
    open: bool,
    automatic: bool,
    sums: Sums,
    next: Option<Row>,
    ready: Vec<Ready>,
    rejected: Vec<Row>,
    rows: Vec<Row>,
    marks: String,
    marks_error: Option<String>,
}

/// A drive of the batch with what lies in it.
struct Ready {
    id: String,
    name: String,
    role: &'static str,
    symbol: &'static str,
    sentence: String,
    disc: Option<String>,
    /// Whether its disc can be taken for the next item.
    takes: bool,
    /// Whether it would image every disc by itself, whatever the batch says.
    by_itself: bool,
}

/// All batches.
///
/// # Errors
/// `unavailable` without a database.
pub async fn list(_: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut frame = Frame::new(&request, Place::Batches, "").refreshed(15);
    frame.title = frame.t("Batches", "Stapel").to_owned();
    let found = state.read(Code::NotFound, |conn| storage::batches::list(conn, false, NEWEST)).await?;
    let summary = |record: BatchRecord| Summary {
        id: record.id.to_string(),
        sums: Sums::of(&record.batch),
        title: record.batch.title,
        open: record.batch.open,
        when: view::when(record.created_at, frame.language),
    };
    let page = Batches { batches: found.into_iter().map(summary).collect(), frame };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

/// The form of a new batch.
pub async fn new(_: May<Operate>, state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    show_new(&state, &request, &Form::default(), true, &Mistakes::new())
}

fn show_new(state: &AppState, request: &HttpRequest, form: &Form, fresh: bool, mistakes: &Mistakes) -> HttpResponse {
    let mut frame = Frame::new(request, Place::Batches, "");
    let language = frame.language;
    let pick = |en, de| language.pick(en, de);
    frame.title = pick("New batch", "Neuer Stapel").to_owned();
    frame.here = "/batches/new".to_owned();
    let ticked: Vec<&str> = form.all("drives").collect();
    let drives = drives(state, &ticked);
    let page = NewBatch {
        title: Field::new(
            "title",
            "text",
            pick("Title", "Titel"),
            pick("For example the box.", "Zum Beispiel die Kiste."),
            mistakes,
        )
        .value(form.text("title").unwrap_or_default(), "BOX-3")
        .range(0, i64::try_from(MAX_TEXT).unwrap_or(i64::MAX), ""),
        marks: form.exact("marks").unwrap_or_default().to_owned(),
        marks_error: mistakes.get("marks").cloned(),
        automatic: Field::new(
            "automatic",
            "ticks",
            pick("How", "Wie"),
            pick(
                "Otherwise each disc is taken when you press its button.",
                "Sonst wird jede Disc genommen, wenn ihr Knopf gedrückt wird.",
            ),
            mistakes,
        )
        .choices(vec![Choice::new(
            "1",
            pick(
                "Image every inserted disc by itself under the next shelf mark",
                "Jede eingelegte Disc von selbst unter der nächsten Signatur abbilden",
            ),
            fresh || form.ticked("automatic"),
        )]),
        drives,
        frame,
    };
    frame::show(if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page.frame, &page)
}

/// The drives to choose from.
fn drives(state: &AppState, ticked: &[&str]) -> Vec<Tick> {
    let tick = |drive: crate::drives::DriveSnapshot| Tick {
        ticked: ticked.contains(&drive.id.as_str()),
        id: drive.id.to_string(),
        name: drive.name,
    };
    state.registry.all().into_iter().map(tick).collect()
}

/// One batch.
///
/// # Errors
/// `not_found`, or `unavailable` without a database.
pub async fn one(
    _: May<Look>,
    state: Data<AppState>,
    batch: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let record = find(&state, &batch).await?;
    Ok(show(&state, &request, record, String::new(), &Mistakes::new()))
}

async fn find(state: &AppState, batch: &str) -> Result<BatchRecord, Problem> {
    let id: BatchId = id(batch, Code::NotFound)?;
    state.read(Code::NotFound, move |conn| storage::batches::get(conn, id)).await
}

fn show(state: &AppState, request: &HttpRequest, record: BatchRecord, marks: String, mistakes: &Mistakes) -> HttpResponse {
    let mut frame = Frame::new(request, Place::Batches, record.batch.title.clone()).refreshed(5);
    let language = frame.language;
    frame.here = format!("/batches/{}", record.id);
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let rows = rows::rows(&record.batch, &disks, language);
    let page = BatchPage {
        id: record.id.to_string(),
        title: record.batch.title.clone(),
        open: record.batch.open,
        automatic: record.batch.automatic,
        sums: Sums::of(&record.batch),
        next: record.batch.next().and_then(|number| rows.get(number).cloned()),
        ready: ready(state, &record, language),
        rejected: rows.iter().filter(|row| row.rejected).cloned().collect(),
        rows,
        marks,
        marks_error: mistakes.get("marks").cloned(),
        frame,
    };
    frame::show(if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page.frame, &page)
}

fn ready(state: &AppState, record: &BatchRecord, language: Language) -> Vec<Ready> {
    let batch = &record.batch;
    let auto = state.settings.get().auto;
    let uses = |drive: &crate::drives::DriveSnapshot| batch.drives.is_empty() || batch.drives.contains(&drive.id);
    let row = |drive: crate::drives::DriveSnapshot| {
        let card = view::drive(&Disk::from(&drive), None, &[], language);
        let disc = Insertion { drive: drive.id.clone(), session: drive.drive.session };
        let readable = drive.medium.is_some() && drive.drive.state.can_read();
        let allowed = batch.step(BatchEvent::Claim(disc, None), record.updated_at).is_ok();
        Ready {
            takes: readable && allowed,
            by_itself: drive.settings.auto.unwrap_or(auto),
            id: card.id,
            name: card.name,
            role: card.role,
            symbol: card.symbol,
            sentence: card.sentence,
            disc: card.disc,
        }
    };
    state.registry.all().into_iter().filter(uses).map(row).collect()
}
