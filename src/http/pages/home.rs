//! The page `/`: drives, what needs a person, what runs and waits, the last images.

use super::view::{self, DriveCard, IsoRow, JobRow};
use crate::{
    error::{Code, Problem},
    http::{
        AppState, assets,
        auth::{Look, May},
        problem,
        wire::{Disk, Iso, Job},
        words::Language,
    },
    storage::{self, Page, isos::IsoFilter, jobs::JobFilter},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::Data,
};
use askama::Template;
use std::collections::BTreeMap;

/// Unfinished jobs on the page.
const JOBS: u32 = 50;
/// Images on the page.
const IMAGES: u32 = 12;
/// Failed jobs on the page.
const FAILED: u32 = 5;

/// The part that changes.
#[derive(Template)]
#[template(path = "live.html")]
struct Live {
    language: Language,
    drives: Vec<DriveCard>,
    active: Vec<JobRow>,
    waiting: Vec<JobRow>,
    failed: Vec<JobRow>,
    images: Vec<IsoRow>,
}

/// The whole page.
#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    language: Language,
    live: String,
    notice: Option<String>,
    version: &'static str,
    assets: &'static str,
    script: bool,
}

/// The page.
pub async fn home(_: May<Look>, state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    page(&state, &request, None).await
}

/// The part that changes, for the script.
pub async fn live(_: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let language = Language::of(&request);
    Ok(html(StatusCode::OK, language, gather(&state, language).await?.render()))
}

/// The page, with what was not possible on top.
pub async fn page(state: &Data<AppState>, request: &HttpRequest, refused: Option<&Problem>) -> HttpResponse {
    let language = Language::of(request);
    let (live, trouble) = match gather(state, language).await {
        Ok(live) => (live.render(), None),
        Err(problem) => (Ok(String::new()), Some(problem)),
    };
    let shown = refused.or(trouble.as_ref());
    let status = shown.and_then(|problem| StatusCode::from_u16(problem.code.status()).ok()).unwrap_or(StatusCode::OK);
    let page = live.and_then(|live| {
        let notice = shown.map(|problem| problem.detail.clone());
        Home {
            language,
            live,
            notice,
            version: env!("CARGO_PKG_VERSION"),
            assets: assets::version(),
            script: assets::has_script(),
        }
        .render()
    });
    html(status, language, page)
}

fn html(status: StatusCode, language: Language, page: askama::Result<String>) -> HttpResponse {
    match page {
        Ok(page) => HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((header::CONTENT_LANGUAGE, language.tag()))
            .insert_header((header::VARY, "Accept-Language"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(page),
        Err(error) => problem::response(&Problem::new(Code::Internal, format!("the page cannot be written: {error}")), None),
    }
}

async fn gather(state: &Data<AppState>, language: Language) -> Result<Live, Problem> {
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
    Ok(Live {
        language,
        drives: drives.collect(),
        active: jobs.iter().filter(running).filter(|job| !on_cards.contains(&job.uuid.as_str())).map(row).collect(),
        waiting: jobs.iter().filter(|job| !running(job)).map(row).collect(),
        failed: failed.into_iter().map(|job| view::job(&Job::new(job, &state.live), &disks, language)).collect(),
        images: images.into_iter().map(|image| view::iso(&Iso::from(image), language)).collect(),
    })
}
