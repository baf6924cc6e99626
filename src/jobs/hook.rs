//! The hook: a program of the operator that is told when a drive wants a disc and what became of a disc. It drives autoloaders.
//!
//! It follows the event log from a stored position, so that a restart loses nothing; what it was doing at that moment is done
//! again. Drives do not wait for each other: one run per drive at a time, all drives side by side. A run that fails is told and
//! not repeated.

mod rules;
mod run;

use crate::{
    bus::{Broadcast, Journal},
    domain::{
        event::{Event, NewEvent},
        ids::DriveId,
    },
    drives::{DriveCommand, DriveRegistry, LiveSettings},
    storage::{self, StorageError, events::EventFilter},
    supervision::{SupervisedActor, fail},
};
use actix::prelude::*;
use rules::{Moment, moment, shall_run};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Key of the position in the settings.
const CURSOR: &str = "hook.cursor";
/// Events read at once.
const BATCH: u32 = 200;
/// Runs that may wait; the log keeps the rest.
const MAX_WAITING: usize = 500;
/// What happened longer ago is of discs that are gone: the hook may have been configured again after weeks.
const MAX_AGE: chrono::Duration = chrono::Duration::hours(24);
/// Where there is no position yet, so many events back a drive's wish for a disc is still looked for: it may have come before
/// this actor was there to hear it.
const LOOK_BACK: i64 = 1_000;
/// Events without a run after which the position is stored all the same.
const STORE_AFTER: i64 = 500;

/// What the hook needs of the rest of the service.
#[derive(Clone)]
pub struct HookDeps {
    /// For the log.
    pub journal: Journal,
    /// The drives.
    pub registry: DriveRegistry,
    /// Settings as they are now.
    pub settings: LiveSettings,
    /// The program.
    pub program: PathBuf,
    /// Longest time that it may take.
    pub limit: Duration,
}

/// One run that is wanted.
#[derive(Debug, Clone)]
struct Wanted {
    moment: Moment,
    drive: DriveId,
    event: Event,
}

/// The actor.
pub struct Hook {
    deps: HookDeps,
    /// Events up to this number are read.
    read: i64,
    /// Results up to this number are none of this hook's: it was not configured then.
    before: i64,
    /// Events up to this number are stored as done.
    stored: i64,
    waiting: BTreeMap<DriveId, VecDeque<Wanted>>,
    running: BTreeSet<DriveId>,
    /// Numbers of the events whose runs wait or are under way.
    open: BTreeSet<i64>,
    /// When each drive's last `load` ended well, and how many discs the drive had seen by then.
    loaded: BTreeMap<DriveId, (Instant, u64)>,
    looking: bool,
    again: bool,
}

impl Hook {
    /// A hook that goes on where it was.
    pub fn new(deps: HookDeps) -> Self {
        Self {
            deps,
            read: 0,
            before: 0,
            stored: 0,
            waiting: BTreeMap::new(),
            running: BTreeSet::new(),
            open: BTreeSet::new(),
            loaded: BTreeMap::new(),
            looking: false,
            again: false,
        }
    }

    /// Reads on in the log, one look at a time.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.looking || self.open.len() >= MAX_WAITING {
            self.again = true;
            return;
        }
        self.looking = true;
        let (db, read) = (self.deps.journal.db.clone(), self.read);
        let work = async move { db.read(move |conn| storage::events::since(conn, read, BATCH, &EventFilter::default())).await };
        ctx.spawn(work.into_actor(self).map(|events, actor, ctx| {
            actor.looking = false;
            match events {
                Ok(events) => {
                    let full = events.len() == BATCH as usize;
                    events.into_iter().for_each(|event| actor.hear(event));
                    actor.start_runs(ctx);
                    actor.store_now_and_then(ctx);
                    if full || std::mem::take(&mut actor.again) {
                        actor.look(ctx);
                    }
                }
                Err(error) => fail(ctx, format!("reading the log: {error}")),
            }
        }));
    }

    fn hear(&mut self, event: Event) {
        self.read = self.read.max(event.seq);
        let old = self.deps.journal.clock.now() - event.at > MAX_AGE;
        let here = event.node == *self.deps.journal.node;
        let Some((moment, drive)) = moment(&event.event).filter(|_| here && !old) else { return };
        if moment != Moment::Load && event.seq <= self.before {
            return;
        }
        self.open.insert(event.seq);
        self.waiting.entry(drive.clone()).or_default().push_back(Wanted { moment, drive, event });
    }

    fn start_runs(&mut self, ctx: &mut Context<Self>) {
        let ready: Vec<DriveId> = self.waiting.keys().filter(|drive| !self.running.contains(*drive)).cloned().collect();
        for drive in ready {
            while let Some(wanted) = self.waiting.get_mut(&drive).and_then(VecDeque::pop_front) {
                let snapshot = self.deps.registry.get(&drive);
                // A disc that has come since then is what was loaded.
                let discs = snapshot.as_ref().map_or(0, |drive| drive.drive.session);
                let recent = self.loaded.get(&drive).filter(|(_, before)| *before == discs).map(|(at, _)| at.elapsed());
                if shall_run(wanted.moment, snapshot.as_ref().map(|drive| &drive.drive.state), recent) {
                    self.running.insert(drive.clone());
                    self.run(wanted, ctx);
                    break;
                }
                self.open.remove(&wanted.event.seq);
            }
            if self.waiting.get(&drive).is_some_and(VecDeque::is_empty) {
                self.waiting.remove(&drive);
            }
        }
    }

    fn run(&self, wanted: Wanted, ctx: &mut Context<Self>) {
        let deps = self.deps.clone();
        let work = async move {
            let ran = run::run(&deps, wanted.moment, &wanted.drive, &wanted.event).await;
            (wanted, ran)
        };
        ctx.spawn(work.into_actor(self).map(|(wanted, ran), actor, ctx| match ran {
            Ok(ran) => actor.ended(&wanted, ran, ctx),
            Err(error) => fail(ctx, format!("the hook's surroundings: {error}")),
        }));
    }

    fn ended(&mut self, wanted: &Wanted, ran: run::Ran, ctx: &mut Context<Self>) {
        self.running.remove(&wanted.drive);
        self.open.remove(&wanted.event.seq);
        if ran.well && wanted.moment == Moment::Load {
            self.loaded.insert(wanted.drive.clone(), (Instant::now(), ran.discs));
        }
        let (news, position) = (ran.news, self.position());
        self.store(position, Some(news), ctx);
        if ran.well && wanted.moment == Moment::Accept && ran.eject {
            self.eject(wanted.drive.clone(), ctx);
        }
        self.start_runs(ctx);
        if std::mem::take(&mut self.again) {
            self.look(ctx);
        }
    }

    /// Everything up to here is done.
    fn position(&self) -> i64 {
        self.open.first().map_or(self.read, |first| first - 1).max(self.before)
    }

    fn store_now_and_then(&mut self, ctx: &mut Context<Self>) {
        let position = self.position();
        if position - self.stored >= STORE_AFTER {
            self.store(position, None, ctx);
        }
    }

    fn store(&mut self, position: i64, news: Option<NewEvent>, ctx: &mut Context<Self>) {
        self.stored = position;
        let journal = self.deps.journal.clone();
        let store = async move {
            journal
                .commit(move |tx| {
                    storage::settings::set(tx.conn, CURSOR, &json!(position))?;
                    news.iter().try_for_each(|news| tx.event(news).map(drop))
                })
                .await
        };
        ctx.spawn(store.into_actor(self).map(|stored, _, ctx| {
            if let Err(error) = stored {
                fail(ctx, format!("storing the hook's position: {error}"));
            }
        }));
    }

    fn eject(&self, drive: DriveId, ctx: &mut Context<Self>) {
        let registry = self.deps.registry.clone();
        let eject = async move {
            if let Err(problem) = registry.send(&drive, DriveCommand::Eject).await {
                tracing::warn!(%drive, %problem, "not ejected after the hook");
            }
        };
        ctx.spawn(eject.into_actor(self));
    }
}

impl Actor for Hook {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_stream(BroadcastStream::new(self.deps.journal.bus.subscribe()));
        let db = self.deps.journal.db.clone();
        let load = async move {
            db.read(|conn| {
                let stored = storage::settings::get(conn, CURSOR)?.and_then(|value| value.as_i64());
                let last = storage::events::last_seq(conn)?;
                // A position of another database is none.
                Ok::<_, StorageError>(match stored.filter(|position| *position <= last) {
                    Some(position) => (position, 0),
                    None => ((last - LOOK_BACK).max(0), last),
                })
            })
            .await
        };
        ctx.wait(load.into_actor(self).map(|position, actor, ctx| match position {
            Ok((position, before)) => {
                (actor.read, actor.stored, actor.before) = (position, position, before);
                // From now on a restart goes on from here.
                actor.store(position.max(before), None, ctx);
                actor.look(ctx);
            }
            Err(error) => fail(ctx, format!("reading the hook's position: {error}")),
        }));
    }
}

impl SupervisedActor for Hook {}

impl StreamHandler<Result<Broadcast, BroadcastStreamRecvError>> for Hook {
    /// News only wake: what is done comes from the log.
    fn handle(&mut self, item: Result<Broadcast, BroadcastStreamRecvError>, ctx: &mut Self::Context) {
        if matches!(item, Ok(Broadcast::Event(_)) | Err(_)) {
            self.look(ctx);
        }
    }
}
