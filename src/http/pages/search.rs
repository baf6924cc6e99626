//! The page `/search`: one box that finds everything.

use super::{
    frame::{self, Frame, Place},
    view::{self, DriveCard, IsoRow, JobRow},
};
use crate::{
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May},
        params::Params,
        wire::{Disk, Iso, Job},
    },
    storage::{self, Page, isos::IsoFilter, jobs::JobFilter},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

/// So many of each sort; the lists themselves find the rest.
const MOST: u32 = 12;
/// Longest text that is looked for, in characters.
const LONGEST: usize = 200;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    query: String,
    drives: Vec<DriveCard>,
    jobs: Vec<JobRow>,
    images: Vec<IsoRow>,
    more_jobs: Option<String>,
    more_images: Option<String>,
}

impl Search {
    fn is_empty(&self) -> bool {
        self.drives.is_empty() && self.jobs.is_empty() && self.images.is_empty()
    }
}

/// The page.
///
/// # Errors
/// `unavailable` without a database, `invalid_query`.
pub async fn search(
    _: May<Look>,
    state: Data<AppState>,
    mut params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query: String = params.text("q").unwrap_or_default().trim().chars().take(LONGEST).collect();
    let frame = Frame::new(&request, Place::Outside, query.clone());
    let page = find(&state, frame, query).await?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

async fn find(state: &Data<AppState>, frame: Frame, query: String) -> Result<Search, Problem> {
    let language = frame.language;
    if query.is_empty() {
        return Ok(Search { frame, query, drives: vec![], jobs: vec![], images: vec![], more_jobs: None, more_images: None });
    }
    let q = Some(query.clone());
    let read = state.read(Code::NotFound, move |conn| {
        let page = Page { limit: MOST, ..Page::default() };
        let jobs = storage::jobs::list(conn, &JobFilter { q: q.clone(), ..JobFilter::default() }, &page)?;
        Ok((jobs, storage::isos::list(conn, &IsoFilter { q, ..IsoFilter::default() }, &page)?))
    });
    let (jobs, images) = read.await?;
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let more = |there: bool, list: &str| {
        let text = percent_encoding::utf8_percent_encode(&query, percent_encoding::NON_ALPHANUMERIC);
        there.then(|| format!("{list}?q={text}"))
    };
    let (more_jobs, more_images) = (more(jobs.next_cursor.is_some(), "/jobs"), more(images.next_cursor.is_some(), "/library"));
    let wanted = query.to_lowercase();
    let matches = |disk: &&Disk| {
        let label = disk.media.as_ref().map_or("", |media| media.label.as_str());
        [disk.name.as_str(), disk.path.as_str(), disk.id.as_str(), label].iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    Ok(Search {
        drives: disks.iter().filter(matches).map(|disk| view::drive(disk, None, &disks, language)).collect(),
        jobs: jobs.items.into_iter().map(|job| view::job(&Job::new(job, &state.live), &disks, language)).collect(),
        images: images.items.into_iter().map(|image| view::iso(&Iso::from(image), language)).collect(),
        frame,
        query,
        more_jobs,
        more_images,
    })
}
