//! The job state machine.
//!
//! ```text
//!              claim                    finished
//!   queued ────────────▶ running{phase} ────────▶ completed ─┐
//!    ▲ ▲ │                │  │  │                            │ retry (not good)
//!    │ │ │ pause          │  │  └──── errored ──▶ failed ────┤
//!    │ │ ▼       halted / │  │ cancel                        │
//!    │ paused ◀───────────┘  └──────────────────▶ cancelled ─┤
//!    │   resume / condition cleared                          │
//!    └───────────────────────────────────────────────────────┘
//!      continue (in this or another drive): from everything but running and a good image
//!      cancel undone: from cancelled back to queued or paused, with its old place in the queue
//! ```
//! * `queued`: waits for its drive, its disc or a free place; the dispatcher says for which.
//! * `running`: a JobActor owns it and at most one worker reads for it. `stopping` remembers why a worker was told to stop,
//!   so that a power failure in between ends where the person wanted it to end.
//! * `paused`: waits for a person or for a condition (space, disc, drive) that the service watches.
//!   When sectors stay unreadable and the job was told to ask, it is `paused`/`loss` until a person decides ([`Decision`]).
//! * `completed`, `failed`, `cancelled`: terminal; the drive is released. `retry` goes on from the sector map, `continue` does
//!   so in another drive or with a second copy of the disc.
//!
//! A restart of the service is an ordinary event, [`JobEvent::Recovered`].

use super::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// What a running job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Looking at the disc and preparing the target.
    Analyzing,
    /// First pass over the disc.
    Reading,
    /// Unreadable areas, sector by sector.
    Rescuing,
    /// Hashing what did not pass through the hashes in order.
    Hashing,
    /// Comparing.
    Verifying,
    /// Syncing, naming, entering into the catalogue.
    Publishing,
}

/// Why a job is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// A person paused it; only a person lets it go on.
    User,
    /// The target is full; goes on when there is room.
    NoSpace,
    /// Its disc was taken out; goes on when that very disc is back.
    MediumRemoved,
    /// Its drive does not answer; goes on when it does.
    DriveWedged,
    /// Its drive is gone; goes on when it is back.
    DriveGone,
    /// Everything was tried and sectors are missing; a person decides: accept the loss, one more pass, another drive.
    Loss,
}

/// What shall follow when the worker has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopping {
    /// Paused by a person.
    Pause,
    /// Back into the queue (resumed before the pause took effect).
    Requeue,
}

/// State of a job; data that belongs to a state lives in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum JobState {
    /// Waits for the dispatcher.
    Queued,
    /// Owned by a JobActor.
    Running {
        /// What it is doing.
        phase: Phase,
        /// Set once the worker was told to stop.
        stopping: Option<Stopping>,
    },
    /// Waits for a person or a condition.
    Paused {
        /// For which.
        reason: PauseReason,
    },
    /// Done, with a verdict.
    Completed {
        /// What the result is worth.
        verdict: Verdict,
    },
    /// Went wrong for good.
    Failed,
    /// A person gave it up.
    Cancelled,
}

/// What a person decided about sectors that stayed unreadable; stored with the job, in force until the next decision, so that a
/// crash leads to the same end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing more is read: the image is finished with what there is.
    Accept,
    /// At least one more pass over what is missing.
    Retry,
    /// The same in another drive, or with a second copy of the disc.
    OtherDrive,
}

impl Decision {
    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Retry => "retry",
            Self::OtherDrive => "other_drive",
        }
    }

    /// The decision of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Accept, Self::Retry, Self::OtherDrive].into_iter().find(|decision| decision.as_str() == text)
    }
}

/// What happens to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobEvent {
    /// The dispatcher gives it a drive and a place.
    Claimed,
    /// The worker entered a phase.
    PhaseEntered(Phase),
    /// A person wants it to pause.
    PauseRequested,
    /// A person wants it to go on.
    ResumeRequested,
    /// A person gives it up.
    CancelRequested,
    /// A person takes a cancellation back; the reason for which the job was paused before, if it was.
    CancelUndone(Option<PauseReason>),
    /// A person wants another try.
    RetryRequested,
    /// A person wants it to go on in a certain drive, with this disc or another copy of it.
    ContinueRequested,
    /// A person decided about sectors that stayed unreadable.
    Decided(Decision),
    /// The worker stopped because it was told to.
    Stopped,
    /// The worker cannot go on for now.
    Halted(PauseReason),
    /// What a paused job waited for is there again.
    ConditionCleared(PauseReason),
    /// The result is on disk and catalogued.
    Finished(Verdict),
    /// Went wrong for good.
    Errored,
    /// The JobActor or its worker died without a word.
    Crashed,
    /// The service has started and finds this job in its database.
    Recovered,
}

/// Facts from outside the state that the rules need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobPolicy {
    /// How often this job has crashed or met a wedged drive in a row without getting further than ever before.
    pub attempts: u32,
    /// After so many the job fails instead of being tried again.
    pub max_attempts: u32,
}

impl Default for JobPolicy {
    fn default() -> Self {
        Self { attempts: 0, max_attempts: 10 }
    }
}

/// What the actor has to do after the new state is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobEffect {
    /// Start a worker; it goes on from the sector map if there is one.
    StartWorker,
    /// Ask the worker to stop and make durable what it has.
    StopWorker,
    /// The job does not need its drive any more (as soon as its worker is gone).
    ReleaseDrive,
    /// Count one more attempt.
    CountAttempt,
    /// Forget the attempts: a person decided.
    ResetAttempts,
    /// Note what holds for missing sectors from now on; `None`: whoever is asked next decides anew.
    SetDecision(Option<Decision>),
    /// Let the dispatcher look at the queue.
    WakeDispatcher,
}

/// The next state and what to do once it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    /// New state; equal to the old one when the request was already fulfilled.
    pub next: JobState,
    /// In this order, after the state is stored.
    pub effects: Vec<JobEffect>,
}

/// Why a request is refused; the text is the API's stable error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JobDenied {
    /// The job is over.
    #[error("job_finished")]
    Finished,
    /// Only a failed, cancelled or damaged job can be tried again.
    #[error("job_not_retryable")]
    NotRetryable,
    /// Only a cancelled job can be taken back.
    #[error("conflict")]
    NotCancelled,
    /// Events of a worker make sense only for a running job.
    #[error("job_not_running")]
    NotRunning,
    /// Only a queued job can be claimed.
    #[error("job_not_queued")]
    NotQueued,
    /// A running job has to be paused before another drive can go on with it.
    #[error("job_active")]
    Active,
    /// Only a job that asks about missing sectors takes a decision about them.
    #[error("no_decision_needed")]
    NoDecision,
}

impl JobState {
    /// Whether the job is over and its drive free.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Failed | Self::Cancelled)
    }

    /// The word used in the API and the database.
    pub fn status(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running { .. } => "running",
            Self::Paused { .. } => "paused",
            Self::Completed { .. } => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Decides. An unchanged `next` without effects means that the request was already fulfilled.
    ///
    /// # Errors
    /// [`JobDenied`] when the event makes no sense in this state; nothing changes then.
    pub fn step(self, event: JobEvent, policy: &JobPolicy) -> Result<JobStep, JobDenied> {
        use JobEffect::{CountAttempt, ReleaseDrive, ResetAttempts, SetDecision, StartWorker, StopWorker, WakeDispatcher};
        use JobEvent as E;
        let to = |next, effects: &[JobEffect]| Ok(JobStep { next, effects: effects.to_vec() });
        let stay = || to(self, &[]);
        match (self, event) {
            (Self::Queued, E::Claimed) => to(Self::Running { phase: Phase::Analyzing, stopping: None }, &[StartWorker]),
            (_, E::Claimed) => Err(JobDenied::NotQueued),

            (Self::Running { stopping, .. }, E::PhaseEntered(phase)) => to(Self::Running { phase, stopping }, &[]),
            (Self::Running { .. }, E::Finished(verdict)) => to(Self::Completed { verdict }, &[ReleaseDrive, WakeDispatcher]),
            (Self::Running { .. }, E::Errored) => to(Self::Failed, &[ReleaseDrive, WakeDispatcher]),
            (Self::Running { stopping, .. }, E::Stopped) => to(after_stop(stopping), &[ReleaseDrive, WakeDispatcher]),
            (Self::Running { .. }, E::Halted(PauseReason::DriveWedged) | E::Crashed)
                if policy.attempts + 1 >= policy.max_attempts =>
            {
                to(Self::Failed, &[ReleaseDrive, WakeDispatcher])
            }
            (Self::Running { stopping, .. }, E::Crashed) => {
                to(after_stop(stopping), &[CountAttempt, ReleaseDrive, WakeDispatcher])
            }
            (Self::Running { .. }, E::Halted(reason @ PauseReason::DriveWedged)) => {
                to(Self::Paused { reason }, &[CountAttempt, ReleaseDrive, WakeDispatcher])
            }
            (Self::Running { .. }, E::Halted(reason @ PauseReason::Loss)) => {
                to(Self::Paused { reason }, &[SetDecision(None), ReleaseDrive, WakeDispatcher])
            }
            (Self::Running { .. }, E::Halted(reason)) => to(Self::Paused { reason }, &[ReleaseDrive, WakeDispatcher]),
            (_, E::PhaseEntered(_) | E::Finished(_) | E::Errored | E::Stopped | E::Halted(_) | E::Crashed) => {
                Err(JobDenied::NotRunning)
            }

            (Self::Queued, E::PauseRequested) => to(Self::Paused { reason: PauseReason::User }, &[]),
            (Self::Running { phase, .. }, E::PauseRequested) => {
                to(Self::Running { phase, stopping: Some(Stopping::Pause) }, &[StopWorker])
            }
            // A person's pause is stronger than any condition: it must not go on by itself any more.
            (Self::Paused { .. }, E::PauseRequested) => to(Self::Paused { reason: PauseReason::User }, &[]),

            (Self::Queued, E::ResumeRequested) => stay(),
            (Self::Running { phase, stopping: Some(_) }, E::ResumeRequested) => {
                to(Self::Running { phase, stopping: Some(Stopping::Requeue) }, &[])
            }
            (Self::Running { stopping: None, .. }, E::ResumeRequested) => stay(),
            (Self::Paused { .. }, E::ResumeRequested) => to(Self::Queued, &[ResetAttempts, WakeDispatcher]),

            (Self::Queued | Self::Paused { .. }, E::CancelRequested) => to(Self::Cancelled, &[WakeDispatcher]),
            (Self::Running { .. }, E::CancelRequested) => to(Self::Cancelled, &[StopWorker, ReleaseDrive, WakeDispatcher]),
            (Self::Cancelled, E::CancelRequested) => stay(),

            (Self::Completed { .. } | Self::Failed | Self::Cancelled, E::PauseRequested | E::ResumeRequested)
            | (Self::Completed { .. } | Self::Failed, E::CancelRequested) => Err(JobDenied::Finished),

            (Self::Cancelled, E::CancelUndone(None)) => to(Self::Queued, &[WakeDispatcher]),
            (Self::Cancelled, E::CancelUndone(Some(reason))) => to(Self::Paused { reason }, &[WakeDispatcher]),
            (_, E::CancelUndone(_)) => Err(JobDenied::NotCancelled),

            (Self::Failed | Self::Cancelled, E::RetryRequested) => to(Self::Queued, &retry(Decision::Retry)),
            (Self::Completed { verdict }, E::RetryRequested) if !verdict.is_good() => to(Self::Queued, &retry(Decision::Retry)),
            (_, E::RetryRequested) => Err(JobDenied::NotRetryable),

            (Self::Running { .. }, E::ContinueRequested) => Err(JobDenied::Active),
            (Self::Completed { verdict }, E::ContinueRequested) if verdict.is_good() => Err(JobDenied::NotRetryable),
            (Self::Paused { reason: PauseReason::Loss }, E::Decided(decision)) => to(Self::Queued, &retry(decision)),
            (_, E::Decided(_)) => Err(JobDenied::NoDecision),
            (_, E::ContinueRequested) => to(Self::Queued, &retry(Decision::OtherDrive)),

            (Self::Paused { reason }, E::ConditionCleared(cleared))
                if reason == cleared && !matches!(reason, PauseReason::User | PauseReason::Loss) =>
            {
                to(Self::Queued, &[WakeDispatcher])
            }
            (_, E::ConditionCleared(_)) => stay(),

            (Self::Running { stopping, .. }, E::Recovered) => to(after_stop(stopping), &[WakeDispatcher]),
            (_, E::Recovered) => stay(),
        }
    }
}

/// What a person's wish to go on means beside the new state.
fn retry(decision: Decision) -> [JobEffect; 3] {
    [JobEffect::SetDecision(Some(decision)), JobEffect::ResetAttempts, JobEffect::WakeDispatcher]
}

/// Where a job goes when its worker is gone: where the person wanted it, or back into the queue.
fn after_stop(stopping: Option<Stopping>) -> JobState {
    match stopping {
        Some(Stopping::Pause) => JobState::Paused { reason: PauseReason::User },
        Some(Stopping::Requeue) | None => JobState::Queued,
    }
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
