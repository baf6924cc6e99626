//! A supervisor's record of one child.

use std::time::Instant;

use actix::SpawnHandle;
use tokio::sync::oneshot;

use super::{
    exit::Exit,
    health::{ChildState, HealthSnapshot},
    launch::Running,
    messages::{StartError, StopOutcome},
    plan::{Phase, Place},
    spec::ChildSpec,
};

/// Tells children of one supervisor apart, also those that had the same name one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ChildId(pub(super) u64);

pub(super) enum State {
    Waiting,
    BackingOff,
    Starting(Running),
    Running(Running),
    Stopping { running: Running, killed: bool, then: Then },
    Stopped,
    Failed,
    Abandoned,
}

/// What becomes of a child once it has stopped.
pub(super) enum Then {
    StartAgain,
    /// Forgotten; these want to know how it stopped.
    Remove(Vec<oneshot::Sender<StopOutcome>>),
}

pub(super) struct Child {
    pub(super) id: ChildId,
    pub(super) spec: ChildSpec,
    pub(super) state: State,
    pub(super) since: Instant,
    /// The newest generation; 0 before the first start.
    pub(super) generation: u64,
    pub(super) starts: u64,
    /// Consecutive failures, for the back-off.
    pub(super) failures: usize,
    pub(super) last_exit: Option<Exit>,
    pub(super) must_stop: bool,
    pub(super) on_start: Option<oneshot::Sender<Result<(), StartError>>>,
    /// The timer that belongs to the present state, and the number that tells it from earlier ones.
    pub(super) timer: Option<SpawnHandle>,
    pub(super) timer_number: u64,
}

impl Child {
    pub(super) fn new(id: ChildId, spec: ChildSpec, now: Instant) -> Self {
        Self {
            id,
            spec,
            state: State::Waiting,
            since: now,
            generation: 0,
            starts: 0,
            failures: 0,
            last_exit: None,
            must_stop: false,
            on_start: None,
            timer: None,
            timer_number: 0,
        }
    }

    pub(super) fn running(&self) -> Option<&Running> {
        match &self.state {
            State::Starting(running) | State::Running(running) | State::Stopping { running, .. } => Some(running),
            _ => None,
        }
    }

    /// Will this child run again without anybody asking for it?
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state, State::Waiting | State::BackingOff)
    }

    pub(super) fn place(&self) -> Place {
        let phase = match self.state {
            State::Waiting => Phase::Waiting,
            State::BackingOff => Phase::BackingOff,
            State::Starting(_) => Phase::Starting,
            State::Running(_) => Phase::Running,
            State::Stopping { .. } => Phase::Stopping,
            State::Stopped | State::Failed | State::Abandoned => Phase::Down,
        };
        Place { phase, must_stop: self.must_stop }
    }

    pub(super) fn snapshot(&self, now: Instant, abandoned_threads: usize) -> HealthSnapshot {
        let state = match self.state {
            State::Waiting if self.starts == 0 => ChildState::Starting,
            State::Waiting => ChildState::Restarting,
            State::BackingOff => ChildState::BackingOff,
            State::Starting(_) if self.starts > 1 => ChildState::Restarting,
            State::Starting(_) => ChildState::Starting,
            State::Running(_) => ChildState::Running,
            State::Stopping { .. } => ChildState::Stopping,
            State::Stopped => ChildState::Stopped,
            State::Failed => ChildState::Failed,
            State::Abandoned => ChildState::Abandoned,
        };
        HealthSnapshot {
            name: self.spec.name.clone(),
            state,
            generation: self.generation,
            restarts: self.starts.saturating_sub(1),
            seconds_in_state: now.saturating_duration_since(self.since).as_secs(),
            last_exit: self.last_exit.as_ref().map(ToString::to_string),
            abandoned_threads,
            children: Vec::new(),
        }
    }
}
