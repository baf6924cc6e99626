//! What handlers can reach.

use super::machine::MachineHistory;
use crate::{
    bus::Journal,
    catalog::Catalog,
    config::Config,
    drives::{DriveRegistry, LiveSettings},
    error::{Code, Problem},
    http::pictures::Pictures,
    jobs::{Batches, Dispatcher, LiveJobs},
    storage::{Connection, StorageError},
    supervision::{ChildRef, Supervisor},
    telemetry::Metrics,
};
use actix::{Actor, Context, Handler, Message};
use std::{sync::Arc, time::Duration};

/// The rest of the service as the web sees it. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Settings of this start.
    pub config: Arc<Config>,
    /// Database, bus, clock.
    pub journal: Journal,
    /// Snapshots of the drives, and the way to their actors.
    pub registry: DriveRegistry,
    /// Live numbers of running jobs.
    pub live: LiveJobs,
    /// Settings that can change while the service runs.
    pub settings: LiveSettings,
    /// Metrics.
    pub metrics: Metrics,
    /// Owner of the queue.
    pub dispatcher: ChildRef<Dispatcher>,
    /// Takes discs for batches.
    pub batches: ChildRef<Batches>,
    /// Owner of the images.
    pub catalog: ChildRef<Catalog>,
    /// Pictures of discs.
    pub pictures: Pictures,
    /// What finding out who asks needs to remember.
    pub gate: super::auth::Gate,
    /// Root of the supervision tree, for its health.
    pub root: ChildRef<Supervisor>,
    /// The machine over the last minutes.
    pub machine: MachineHistory,
    /// What the doctor found.
    pub checkup: super::Checkup,
}

/// Longest time that a person waits for an actor. Deleting a large file takes its time.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

impl AppState {
    /// Asks an actor and waits for its answer.
    ///
    /// # Errors
    /// The actor's refusal, or `unavailable` if it is down or does not answer in time.
    pub async fn ask<A, M, T>(&self, actor: &ChildRef<A>, message: M) -> Result<T, Problem>
    where
        A: Actor<Context = Context<A>> + Handler<M>,
        M: Message<Result = Result<T, Problem>> + Send + 'static,
        T: Send + 'static,
    {
        let down = |what: &str| Problem::new(Code::Unavailable, format!("{} {what}; try again in a few seconds", actor.name()));
        match tokio::time::timeout(ANSWER_LIMIT, actor.send(message)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(down("is being restarted")),
            Err(_) => Err(down("did not answer in time")),
        }
    }

    /// Reads from the database; `missing` is what "not found" means here.
    ///
    /// # Errors
    /// As [`super::problem::from_storage`] translates them.
    pub async fn read<T: Send + 'static>(
        &self,
        missing: Code,
        work: impl FnOnce(&mut Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.journal.db.read(work).await.map_err(|error| super::problem::from_storage(&error, missing))
    }
}
