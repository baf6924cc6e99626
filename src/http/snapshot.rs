//! What a live client is told: the state as it is now, and each change with what it changed.

use super::{
    AppState, api,
    probe::Probe,
    problem::ProblemDocument,
    topics::{Topic, Topics},
    wire::{Disk, EventBody, Iso, Job, ProgressBody, Status},
};
use crate::{
    domain::{
        event::Event,
        ids::{IsoId, JobId},
    },
    error::{Code, Problem},
    storage::{self, Page, StorageError, events::EventFilter, isos::IsoFilter, jobs::JobFilter},
};
use actix_web::web::Data;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Missed events that are told one by one; whoever missed more gets `resync`.
const MAX_REPLAY: u32 = 500;
/// Unfinished jobs in a snapshot; the rest is in `GET /jobs`.
const MAX_JOBS: u32 = 200;
/// Newest images and finished jobs in a snapshot.
const NEWEST: u32 = 20;

/// What a client is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The state now.
    Snapshot(Box<Snapshot>),
    /// A change.
    Event {
        /// What happened.
        event: EventBody,
        /// The job that it is about, as it is now.
        #[serde(skip_serializing_if = "Option::is_none")]
        job: Option<Box<Job>>,
        /// The image that it is about, as it is now.
        #[serde(skip_serializing_if = "Option::is_none")]
        iso: Option<Box<Iso>>,
    },
    /// Numbers of a running job.
    Progress(ProgressBody),
    /// Nothing happened, and the connection is alive.
    Heartbeat {
        /// Number of the last event told.
        seq: i64,
    },
    /// Something was missed; a new snapshot follows.
    Resync {
        /// How many messages at least; 0 if unknown.
        skipped: u64,
    },
    /// A message was not understood, or an answer is not possible.
    Error {
        /// Why.
        problem: ProblemDocument,
    },
    /// The service ends the connection.
    Goodbye {
        /// Why.
        reason: String,
    },
}

/// The state of what was subscribed.
#[derive(Debug, Serialize)]
pub struct Snapshot {
    /// Events up to this number are contained.
    pub seq: i64,
    /// What was subscribed.
    pub topics: Vec<String>,
    /// All drives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drives: Option<Vec<Disk>>,
    /// Unfinished jobs, then the newest others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<Job>>,
    /// The newest images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isos: Option<Vec<Iso>>,
    /// The machine and the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Status>,
}

/// The state of these topics.
///
/// # Errors
/// `unavailable` without a database.
pub async fn snapshot(state: &Data<AppState>, probe: &Data<Probe>, topics: &Topics) -> Result<Snapshot, Problem> {
    let wanted = topics.clone();
    let read = state.read(Code::NotFound, move |conn| {
        Ok((storage::events::last_seq(conn)?, jobs(conn, &wanted)?, newest_isos(conn, &wanted)?))
    });
    let (seq, jobs, isos) = read.await?;
    let system = if topics.has(Topic::System) { Some(api::system::measure(state, probe).await?) } else { None };
    let drives = topics.has(Topic::Drives).then(|| state.registry.all().iter().map(Disk::from).collect());
    let jobs = jobs.map(|jobs| jobs.into_iter().map(|job| Job::new(job, &state.live)).collect());
    let isos = isos.map(|isos| isos.into_iter().map(Iso::from).collect());
    let topics = topics.0.iter().map(|topic| topic.name()).collect();
    Ok(Snapshot { seq, topics, drives, jobs, isos, system })
}

/// What a client that has seen `since` has missed of a snapshot that ends with `until`. `audit`: also what accounts did.
///
/// # Errors
/// `unavailable` without a database.
pub async fn missed(
    state: &Data<AppState>,
    topics: &Topics,
    (since, until): (i64, i64),
    audit: bool,
) -> Result<Vec<ServerMessage>, Problem> {
    let resync = || vec![ServerMessage::Resync { skipped: 0 }];
    // A number that was never given out is one of another database: everything may have been missed.
    if since > until {
        return Ok(resync());
    }
    let filter = EventFilter { audit, ..EventFilter::default() };
    let read = state.read(Code::NotFound, move |conn| storage::events::since(conn, since, MAX_REPLAY + 1, &filter));
    let events: Vec<_> = read.await?.into_iter().filter(|event| event.seq <= until).collect();
    if events.len() > MAX_REPLAY as usize {
        return Ok(resync());
    }
    let wanted: Vec<_> = events.into_iter().filter(|event| topics.wants(event)).map(Arc::new).collect();
    Ok(changes(state, wanted).await?.into_iter().map(|(_, message)| message).collect())
}

fn jobs(conn: &mut storage::Connection, topics: &Topics) -> Result<Option<Vec<storage::jobs::JobRecord>>, StorageError> {
    let mut found = Vec::new();
    if topics.has(Topic::Jobs) {
        for (states, limit) in [(["queued", "running", "paused"], MAX_JOBS), (["completed", "failed", "cancelled"], NEWEST)] {
            let filter = JobFilter { status: states.map(str::to_owned).to_vec(), ..JobFilter::default() };
            found.extend(storage::jobs::list(conn, &filter, &Page { limit, ..Page::default() })?.items);
        }
    }
    let known: BTreeSet<JobId> = found.iter().map(|job| job.id).collect();
    let single = topics.0.iter().filter_map(|topic| if let Topic::Job(id) = topic { Some(*id) } else { None });
    for id in single.clone().filter(|id| !known.contains(id)) {
        found.extend(existing(storage::jobs::get(conn, id))?);
    }
    Ok((topics.has(Topic::Jobs) || single.count() > 0).then_some(found))
}

fn newest_isos(conn: &mut storage::Connection, topics: &Topics) -> Result<Option<Vec<storage::isos::IsoRecord>>, StorageError> {
    if !topics.has(Topic::Isos) {
        return Ok(None);
    }
    Ok(Some(storage::isos::list(conn, &IsoFilter::default(), &Page { limit: NEWEST, ..Page::default() })?.items))
}

/// These events, each with the job and the image that it is about, read after it: never older than the event.
///
/// # Errors
/// `unavailable` without a database.
pub async fn changes(state: &Data<AppState>, events: Vec<Arc<Event>>) -> Result<Vec<(Arc<Event>, ServerMessage)>, Problem> {
    let jobs: BTreeSet<JobId> = events.iter().filter_map(|event| event.event.job_id).collect();
    let isos: BTreeSet<IsoId> = events.iter().filter_map(|event| event.event.iso_id).collect();
    if jobs.is_empty() && isos.is_empty() {
        let message = |event: Arc<Event>| {
            let message = ServerMessage::Event { event: EventBody::from(&*event), job: None, iso: None };
            (event, message)
        };
        return Ok(events.into_iter().map(message).collect());
    }
    let read = state.read(Code::NotFound, move |conn| {
        let (mut found_jobs, mut found_isos) = (BTreeMap::new(), BTreeMap::new());
        for id in jobs {
            found_jobs.extend(existing(storage::jobs::get(conn, id))?.map(|job| (id, job)));
        }
        for id in isos {
            found_isos.extend(existing(storage::isos::get(conn, id))?.map(|iso| (id, iso)));
        }
        Ok((found_jobs, found_isos))
    });
    let (jobs, isos) = read.await?;
    let message = |event: Arc<Event>| {
        let job = event.event.job_id.and_then(|id| jobs.get(&id)).map(|job| Box::new(Job::new(job.clone(), &state.live)));
        let iso = event.event.iso_id.and_then(|id| isos.get(&id)).map(|iso| Box::new(Iso::from(iso.clone())));
        let message = ServerMessage::Event { event: EventBody::from(&*event), job, iso };
        (event, message)
    };
    Ok(events.into_iter().map(message).collect())
}

/// What was deleted meanwhile is no error.
fn existing<T>(found: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StorageError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
