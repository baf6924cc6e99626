//! What WebSocket clients are told, made once for all of them.
//!
//! One task listens to the broadcast, reads the job and the image of each event once, writes each message once, and hands the same
//! bytes to every client. Numbers of running jobs are gathered and told together, a few times in a second. Snapshots are kept for a
//! moment, because after a restart of the service everybody asks for one at the same time.

use super::{
    AppState,
    live::PROGRESS_EVERY,
    probe::Probe,
    snapshot::{self, ServerMessage},
    topics::Topics,
    wire::ProgressBody,
};
use crate::{
    bus::Broadcast,
    domain::{event::Event, ids::JobId, progress::Progress},
    error::Problem,
};
use actix_web::web::Data;
use bytestring::ByteString;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{
        Mutex,
        broadcast::{
            self, Receiver,
            error::{RecvError, TryRecvError},
        },
    },
    time::{MissedTickBehavior, interval},
};

/// Messages that a slow client may be behind before it is told that it lagged.
const CAPACITY: usize = 1024;
/// Events whose jobs and images are read together.
const BATCH: usize = 256;
/// How long a snapshot is good for others, too.
const FRESH: Duration = Duration::from_millis(250);
/// Snapshots that are kept: pages ask for a handful of different ones.
const MAX_KEPT: usize = 16;

/// A message for everybody whom it concerns.
#[derive(Debug, Clone)]
pub enum News {
    /// A committed event.
    Event(Arc<Event>, ByteString),
    /// Where a job stands.
    Progress(JobId, ByteString),
    /// So many messages were missed on the way here.
    Lost(u64),
    /// The service stops.
    Shutdown,
}

struct Kept {
    topics: Topics,
    made: Instant,
    seq: i64,
    text: ByteString,
}

/// The way of news to the clients.
pub struct Feed {
    sender: broadcast::Sender<News>,
    /// Number of the last event that was told.
    told: AtomicI64,
    kept: Mutex<Vec<Kept>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0, told: AtomicI64::new(-1), kept: Mutex::new(Vec::new()) }
    }
}

impl Feed {
    /// Everything from now on. Subscribe first, then ask for a snapshot, then drop what it contains (by `seq`).
    pub fn subscribe(&self) -> Receiver<News> {
        self.sender.subscribe()
    }

    /// The state of these topics, and the number of the last event that it contains: no event that was told before this call is
    /// missing in it.
    ///
    /// # Errors
    /// `unavailable` without a database.
    pub async fn snapshot(
        &self,
        state: &Data<AppState>,
        probe: &Data<Probe>,
        topics: &Topics,
    ) -> Result<(i64, ByteString), Problem> {
        // Whoever else wants one waits here, and takes the one that is being made.
        let mut kept = self.kept.lock().await;
        let told = self.told.load(Ordering::SeqCst);
        kept.retain(|one| one.made.elapsed() < FRESH && one.seq >= told);
        if let Some(one) = kept.iter().find(|one| one.topics == *topics) {
            return Ok((one.seq, one.text.clone()));
        }
        let made = Instant::now();
        let state = snapshot::snapshot(state, probe, topics).await?;
        let seq = state.seq;
        let text = text(&ServerMessage::Snapshot(Box::new(state)));
        if kept.len() < MAX_KEPT {
            kept.push(Kept { topics: topics.clone(), made, seq, text: text.clone() });
        }
        Ok((seq, text))
    }

    // Nobody listening is no error.
    fn tell(&self, news: News) {
        let _ = self.sender.send(news);
    }

    async fn tell_events(&self, state: &Data<AppState>, events: Vec<Arc<Event>>) {
        let (Some(last), count) = (events.last().map(|event| event.seq), events.len() as u64) else { return };
        self.told.store(last, Ordering::SeqCst);
        if self.sender.receiver_count() == 0 {
            return;
        }
        match snapshot::changes(state, events).await {
            Ok(changes) => changes.into_iter().for_each(|(event, message)| self.tell(News::Event(event, text(&message)))),
            Err(error) => {
                tracing::warn!(%error, "live clients start afresh");
                self.tell(News::Lost(count));
            }
        }
    }

    fn tell_progress(&self, progress: &mut BTreeMap<JobId, Progress>) {
        for (job, progress) in std::mem::take(progress) {
            self.tell(News::Progress(job, text(&ServerMessage::Progress(ProgressBody::new(job, &progress)))));
        }
    }
}

/// A message as it is sent.
pub fn text(message: &ServerMessage) -> ByteString {
    serde_json::to_string(message)
        .unwrap_or_else(|error| {
            tracing::error!(%error, "a live message cannot be written");
            "{}".to_owned()
        })
        .into()
}

/// Passes on what `receiver` hears, as long as the server runs.
pub async fn run(feed: Data<Feed>, state: Data<AppState>, mut receiver: Receiver<Broadcast>) {
    let mut tick = interval(PROGRESS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut progress = BTreeMap::new();
    loop {
        let first = tokio::select! {
            news = receiver.recv() => news,
            _ = tick.tick(), if !progress.is_empty() => {
                feed.tell_progress(&mut progress);
                continue;
            }
        };
        let (mut events, mut after, mut next) = (Vec::new(), None, Some(first));
        while let Some(news) = next.take() {
            match news {
                Ok(Broadcast::Event(event)) => events.push(event),
                Ok(Broadcast::Progress(job, numbers)) => {
                    progress.insert(job, numbers);
                }
                Ok(Broadcast::Shutdown) => after = Some(News::Shutdown),
                Err(RecvError::Lagged(lost)) => after = Some(News::Lost(lost)),
                Err(RecvError::Closed) => return,
            }
            if events.len() < BATCH && after.is_none() {
                next = match receiver.try_recv() {
                    Ok(news) => Some(Ok(news)),
                    Err(TryRecvError::Lagged(lost)) => Some(Err(RecvError::Lagged(lost))),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => None,
                };
            }
        }
        feed.tell_events(&state, events).await;
        if let Some(after) = after {
            feed.tell(after);
        }
    }
}
