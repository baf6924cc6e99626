//! Committed events for everybody who wants to know, and progress for everybody who looks.
//!
//! State and event are written in one transaction ([`Journal::commit`]). The `event_log` actor then reads what was committed
//! back from the log and broadcasts it: whoever listens sees events in the order of their numbers, each exactly once, even
//! if the writer died right after its commit. Progress is broadcast only.

use crate::{
    domain::{
        event::{Event, NewEvent},
        ids::JobId,
        progress::Progress,
    },
    storage::{self, Connection, Db, StorageError},
    supervision::{SupervisedActor, fail},
    telemetry::{Clock, Metrics},
};
use actix::prelude::*;
use chrono::{DateTime, Utc};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, broadcast};

/// Something to tell.
#[derive(Debug, Clone)]
pub enum Broadcast {
    /// A committed event.
    Event(Arc<Event>),
    /// Live numbers of a job; not stored.
    Progress(JobId, Progress),
    /// The service stops; live connections say goodbye.
    Shutdown,
}

/// Messages that a slow listener may be behind before it is told that it lagged.
const CAPACITY: usize = 1024;
/// Events read back from the log at once.
const BATCH: u32 = 500;

/// The broadcast. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    sender: broadcast::Sender<Broadcast>,
    committed: Arc<Notify>,
    /// Number of the last event that was broadcast, -1 before the first look; outlives a restart of the event log.
    told: Arc<AtomicI64>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0, committed: Arc::new(Notify::new()), told: Arc::new(AtomicI64::new(-1)) }
    }
}

impl Bus {
    /// Everything from now on. Subscribe first, then read the log, then drop what comes twice (by `seq`).
    pub fn subscribe(&self) -> broadcast::Receiver<Broadcast> {
        self.sender.subscribe()
    }

    /// Tells where a job stands.
    pub fn progress(&self, job: JobId, progress: Progress) {
        // No listener is no error.
        let _ = self.sender.send(Broadcast::Progress(job, progress));
    }

    /// Tells live connections to say goodbye.
    pub fn shutdown(&self) {
        let _ = self.sender.send(Broadcast::Shutdown);
    }
}

/// The way to change anything: state and event in one transaction, then the news. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    /// The database, for reading.
    pub db: Db,
    /// The news.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// This host.
    pub node: Arc<str>,
}

/// One transaction.
pub struct Tx<'a> {
    /// For the queries of `storage`.
    pub conn: &'a mut Connection,
    /// The time of this transaction.
    pub now: DateTime<Utc>,
    node: &'a str,
}

impl Tx<'_> {
    /// Writes an event of this transaction.
    ///
    /// # Errors
    /// Those of the database; the whole transaction is undone then.
    pub fn event(&mut self, event: &NewEvent) -> Result<Event, StorageError> {
        storage::events::append(self.conn, self.node, self.now, event)
    }
}

impl Journal {
    /// Runs `work` in one transaction and tells the news once it is committed.
    ///
    /// # Errors
    /// Those of `work` and of the database; nothing is changed then.
    pub async fn commit<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        self.commit_then(work, |_| ()).await
    }

    /// [`Journal::commit`], with something to do between commit and news: whoever hears the news finds it done.
    ///
    /// # Errors
    /// As for [`Journal::commit`]; `then` is not called after an error.
    pub async fn commit_then<T, F>(&self, work: F, then: impl FnOnce(&T)) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        let (node, now) = (Arc::clone(&self.node), self.clock.now());
        let result = self.db.write(move |conn| work(&mut Tx { conn, now, node: &node })).await;
        if let Ok(value) = &result {
            then(value);
            self.bus.committed.notify_one();
        }
        result
    }
}

/// The actor that reads committed events back and broadcasts them.
pub struct EventLog {
    journal: Journal,
    metrics: Metrics,
    /// Other hosts may write to the same PostgreSQL; their events are found by looking.
    shared_database: bool,
}

impl EventLog {
    /// An event log over this journal.
    pub fn new(journal: Journal, metrics: Metrics, shared_database: bool) -> Self {
        Self { journal, metrics, shared_database }
    }
}

impl Actor for EventLog {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (journal, metrics, shared) = (self.journal.clone(), self.metrics.clone(), self.shared_database);
        let pump = async move { pump(journal, metrics, shared).await };
        ctx.spawn(pump.into_actor(self).map(|error, _, ctx| fail(ctx, error.to_string())));
    }
}

impl SupervisedActor for EventLog {}

async fn pump(journal: Journal, metrics: Metrics, shared: bool) -> StorageError {
    let mut last = journal.bus.told.load(Ordering::SeqCst);
    if last < 0 {
        last = match journal.db.read(storage::events::last_seq).await {
            Ok(last) => last,
            Err(error) => return error,
        };
    }
    loop {
        if shared {
            let _ = tokio::time::timeout(Duration::from_secs(1), journal.bus.committed.notified()).await;
        } else {
            journal.bus.committed.notified().await;
        }
        loop {
            let all = storage::events::EventFilter { audit: true, ..Default::default() };
            let read = journal.db.read(move |conn| storage::events::since(conn, last, BATCH, &all));
            let events = match read.await {
                Ok(events) => events,
                Err(error) => return error,
            };
            let Some(newest) = events.last().map(|event| event.seq) else { break };
            last = newest;
            journal.bus.told.store(last, Ordering::SeqCst);
            metrics.events(events.len() as u64);
            for event in events {
                let _ = journal.bus.sender.send(Broadcast::Event(Arc::new(event)));
            }
        }
    }
}
