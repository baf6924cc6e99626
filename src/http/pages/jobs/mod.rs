//! The page `/jobs`: the queue that people put in order, and all jobs with filters, orders, pages and commands for several.

mod filter;
pub mod forms;
mod line;
mod notice;

use self::{
    filter::Wanted,
    line::{Line, line},
};
use super::frame::{self, Frame, Place};
use crate::{
    error::{Code, Problem},
    http::{
        AppState, api,
        auth::{Look, May},
        params::Params,
        wire::{Disk, Job},
        words::{self, Language},
    },
    storage::{self, jobs::JobRecord},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use std::collections::BTreeMap;

/// Waiting jobs that the page shows; the rest is found by their state.
const QUEUE: usize = 100;

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    wanted: Wanted,
    states: Vec<Tab>,
    active: Vec<Line>,
    queue: Vec<Line>,
    queued: usize,
    rows: Vec<Line>,
    next: Option<String>,
    total: u64,
    disk_types: Vec<Choice>,
    drives: Vec<Choice>,
    verdicts: Vec<Choice>,
    kinds: Vec<Choice>,
    orders: Vec<Choice>,
}

/// A state with the number of its jobs.
struct Tab {
    url: String,
    word: &'static str,
    count: u64,
    current: bool,
}

/// One of several values of a filter.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// A heading that sorts.
struct Heading {
    url: String,
    label: &'static str,
    sorted: &'static str,
}

impl JobsPage {
    fn overview(&self) -> bool {
        self.wanted.is_overview()
    }

    /// A heading that sorts by `by`.
    fn heading(&self, by: &str, en: &'static str, de: &'static str) -> Heading {
        let sorted = match self.wanted.sort() {
            sort if sort == by => "ascending",
            sort if sort.strip_prefix('-') == Some(by) => "descending",
            _ => "none",
        };
        Heading { url: self.wanted.sorted(by).link(), label: self.frame.language.pick(en, de), sorted }
    }

    /// Whether every waiting job is on the page.
    fn is_whole_queue(&self) -> bool {
        self.queue.len() == self.queued
    }

    /// Whether there was never a job.
    fn is_new(&self) -> bool {
        self.total == 0
    }

    fn first_page(&self) -> String {
        self.wanted.at(None).link()
    }

    fn cleared(&self) -> String {
        Wanted { sort: self.wanted.sort.clone(), ..Wanted::default() }.link()
    }
}

/// The page.
///
/// # Errors
/// `invalid_query`, `unavailable` without a database.
pub async fn list(_: May<Look>, state: Data<AppState>, params: Params, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::read(params)?;
    let language = Language::of(&request);
    let frame = Frame::new(&request, Place::Jobs, language.pick("Jobs", "Aufgaben")).refreshed(10);
    let page = gather(&state, frame, wanted).await?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

async fn gather(state: &Data<AppState>, frame: Frame, wanted: Wanted) -> Result<JobsPage, Problem> {
    let language = frame.language;
    let asked = wanted.clone();
    let read = state.read(Code::JobUnknown, move |conn| {
        // The queue is only beside the first page of everything.
        let unfinished =
            if asked.is_overview() && asked.cursor.is_none() { storage::jobs::unfinished(conn)? } else { Vec::new() };
        let found = storage::jobs::list(conn, &asked.filter(), &asked.page())?;
        Ok((unfinished, found, storage::jobs::counts_by_status(conn)?))
    });
    let (unfinished, found, counts) = read.await?;
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let now = state.journal.clock.now();
    let show = |job: JobRecord| line(&Job::new(job, &state.live), &disks, language, now);
    let (queue, active): (Vec<JobRecord>, Vec<JobRecord>) =
        unfinished.into_iter().partition(|job| job.state.status() == "queued");
    Ok(JobsPage {
        states: tabs(&wanted, &counts, language),
        active: active.into_iter().map(show).collect(),
        queued: queue.len(),
        queue: queue.into_iter().take(QUEUE).map(show).collect(),
        rows: found.items.into_iter().map(show).collect(),
        next: found.next_cursor.map(|cursor| wanted.at(Some(cursor)).link()),
        total: counts.values().sum(),
        disk_types: choices(words::KINDS, &api::jobs::DISK_TYPES, wanted.disk_type.as_deref(), language),
        drives: drives(&disks, wanted.drive.as_deref()),
        verdicts: choices(words::VERDICTS, &api::jobs::VERDICTS, wanted.verdict.as_deref(), language),
        kinds: choices(words::JOB_KINDS, &api::jobs::KINDS, wanted.kind.as_deref(), language),
        orders: orders(&wanted, language),
        frame,
        wanted,
    })
}

/// Everything, then each state, with numbers.
fn tabs(wanted: &Wanted, counts: &BTreeMap<String, u64>, language: Language) -> Vec<Tab> {
    let all = Tab {
        url: wanted.in_state(None).link(),
        word: language.pick("All", "Alle"),
        count: counts.values().sum(),
        current: wanted.status.is_empty(),
    };
    let state = |status: &&str| Tab {
        url: wanted.in_state(Some(status)).link(),
        word: words::find(words::JOBS, status, None).word(language),
        count: counts.get(*status).copied().unwrap_or_default(),
        current: wanted.status == [*status],
    };
    std::iter::once(all).chain(api::jobs::STATUSES.iter().map(state)).collect()
}

fn choices(table: &'static [words::Word], values: &[&str], chosen: Option<&str>, language: Language) -> Vec<Choice> {
    let choice = |value: &&str| Choice {
        value: (*value).to_owned(),
        label: words::find(table, value, None).word(language).to_owned(),
        chosen: chosen == Some(*value),
    };
    values.iter().map(choice).collect()
}

/// The drives of the service, and the one that is asked for although it is gone.
fn drives(disks: &[Disk], chosen: Option<&str>) -> Vec<Choice> {
    let choice = |id: &str, name: &str| Choice { value: id.to_owned(), label: name.to_owned(), chosen: chosen == Some(id) };
    let mut all: Vec<Choice> = disks.iter().map(|disk| choice(&disk.id, &disk.name)).collect();
    if let Some(gone) = chosen.filter(|id| disks.iter().all(|disk| disk.id != **id)) {
        all.push(choice(gone, gone));
    }
    all
}

fn orders(wanted: &Wanted, language: Language) -> Vec<Choice> {
    let orders = [
        ("-created_at", "Newest first", "Neueste zuerst"),
        ("created_at", "Oldest first", "Älteste zuerst"),
        ("-updated_at", "Last changed first", "Zuletzt geänderte zuerst"),
        ("label", "Disc, A to Z", "Disc, A bis Z"),
        ("-label", "Disc, Z to A", "Disc, Z bis A"),
        ("status", "By state", "Nach Zustand"),
        ("-priority", "Highest priority first", "Höchster Vorrang zuerst"),
    ];
    let choice = |(value, en, de): (&str, &str, &str)| Choice {
        value: value.to_owned(),
        label: language.pick(en, de).to_owned(),
        chosen: wanted.sort() == value,
    };
    orders.into_iter().map(choice).collect()
}
