//! The page `/`: drives, what needs a person, what runs and waits, the last images.

use super::{
    frame::{self, Frame, Place},
    view::{self, DriveCard, IsoRow, JobRow},
};
use crate::{
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May},
        wire::{Disk, Iso, Job},
    },
    storage::{self, Page, isos::IsoFilter, jobs::JobFilter},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use std::collections::BTreeMap;

/// Unfinished jobs on the page.
const JOBS: u32 = 50;
/// Images on the page.
const IMAGES: u32 = 12;
/// Failed jobs on the page.
const FAILED: u32 = 5;

/// The page.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    frame: Frame,
    drives: Vec<DriveCard>,
    active: Vec<JobRow>,
    waiting: Vec<JobRow>,
    failed: Vec<JobRow>,
    images: Vec<IsoRow>,
}

/// The page.
///
/// # Errors
/// `unavailable` without a database.
pub async fn home(_: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let frame = Frame::new(&request, Place::Dashboard, "").refreshed(5);
    let page = gather(&state, frame).await?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

async fn gather(state: &Data<AppState>, frame: Frame) -> Result<Dashboard, Problem> {
    let language = frame.language;
    let read = state.read(Code::NotFound, |conn| {
        let mut jobs = |states: &[&str], limit| {
            let filter = JobFilter { status: states.iter().map(|state| (*state).to_owned()).collect(), ..JobFilter::default() };
            storage::jobs::list(conn, &filter, &Page { limit, ..Page::default() }).map(|page| page.items)
        };
        let (unfinished, failed) = (jobs(&["queued", "running", "paused"], JOBS)?, jobs(&["failed"], FAILED)?);
        let images = storage::isos::list(conn, &IsoFilter::default(), &Page { limit: IMAGES, ..Page::default() })?.items;
        Ok((unfinished, failed, images))
    });
    let (unfinished, failed, images) = read.await?;
    // Oldest first, as they are worked on.
    let jobs: Vec<Job> = unfinished.into_iter().rev().map(|job| Job::new(job, &state.live)).collect();
    let by_id: BTreeMap<&str, &Job> = jobs.iter().map(|job| (job.uuid.as_str(), job)).collect();
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let drives = disks
        .iter()
        .map(|disk| view::drive(disk, disk.job_uuid.as_deref().and_then(|uuid| by_id.get(uuid).copied()), &disks, language));
    let on_cards: Vec<&str> = disks.iter().filter_map(|disk| disk.job_uuid.as_deref()).collect();
    let row = |job: &Job| view::job(job, &disks, language);
    let running = |job: &&Job| job.status == "running";
    Ok(Dashboard {
        frame,
        drives: drives.collect(),
        active: jobs.iter().filter(running).filter(|job| !on_cards.contains(&job.uuid.as_str())).map(row).collect(),
        waiting: jobs.iter().filter(|job| !running(job)).map(row).collect(),
        failed: failed.into_iter().map(|job| view::job(&Job::new(job, &state.live), &disks, language)).collect(),
        images: images.into_iter().map(|image| view::iso(&Iso::from(image), language)).collect(),
    })
}
