//! Health: what the tree looks like, measured and not remembered.

use std::{sync::Arc, time::Duration};

use actix::{Handler, Message, ResponseFuture};
use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::oneshot;

use super::{
    child_ref::ChildRef,
    supervisor::Supervisor,
    timer::{Timer, within},
};

/// Asks a supervisor for the tree below it. Every child's thread has to run an empty task meanwhile, and every nested supervisor
/// has to answer the same question; whoever has not done so within `limit` is [`ChildState::Unresponsive`].
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "HealthSnapshot")]
pub struct GetHealth {
    /// The answer comes after this time at the latest.
    pub limit: Duration,
}

/// What a child is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildState {
    /// Started for the first time, or waiting for a sibling to start before it.
    Starting,
    /// Runs, and its thread answers.
    Running,
    /// Has a thread, but that did not answer in time: something blocks it.
    Unresponsive,
    /// Went down and waits for its delay to pass.
    BackingOff,
    /// Went down, or was stopped with a sibling, and is being started again.
    Restarting,
    /// Was asked to stop.
    Stopping,
    /// Ended normally and is not to be restarted.
    Stopped,
    /// Gave up: it failed after the last delay of its back-off.
    Failed,
    /// Did not stop, and its thread cannot be ended.
    Abandoned,
}

/// A child and what is below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthSnapshot {
    /// Unique among its siblings.
    pub name: String,
    /// What it is doing.
    pub state: ChildState,
    /// Which of its lives this is; grows with each start.
    pub generation: u64,
    /// How often this supervisor has started it again.
    pub restarts: u64,
    /// Since when it is in this state, in seconds.
    pub seconds_in_state: u64,
    /// How its last life ended.
    pub last_exit: Option<String>,
    /// Threads of earlier lives that block and could not be ended; of a supervisor: of all below it.
    pub abandoned_threads: usize,
    /// The children of a supervisor, in start order.
    pub children: Vec<HealthSnapshot>,
}

impl HealthSnapshot {
    /// Does everything in this tree run?
    pub fn is_healthy(&self) -> bool {
        self.state == ChildState::Running && self.children.iter().all(Self::is_healthy)
    }

    /// The first node of that name, depth first.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }
}

impl Handler<GetHealth> for Supervisor {
    type Result = ResponseFuture<HealthSnapshot>;

    fn handle(&mut self, GetHealth { limit }: GetHealth, _: &mut Self::Context) -> Self::Result {
        let now = self.timer.now();
        let mut own = self.snapshot(now);
        let measured: Vec<_> = self
            .children
            .iter()
            .map(|child| {
                let abandoned = self.abandoned.values().filter(|&name| *name == child.spec.name).count();
                let timer = Arc::clone(&self.timer);
                let nested = child.spec.nested.clone();
                measure(child.snapshot(now, abandoned), child.running().map(|running| running.probe()), nested, timer, limit)
            })
            .collect();
        Box::pin(async move {
            for (child, below) in join_all(measured).await {
                own.abandoned_threads += below;
                own.children.push(child);
            }
            own
        })
    }
}

/// The child as measured, and the number of abandoned threads below it.
async fn measure(
    mut child: HealthSnapshot,
    probe: Option<oneshot::Receiver<()>>,
    nested: Option<ChildRef<Supervisor>>,
    timer: Arc<dyn Timer>,
    limit: Duration,
) -> (HealthSnapshot, usize) {
    let Some(probe) = probe else { return (child, 0) };
    let mut abandoned_below = 0;
    let answered = match nested {
        // An error means that it has just ended, which is not the same as being blocked.
        None => within(&*timer, limit, probe).await.is_some(),
        // It gets less time than we have, so that it can report a blocked child of its own instead of being taken for one.
        Some(nested) => match within(&*timer, limit, nested.send(GetHealth { limit: limit * 2 / 3 })).await {
            None => false,
            Some(Err(_)) => true,
            Some(Ok(below)) => {
                abandoned_below = below.abandoned_threads;
                child.children = below.children;
                true
            }
        },
    };
    if !answered {
        child.state = ChildState::Unresponsive;
    }
    child.abandoned_threads += abandoned_below;
    (child, abandoned_below)
}
