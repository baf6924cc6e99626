//! Batches: takes inserted discs for the shelf marks of open batches, and notes how their jobs end.
//!
//! It looks at what is (drives, jobs, batches) and not at what happened, so a restart or a missed event loses nothing.

use super::{Dispatcher, messages::CreateJob, names};
use crate::{
    bus::{Broadcast, Journal, Tx},
    domain::{
        batch::{Batch, BatchDenied, BatchEvent, Insertion, Item, ItemState},
        drive::{DriveReason, DriveState},
        event::{Level, NewEvent},
        ids::{BatchId, JobId},
        job::JobState,
    },
    drives::{DriveRegistry, DriveSnapshot},
    error::{Code, Problem},
    storage::{self, Connection, Page, StorageError, batches::BatchRecord, jobs::JobFilter},
    supervision::{ChildRef, SupervisedActor},
};
use actix::prelude::*;
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// It looks at least so often.
const TICK: Duration = Duration::from_secs(10);
/// Batches that are looked after at once.
const ACTIVE: u32 = 50;
/// Jobs of a drive among which that of a claim is looked for.
const RECENT: u32 = 50;

/// What the batches need of the rest of the service.
#[derive(Clone)]
pub struct BatchDeps {
    /// Database and log.
    pub journal: Journal,
    /// The drives.
    pub registry: DriveRegistry,
    /// Creates the jobs.
    pub dispatcher: ChildRef<Dispatcher>,
    /// One disc is taken at a time.
    pub turn: Arc<Mutex<()>>,
}

/// The actor.
pub struct Batches {
    deps: BatchDeps,
    looking: bool,
    again: bool,
}

/// Take the disc in a drive for an item of a batch, or for the next one.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<BatchRecord, Problem>")]
pub struct TakeDisc {
    /// Which batch.
    pub id: BatchId,
    /// Drive: id, device node or folder.
    pub device: String,
    /// Number of the item.
    pub item: Option<usize>,
}

impl Batches {
    /// Looks after all batches.
    pub fn new(deps: BatchDeps) -> Self {
        Self { deps, looking: false, again: false }
    }

    /// One look at a time; news meanwhile lead to one more.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.looking {
            self.again = true;
            return;
        }
        self.looking = true;
        let deps = self.deps.clone();
        ctx.spawn(async move { settle(&deps).await }.into_actor(self).map(|result, actor, ctx| {
            actor.looking = false;
            if let Err(problem) = result {
                tracing::warn!(%problem, "batches");
            }
            if std::mem::take(&mut actor.again) {
                actor.look(ctx);
            }
        }));
    }
}

impl Actor for Batches {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_stream(BroadcastStream::new(self.deps.journal.bus.subscribe()));
        ctx.run_interval(TICK, Self::look);
        self.look(ctx);
    }
}

impl SupervisedActor for Batches {}

impl StreamHandler<Result<Broadcast, BroadcastStreamRecvError>> for Batches {
    fn handle(&mut self, item: Result<Broadcast, BroadcastStreamRecvError>, ctx: &mut Self::Context) {
        let relevant = match item {
            Ok(Broadcast::Event(event)) => {
                ["drive.", "job.", "batch."].iter().any(|kind| event.event.kind.starts_with(kind))
                    && event.event.kind != "job.phase"
            }
            Ok(Broadcast::Progress(..) | Broadcast::Shutdown) => false,
            Err(_) => true,
        };
        if relevant {
            self.look(ctx);
        }
    }
}

impl Handler<TakeDisc> for Batches {
    type Result = ResponseFuture<Result<BatchRecord, Problem>>;

    fn handle(&mut self, request: TakeDisc, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        Box::pin(async move {
            let _turn = deps.turn.lock().await;
            let drive = super::create::find_drive(&deps.registry, &request.device)?;
            if drive.medium.is_none() || !drive.drive.state.can_read() {
                return Err(Problem::new(Code::Conflict, format!("{}: there is no disc that can be read", drive.name)));
            }
            take(&deps, request.id, &drive, request.item).await
        })
    }
}

/// Creates a batch.
///
/// # Errors
/// `invalid_field` about `marks`.
pub async fn create(journal: &Journal, batch: Batch, marks: Vec<String>) -> Result<BatchRecord, Problem> {
    let id = BatchId(journal.clock.new_id());
    let batch = batch.step(BatchEvent::Add(marks), journal.clock.now()).map_err(|denied| refused(&denied))?;
    let store = journal.commit(move |tx| {
        storage::batches::insert(tx.conn, id, &batch, tx.now)?;
        tx.event(&NewEvent::new("batch.created", Level::Info, format!("Batch {} was created", batch.title)))?;
        storage::batches::get(tx.conn, id)
    });
    store.await.map_err(|error| super::commit::problem(&error))
}

/// Changes a batch: state and event in one transaction.
///
/// # Errors
/// `not_found`, `conflict`, or `invalid_field` about `marks`.
pub async fn change(journal: &Journal, id: BatchId, event: BatchEvent) -> Result<BatchRecord, Problem> {
    let store = journal.commit(move |tx| step(tx, id, event));
    let done = store.await.map_err(|error| match error {
        StorageError::NotFound => Problem::new(Code::NotFound, format!("There is no batch {id}")),
        other => super::commit::problem(&other),
    })?;
    done.map_err(|denied| refused(&denied))
}

fn refused(denied: &BatchDenied) -> Problem {
    match denied {
        BatchDenied::BadMark(_) | BatchDenied::Twice(_) | BatchDenied::TooMany => Problem::field("marks", denied.to_string()),
        BatchDenied::NoItem(_) => Problem::new(Code::NotFound, denied.to_string()),
        _ => Problem::new(Code::Conflict, denied.to_string()),
    }
}

fn step(tx: &mut Tx<'_>, id: BatchId, event: BatchEvent) -> Result<Result<BatchRecord, BatchDenied>, StorageError> {
    let known = storage::batches::get(tx.conn, id)?;
    let told = news(&known.batch, &event);
    match known.batch.step(event, tx.now) {
        Ok(next) if next == known.batch => Ok(Ok(known)),
        Ok(next) => {
            storage::batches::update(tx.conn, id, &next, tx.now)?;
            tx.event(&told)?;
            Ok(Ok(BatchRecord { batch: next, updated_at: tx.now, ..known }))
        }
        Err(denied) => Ok(Err(denied)),
    }
}

/// What the log says about a step.
fn news(batch: &Batch, event: &BatchEvent) -> NewEvent {
    let item = |number: usize| batch.items.get(number);
    let mark = |number: usize| item(number).map_or("?", |item| item.mark.as_str());
    let title = &batch.title;
    let (kind, level, text, number) = match event {
        BatchEvent::Ended(number, verdict) if verdict.is_good() => {
            ("batch.item_done", Level::Info, format!("{title}: {} is done", mark(*number)), Some(*number))
        }
        BatchEvent::Ended(number, verdict) => (
            "batch.item_rejected",
            Level::Warning,
            format!("{title}: {} is rejected: {}", mark(*number), verdict.as_str()),
            Some(*number),
        ),
        BatchEvent::Refused(number, why) => {
            ("batch.item_rejected", Level::Warning, format!("{title}: {} is rejected: {why}", mark(*number)), Some(*number))
        }
        BatchEvent::Started(number, _) => {
            ("batch.item_started", Level::Info, format!("{title}: {} is read", mark(*number)), None)
        }
        _ => ("batch.changed", Level::Info, format!("Batch {title} was changed"), None),
    };
    let news = NewEvent::new(kind, level, text);
    match (number.and_then(item).and_then(Item::job), event) {
        (Some(job), _) => news.job(job),
        (None, BatchEvent::Started(_, job)) => news.job(*job),
        (None, _) => news,
    }
}

/// The disc in this drive becomes an item's; its job is created.
async fn take(deps: &BatchDeps, id: BatchId, drive: &DriveSnapshot, item: Option<usize>) -> Result<BatchRecord, Problem> {
    let disc = Insertion { drive: drive.id.clone(), session: drive.drive.session };
    let claimed = change(&deps.journal, id, BatchEvent::Claim(disc.clone(), item)).await?;
    let mine = |item: &Item| item.state == ItemState::Claimed { disc: disc.clone() };
    let Some(number) = claimed.batch.items.iter().position(mine) else { return Ok(claimed) };
    let name = names::name_from_label(&claimed.batch.items[number].mark);
    let request = CreateJob { device: drive.id.to_string(), filename: Some(name), ..CreateJob::default() };
    match deps.dispatcher.send(request).await {
        Ok(Ok(job)) => change(&deps.journal, id, BatchEvent::Started(number, job.id)).await,
        Ok(Err(problem)) => {
            change(&deps.journal, id, BatchEvent::Refused(number, problem.detail.clone())).await?;
            Err(problem)
        }
        Err(_) => {
            change(&deps.journal, id, BatchEvent::Released(number)).await?;
            Err(Problem::new(Code::Unavailable, "The queue is being restarted; try again in a few seconds"))
        }
    }
}

/// Notes what became of jobs, then takes what has been inserted.
async fn settle(deps: &BatchDeps) -> Result<(), Problem> {
    let _turn = deps.turn.lock().await;
    let look = |conn: &mut Connection| storage::batches::list(conn, true, ACTIVE);
    let active = deps.journal.db.read(look).await.map_err(|error| super::commit::problem(&error))?;
    for record in &active {
        for (number, item) in record.batch.items.iter().enumerate() {
            if let Some(event) = outcome(deps, number, &item.state, &item.mark).await? {
                change(&deps.journal, record.id, event).await?;
            }
        }
    }
    for drive in deps.registry.all().iter().filter(|drive| is_ready(drive)) {
        // The oldest batch first; what was just noted does not hold up a drive.
        let disc = Insertion { drive: drive.id.clone(), session: drive.drive.session };
        if let Some(record) = active.iter().rev().find(|record| record.batch.takes(&disc))
            && let Err(problem) = take(deps, record.id, drive, None).await
        {
            tracing::info!(drive = %drive.id, %problem, "the disc was not taken for the batch");
        }
    }
    Ok(())
}

/// A disc that nobody has decided about yet.
fn is_ready(drive: &DriveSnapshot) -> bool {
    drive.drive.state == (DriveState::Idle { reason: DriveReason::Ready }) && drive.medium.is_some()
}

/// What has become of an item meanwhile.
async fn outcome(deps: &BatchDeps, number: usize, state: &ItemState, mark: &str) -> Result<Option<BatchEvent>, Problem> {
    match state {
        ItemState::Claimed { disc } => {
            let (device, disc, name) =
                (deps.registry.get(&disc.drive).map(|drive| drive.path()), disc.clone(), names::name_from_label(mark));
            let found = deps.journal.db.read(move |conn| job_of_claim(conn, device, &disc, &name)).await;
            let job = found.map_err(|error| super::commit::problem(&error))?;
            Ok(Some(job.map_or(BatchEvent::Released(number), |job| BatchEvent::Started(number, job))))
        }
        ItemState::Reading { job, .. } => {
            let id = *job;
            let found = match deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await {
                Ok(job) => job,
                Err(StorageError::NotFound) => return Ok(Some(BatchEvent::Refused(number, "the job was deleted".to_owned()))),
                Err(error) => return Err(super::commit::problem(&error)),
            };
            Ok(match found.state {
                JobState::Completed { verdict } => Some(BatchEvent::Ended(number, verdict)),
                JobState::Failed => {
                    Some(BatchEvent::Refused(number, found.message.unwrap_or_else(|| "the job failed".to_owned())))
                }
                JobState::Cancelled => Some(BatchEvent::Refused(number, "the job was cancelled".to_owned())),
                JobState::Queued | JobState::Running { .. } | JobState::Paused { .. } => None,
            })
        }
        _ => Ok(None),
    }
}

/// The job that was created for a claim before the service could note it.
fn job_of_claim(
    conn: &mut Connection,
    device: Option<String>,
    disc: &Insertion,
    name: &str,
) -> Result<Option<JobId>, StorageError> {
    let filter = JobFilter { device, ..JobFilter::default() };
    let jobs = storage::jobs::list(conn, &filter, &Page { limit: RECENT, ..Page::default() })?.items;
    let same = jobs.into_iter().find(|job| {
        job.drive_id.as_ref() == Some(&disc.drive)
            && job.media_session == Some(disc.session)
            && job.requested_name.as_deref() == Some(name)
    });
    Ok(same.map(|job| job.id))
}
