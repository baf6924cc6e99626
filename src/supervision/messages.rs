//! What a supervisor understands and what it tells its subscribers.

use actix::{Message, Recipient};
use serde::Serialize;

use super::{child::ChildId, exit::Exit, spec::ChildSpec};

/// Adds a child after all others and starts it. Answered when its `started` has returned.
///
/// Children added this way are forgotten when the supervisor itself restarts; whoever added them adds them again.
#[derive(Message)]
#[rtype(result = "Result<(), StartError>")]
pub struct StartChild(pub ChildSpec);

/// Why [`StartChild`] did not lead to a running child.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// There is a child of that name, and it runs, stops or will be restarted. One that gave up or stopped is replaced instead.
    #[error("there is a child named {0} already")]
    Exists(String),
    /// It ended before it had started. Unless it is temporary, the supervisor goes on as for any failure.
    #[error("{child} {exit} before it had started")]
    Ended {
        /// The child.
        child: String,
        /// How it ended.
        exit: Exit,
    },
    /// It was stopped before it had started, or its supervisor is stopping.
    #[error("{0} was stopped before it had started")]
    Cancelled(String),
}

/// Stops the child of that name and forgets it. Answered when it has stopped or has been abandoned.
#[derive(Debug, Clone, Message)]
#[rtype(result = "StopOutcome")]
pub struct StopChild(pub String);

/// How a child stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopOutcome {
    /// By itself, within its time limit, or it was not running anyway.
    Stopped,
    /// Not by itself within its time limit; it is gone with its thread.
    Killed,
    /// It blocks its thread, which cannot be ended; it can no longer be reached and is shown in health until it returns.
    Abandoned,
    /// There is no child of that name.
    NotFound,
}

/// Registers a listener for the children of this supervisor. A listener that has died is dropped, and so are all when the
/// supervisor restarts; a listener that is its child subscribes in its `started`.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Subscribe(pub Recipient<ChildEvent>);

/// Something that happened to a child.
#[derive(Debug, Clone, PartialEq, Eq, Message, Serialize)]
#[rtype(result = "()")]
pub struct ChildEvent {
    /// Name of the child.
    pub child: String,
    /// Which of its lives this is about; grows with each start.
    pub generation: u64,
    /// What happened.
    pub change: ChildChange,
}

/// What happened to a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildChange {
    /// It runs.
    Started,
    /// It ended, asked to or not; all that it owned is dropped.
    Down(Exit),
    /// The delays of its back-off are used up: it stays down until a person acts.
    GaveUp,
    /// It did not stop and its thread cannot be ended.
    Abandoned,
}

impl ChildEvent {
    pub(super) fn log(&self, supervisor: &str) {
        let Self { child, generation, change } = self;
        match change {
            ChildChange::Started => tracing::debug!(supervisor, child, generation, "child started"),
            ChildChange::Down(Exit::Normal) => tracing::debug!(supervisor, child, generation, "child ended"),
            ChildChange::Down(exit) => tracing::warn!(supervisor, child, generation, %exit, "child is down"),
            ChildChange::GaveUp => tracing::error!(supervisor, child, generation, "child failed too often and stays down"),
            ChildChange::Abandoned => tracing::error!(supervisor, child, generation, "child blocks its thread and is abandoned"),
        }
    }
}

/// From a child's thread: `started` has returned.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ChildStarted {
    pub(super) id: ChildId,
    pub(super) generation: u64,
}

/// From a child's thread: this generation is over.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ChildDown {
    pub(super) id: ChildId,
    pub(super) generation: u64,
    pub(super) exit: Exit,
}
