//! `/settings/welcome`: the first steps, each a form that can be skipped.

use super::{
    frame::{self, Frame, Notice, Place},
    sentences::size,
    settings::{Field, done, fields, look, plan},
    system::doctor::{Entry, entries},
};
use crate::{
    domain::event::{Level, NewEvent},
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Administer, May},
        form::Form,
        params::Params,
        probe,
        problem::from_storage,
        settings::{ONE_AT_A_TIME, Refusal, Wish, apply},
        words::{Language, Role},
    },
    storage::{self, Page as ListPage, jobs::JobFilter},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Data, Path},
};
use askama::Template;
use serde_json::json;
use std::time::Duration;

/// Key of what was done in the settings of the database.
const DONE: &str = "assistant";
/// Nobody waits longer for a page.
const PATIENCE: Duration = Duration::from_secs(4);
/// The steps, in their order: word, English, German, settings.
const STEPS: [(&str, &str, &str, &[&str]); 4] = [
    ("folder", "Where images go", "Wohin Abbilder kommen", &["paths.output_dir"]),
    ("drives", "Your drives", "Ihre Laufwerke", &[]),
    ("auto", "How it works by itself", "Was von selbst geschieht", &["drives.auto", "drives.eject_when_done", "drives.again"]),
    ("try", "Try it", "Ausprobieren", &[]),
];

struct Step {
    url: String,
    title: &'static str,
    number: usize,
    current: bool,
    done: bool,
}

#[derive(Template)]
#[template(path = "assistant.html")]
struct Page {
    frame: Frame,
    steps: Vec<Step>,
    step: &'static str,
    title: &'static str,
    next: Option<String>,
    fields: Vec<Field>,
    space: String,
    space_role: Role,
    trouble: Vec<Entry>,
    drives: Vec<(String, String)>,
    looking: bool,
    virtual_drives: Vec<(String, String)>,
    virtual_folder: String,
    virtual_pending: bool,
}

/// Whether the first steps are still to be taken: nobody has ended or skipped them, and no job was ever made. For a hint on the
/// dashboard.
///
/// # Errors
/// `unavailable` without a database.
pub async fn pending(state: &AppState) -> Result<bool, Problem> {
    let read = state.read(Code::NotFound, |conn| {
        if storage::settings::get(conn, DONE)?.is_some() {
            return Ok(false);
        }
        let any = storage::jobs::list(conn, &JobFilter::default(), &ListPage { limit: 1, ..ListPage::default() })?;
        Ok(any.items.is_empty())
    });
    read.await
}

/// A step (`?step=`).
///
/// # Errors
/// `invalid_query`; `unavailable` without a database.
pub async fn page(
    _: May<Administer>,
    state: Data<AppState>,
    request: HttpRequest,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let words: Vec<&str> = STEPS.iter().map(|(word, ..)| *word).collect();
    let step = params.word("step", &words)?;
    let number = step.and_then(|step| words.iter().position(|word| *word == step)).unwrap_or(0);
    show(StatusCode::OK, &request, &state, number, None).await
}

fn address(number: usize) -> String {
    format!("/settings/welcome?step={}", STEPS[number.min(STEPS.len() - 1)].0)
}

async fn show(
    status: StatusCode,
    request: &HttpRequest,
    state: &Data<AppState>,
    number: usize,
    refused: Option<(&Wish, &[Refusal])>,
) -> Result<HttpResponse, Problem> {
    let (step, en, de, keys) = STEPS[number];
    let frame = Frame::new(request, Place::Settings, "");
    let language = frame.language;
    let frame = Frame { title: frame.t("First steps", "Erste Schritte").to_owned(), here: address(number), ..frame };
    let overview = look(state).await?;
    let folder = overview.next.output_dir.clone();
    let near = folder.ancestors().find(|folder| folder.exists()).unwrap_or(&folder).to_owned();
    let space = web::block(move || probe::space(&near)).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let (space, space_role) = room(space.available, language);
    let report = if step == "drives" { state.checkup.recent(state, PATIENCE).await } else { state.checkup.report() };
    let about: Vec<_> =
        report.findings.iter().filter(|finding| ["drive", "usb", "udev", "output"].contains(&finding.topic)).cloned().collect();
    let all = state.registry.all();
    let named = |only: bool| {
        let wanted = all.iter().filter(|drive| !only || drive.is_virtual());
        wanted.map(|drive| (drive.id.to_string(), drive.name.clone())).collect::<Vec<_>>()
    };
    let virtual_folder = state.config.state_dir.join("virtual-drive");
    let steps = STEPS.iter().enumerate().map(|(at, (_, en, de, _))| Step {
        url: address(at),
        title: language.pick(en, de),
        number: at + 1,
        current: at == number,
        done: at < number,
    });
    let page = Page {
        steps: steps.collect(),
        step,
        title: language.pick(en, de),
        next: (number + 1 < STEPS.len()).then(|| address(number + 1)),
        fields: fields(&overview, |setting| keys.contains(&setting.key.name), refused, language),
        space,
        space_role,
        trouble: entries(&about, language).0,
        drives: named(false),
        looking: report.running.is_some(),
        virtual_drives: named(true),
        virtual_pending: overview.next.virtual_drives.contains(&virtual_folder)
            && !state.config.virtual_drives.contains(&virtual_folder),
        virtual_folder: virtual_folder.display().to_string(),
        frame: frame.refreshed(if step == "drives" && report.running.is_some() { 3 } else { 0 }),
    };
    Ok(frame::show(status, &page.frame, &page))
}

fn room(available: Option<u64>, language: Language) -> (String, Role) {
    const DVD: u64 = 8_500_000_000;
    const BLU_RAY: u64 = 100_000_000_000;
    let Some(available) = available else {
        let text = language.pick(
            "The folder does not say how much is free; is it mounted?",
            "Der Ordner sagt nicht, wie viel frei ist; ist er eingehängt?",
        );
        return (text.to_owned(), Role::Bad);
    };
    let free = size(available, language);
    let dvds = available / DVD;
    match language {
        _ if available < DVD => (
            match language {
                Language::En => format!("{free} free: not enough for a full DVD (8.5 GB)."),
                Language::De => format!("{free} frei: zu wenig für eine volle DVD (8,5 GB)."),
            },
            Role::Caution,
        ),
        Language::En if available < BLU_RAY => (format!("{free} free: about {dvds} full DVDs."), Role::Good),
        Language::De if available < BLU_RAY => (format!("{free} frei: etwa {dvds} volle DVDs."), Role::Good),
        Language::En => (format!("{free} free: about {dvds} full DVDs, or {} large Blu-rays.", available / BLU_RAY), Role::Good),
        Language::De => (format!("{free} frei: etwa {dvds} volle DVDs oder {} große Blu-rays.", available / BLU_RAY), Role::Good),
    }
}

/// What a step's form says: saves it and goes to the next one; `end` says that all is done.
///
/// # Errors
/// `not_found` if there is no such step; `unavailable` without a database.
pub async fn save(
    may: May<Administer>,
    state: Data<AppState>,
    step: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    if step.as_str() == "end" {
        end(&state, may.name()).await?;
        return Ok(frame::go(
            "/",
            Some(Notice::done(Language::of(&request).pick("Ready. Insert a disc.", "Fertig. Disc einlegen."))),
        ));
    }
    let unknown = || Problem::new(Code::NotFound, format!("there is no step {:?}", step.as_str()));
    let number = STEPS.iter().position(|(word, ..)| *word == step.as_str()).ok_or_else(unknown)?;
    let _turn = ONE_AT_A_TIME.lock().await;
    let overview = look(&state).await?;
    let mut wish: Wish = overview
        .settings
        .iter()
        .filter(|setting| STEPS[number].3.contains(&setting.key.name) && setting.locked.is_none())
        .filter_map(|setting| Some((setting.key.name.to_owned(), Some(super::settings::posted(setting, &form)?))))
        .collect();
    if STEPS[number].0 == "try" {
        // One more virtual drive beside those that are there.
        let folder = state.config.state_dir.join("virtual-drive").display().to_string();
        let known = overview.get("drives.virtual").map(|setting| setting.next.clone()).unwrap_or_default();
        let all = if known.split(',').any(|known| known == folder) { known } else { [known, folder].join(",") };
        wish.insert("drives.virtual".to_owned(), Some(all.trim_start_matches(',').to_owned()));
    }
    let draft = plan(&state, wish.clone(), false).await?;
    if !draft.refused.is_empty() {
        return show(StatusCode::UNPROCESSABLE_ENTITY, &request, &state, number, Some((&wish, &draft.refused))).await;
    }
    let notice = (!draft.changes.is_empty()).then(|| done(&draft.changes, Language::of(&request)));
    apply(&state, draft, may.name()).await?;
    let to = if STEPS[number].0 == "try" { number } else { number + 1 };
    Ok(frame::go(&address(to), notice))
}

async fn end(state: &AppState, by: &str) -> Result<(), Problem> {
    let by = by.to_owned();
    let stored = state.journal.commit(move |tx| {
        if storage::settings::get(tx.conn, DONE)?.is_some() {
            return Ok(());
        }
        storage::settings::set(tx.conn, DONE, &json!({ "done": true }))?;
        let event = NewEvent::new("config.first_steps_done", Level::Info, "The first steps are done");
        tx.event(&event.payload(json!({ "by": by }))).map(drop)
    });
    stored.await.map_err(|error| from_storage(&error, Code::Internal))
}
