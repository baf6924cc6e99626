//! How a child ended, and the guard that makes sure that its parent hears of it.

use std::cell::Cell;

use actix::{Actor, ActorContext, ArbiterHandle, Context};
use serde::Serialize;

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
pub enum Exit {
    /// It stopped itself or did what it was asked to.
    Normal,
    /// It gave up with a reason: its start function returned an error, it called [`fail`], or it is a supervisor whose
    /// children failed too often.
    Failed(String),
    /// It panicked: in its start function, in `started`, in a handler, in a future of its context or while being dropped.
    Panicked(String),
    /// It was taken down with its thread, because it did not stop within its time limit or because the program ends.
    Killed,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Normal => f.write_str("ended normally"),
            Self::Failed(text) => write!(f, "failed: {text}"),
            Self::Panicked(text) => write!(f, "panicked: {text}"),
            Self::Killed => f.write_str("killed"),
        }
    }
}

thread_local! {
    /// A child has its thread to itself, so its reason needs no other address than the thread.
    static FAILURE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Stops a supervised actor with a reason, so that its parent sees [`Exit::Failed`] instead of a normal end.
pub fn fail<A: Actor<Context = Context<A>>>(ctx: &mut Context<A>, reason: impl Into<String>) {
    FAILURE.set(Some(reason.into()));
    ctx.stop();
}

/// The reason given to [`fail`] on this thread, once.
pub(super) fn take_failure() -> Option<String> {
    FAILURE.take()
}

/// What a child's thread tells its parent.
pub(super) enum Report {
    /// `started` has returned.
    Started,
    /// The actor and everything that it owned are dropped.
    Ended(Exit),
}

/// The way from a child's thread to its parent.
pub(super) type Reporter = Box<dyn FnMut(Report) + Send>;

/// Held by the future that drives a child, and dropped after it: whatever happens to that future, the parent hears of the end
/// exactly once, and the child's thread ends.
pub(super) struct ExitGuard {
    reporter: Reporter,
    arbiter: ArbiterHandle,
    exit: Option<Exit>,
}

impl ExitGuard {
    pub(super) fn new(reporter: Reporter, arbiter: ArbiterHandle) -> Self {
        Self { reporter, arbiter, exit: None }
    }

    pub(super) fn report_started(&mut self) {
        (self.reporter)(Report::Started);
    }

    pub(super) fn finish(mut self, exit: Exit) {
        self.exit = Some(exit);
    }
}

impl Drop for ExitGuard {
    fn drop(&mut self) {
        // No exit was set: the future was dropped unfinished, because its arbiter was stopped.
        let unfinished = || if std::thread::panicking() { Exit::Panicked("while it was killed".into()) } else { Exit::Killed };
        let exit = self.exit.take().unwrap_or_else(unfinished);
        (self.reporter)(Report::Ended(exit));
        self.arbiter.stop();
    }
}
