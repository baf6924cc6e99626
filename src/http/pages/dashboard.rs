//! The page `/`: numbers, drives, what needs a decision, what runs and waits, what happened, the last images, the machine.

use super::{
    assistant,
    frame::{self, Frame, Place},
    view::{self, Attention, DriveCard, EventRow, IsoRow, JobRow, MachineChart},
};
use crate::{
    domain::event::Level,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May},
        wire::{Disk, EventBody, Iso, Job},
    },
    storage::{self, Connection, Page, StorageError, events::EventFilter, isos::IsoFilter, jobs::JobFilter, jobs::JobRecord},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use std::collections::BTreeMap;

/// Unfinished jobs on the page; the list of jobs has all of them.
const JOBS: u32 = 50;
/// Rows of the queue.
const QUEUE: usize = 8;
/// Images on the page.
const IMAGES: u32 = 8;
/// Failed jobs that ask for a person.
const FAILED: u32 = 3;
/// Events on the page.
const EVENTS: u32 = 8;

/// The page.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    frame: Frame,
    /// The first steps are still to be taken, and whoever looks may take them.
    first_steps: bool,
    numbers: Vec<Number>,
    drives: Vec<DriveCard>,
    attention: Vec<Attention>,
    active: Vec<JobRow>,
    waiting: Vec<JobRow>,
    waiting_more: u64,
    events: Vec<EventRow>,
    images: Vec<IsoRow>,
    machine: Vec<MachineChart>,
}

/// A number that leads to the list behind it.
struct Number {
    key: &'static str,
    value: u64,
    label: &'static str,
    url: &'static str,
}

/// What the page needs from the database, read at one moment.
struct Stored {
    counts: BTreeMap<String, u64>,
    unfinished: Vec<JobRecord>,
    failed: Vec<JobRecord>,
    last: Vec<JobRecord>,
    images: Vec<storage::isos::IsoRecord>,
    events: Vec<crate::domain::event::Event>,
}

/// The page.
///
/// # Errors
/// `unavailable` without a database.
pub async fn dashboard(_: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let frame = Frame::new(&request, Place::Dashboard, "").refreshed(5);
    let page = gather(&state, frame).await?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

async fn gather(state: &Data<AppState>, frame: Frame) -> Result<Dashboard, Problem> {
    let first_steps = frame.may_administer() && assistant::pending(state).await?;
    let language = frame.language;
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    // Whose last job is shown: those that say how it ended.
    let ended: Vec<String> = disks.iter().filter(|disk| disk.verdict.is_some()).map(|disk| disk.path.clone()).collect();
    let stored = state.read(Code::NotFound, move |conn| read(conn, &ended)).await?;
    let pictures = state.pictures.of_jobs(stored.unfinished.iter().chain(&stored.last)).await?;
    let image_pictures = state.pictures.of_images(&stored.images).await?;
    let live = |job: JobRecord| Job::new(job, &state.live);
    // Oldest first, as they are worked on.
    let jobs: Vec<Job> = stored.unfinished.into_iter().rev().map(live).collect();
    let last: Vec<Job> = stored.last.into_iter().map(live).collect();
    let failed: Vec<Job> = stored.failed.into_iter().map(live).collect();
    let card = |disk: &Disk| {
        let reading = jobs.iter().find(|job| disk.job_uuid.as_deref() == Some(job.uuid.as_str()));
        let job = reading.or_else(|| last.iter().find(|job| job.device == disk.path && disk.verdict.is_some()));
        view::drive(disk, job, &disks, language).showing(job.and_then(|job| pictures.get(&job.uuid)))
    };
    let drives: Vec<DriveCard> = disks.iter().map(card).collect();
    let row = |job: &Job| view::job(job, &disks, language);
    let asks = |job: &&Job| job.status == "paused" && job.reason.as_deref() != Some("user");
    let waiting: Vec<JobRow> = jobs.iter().filter(|job| job.status != "running" && !asks(job)).take(QUEUE).map(row).collect();
    // What a drive's card tells is not told again.
    let on_card = |job: &Job| disks.iter().any(|disk| disk.job_uuid.as_deref() == Some(job.uuid.as_str()));
    let count = |status: &str| stored.counts.get(status).copied().unwrap_or(0);
    let not_shown =
        (count("queued") + count("paused")).saturating_sub(waiting.len() as u64 + jobs.iter().filter(asks).count() as u64);
    let attention = drives
        .iter()
        .filter_map(Attention::of_drive)
        .chain(jobs.iter().filter(asks).chain(&failed).map(|job| Attention::of_job(row(job))))
        .collect();
    let image = |image: storage::isos::IsoRecord| {
        let row = view::iso(&Iso::from(image), language);
        IsoRow { ring: row.ring.clone().showing(image_pictures.get(&row.id)), ..row }
    };
    let number = |key, value, en, de, url| Number { key, value, label: language.pick(en, de), url };
    Ok(Dashboard {
        first_steps,
        numbers: vec![
            number("active", count("running"), "active", "laufen", "/jobs?status=running"),
            number("queued", count("queued") + count("paused"), "waiting", "warten", "/jobs?status=queued,paused"),
            number("finished", count("completed"), "finished", "fertig", "/jobs?status=completed"),
            number("drives", disks.len() as u64, "drives", "Laufwerke", "/drives"),
        ],
        active: jobs.iter().filter(|job| job.status == "running" && !on_card(job)).map(row).collect(),
        waiting,
        waiting_more: not_shown,
        events: stored.events.iter().map(|event| view::event(&EventBody::from(event), language)).collect(),
        images: stored.images.into_iter().map(image).collect(),
        machine: view::machine(&state.machine.samples(), language),
        drives,
        attention,
        frame,
    })
}

fn read(conn: &mut Connection, ended: &[String]) -> Result<Stored, StorageError> {
    let mut jobs =
        |filter: JobFilter, limit| storage::jobs::list(conn, &filter, &Page { limit, ..Page::default() }).map(|page| page.items);
    let status =
        |states: &[&str]| JobFilter { status: states.iter().map(|state| (*state).to_owned()).collect(), ..JobFilter::default() };
    let unfinished = jobs(status(&["queued", "running", "paused"]), JOBS)?;
    let failed = jobs(status(&["failed"]), FAILED)?;
    let mut last = Vec::new();
    for device in ended {
        last.extend(jobs(JobFilter { device: Some(device.clone()), ..status(&["completed"]) }, 1)?);
    }
    Ok(Stored {
        counts: storage::jobs::counts_by_status(conn)?,
        unfinished,
        failed,
        last,
        images: storage::isos::list(conn, &IsoFilter::default(), &Page { limit: IMAGES, ..Page::default() })?.items,
        events: events(conn)?,
    })
}

/// The last events; every state that a drive passes through is for the log.
fn events(conn: &mut Connection) -> Result<Vec<crate::domain::event::Event>, StorageError> {
    let mut found = storage::events::latest(conn, EVENTS * 10, None, &EventFilter::default())?;
    found.retain(|event| event.event.level != Level::Info || event.event.kind != "drive.state_changed");
    found.truncate(EVENTS as usize);
    Ok(found)
}
