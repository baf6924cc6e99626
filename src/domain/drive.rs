//! The drive state machine: the eleven states of a drive and what moves it from one to another.
//!
//! ```text
//! initializing ──▶ waiting_for_media ◀──────────────────────────────┐ tray open, empty
//!      ▲                 │ medium seen                              │
//!      │                 ▼                                          │
//! drive_detected   media_detected ─▶ analyzing ─┬─▶ idle ──────────┤
//!      ▲                 ▲ another disc          │    │ job started │
//!      │ appeared        └───────────────────────┤    ▼             │
//! waiting_for_drive ◀── gone (from anywhere)     │  copying ─▶ completed ─▶ waiting_for_removal
//!                                                └─▶ waiting_for_removal (already archived)
//! error{wedged, permission, unreadable}: from anywhere; an answer of the drive leads back to the beginning
//! ```
//! Kernel and udev events only wake the drive's actor; what a status query sees decides.
//!
//! **Media session**: a number that grows each time a medium is seen to arrive. At most one automatic job belongs to a session
//! (`offered`). A tray that was only opened and closed over the same disc does not begin a new session.

use super::{disc::Fingerprint, ids::JobId, verdict::Verdict};
use serde::{Deserialize, Serialize};

/// What a status query of a drive can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrayStatus {
    /// The tray is out.
    Open,
    /// Closed and no medium.
    Empty,
    /// A medium is being loaded or spun up.
    BecomingReady,
    /// A medium is there; that does not mean it can be read.
    Loaded,
}

/// Machine-readable reason beside a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriveReason {
    /// No medium, tray closed.
    Empty,
    /// The tray is open.
    TrayOpen,
    /// The medium spins up.
    BecomingReady,
    /// A disc is ready to be imaged.
    Ready,
    /// This disc is in the catalogue already.
    AlreadyArchived,
    /// This disc is in the catalogue already, and the settings say that a person decides.
    DecisionNeeded,
    /// A recordable disc with nothing on it.
    Blank,
    /// A disc that no `.iso` can hold honestly (audio, mixed).
    Unsupported,
    /// The last job on this disc was stopped, paused or failed.
    JobEnded,
    /// The tray did not open.
    EjectFailed,
    /// Neither table of contents nor first sectors can be read.
    Unreadable,
    /// The drive does not answer.
    Wedged,
    /// The system denies access to the drive.
    Permission,
    /// The drive is not connected.
    DriveGone,
    /// The drive's own actor failed too often; see the log.
    Failed,
}

/// State of a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum DriveState {
    /// The actor has started and knows nothing yet.
    Initializing,
    /// Not connected.
    WaitingForDrive,
    /// Connected again, not asked yet.
    DriveDetected,
    /// No medium to look at.
    WaitingForMedia {
        /// Empty, tray open or becoming ready.
        reason: DriveReason,
    },
    /// A medium has arrived and settles.
    MediaDetected,
    /// The medium is being identified.
    Analyzing,
    /// The medium is known and nothing is being done with it.
    Idle {
        /// Why nothing is being done.
        reason: DriveReason,
    },
    /// A job reads the medium.
    Copying {
        /// Which.
        job: JobId,
    },
    /// A job has finished with the medium.
    Completed {
        /// With this verdict.
        verdict: Verdict,
    },
    /// Nothing more to do with this medium.
    WaitingForRemoval {
        /// Why.
        reason: DriveReason,
    },
    /// The drive or its medium cannot be used.
    Error {
        /// Why.
        reason: DriveReason,
    },
}

/// A drive's state with what must survive a restart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Drive {
    /// State.
    pub state: DriveState,
    /// Media session; 0 before the first medium.
    pub session: u64,
    /// Identity of the last medium that was analysed and not seen to be taken out since.
    pub disc: Option<Fingerprint>,
    /// Insertion number that came with it, on drives that count.
    pub insertion: Option<u64>,
    /// Whether this session has had its automatic job.
    pub offered: bool,
}

impl Default for Drive {
    fn default() -> Self {
        Self { state: DriveState::Initializing, session: 0, disc: None, insertion: None, offered: false }
    }
}

/// What was found out about a medium.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// Its identity.
    pub disc: Fingerprint,
    /// Insertion number at that time.
    pub insertion: Option<u64>,
    /// Whether an `.iso` can hold it honestly.
    pub imageable: bool,
    /// Whether a good image of it is in the catalogue.
    pub archived: bool,
    /// Whether an unfinished job wants this disc in this drive.
    pub wanted: bool,
}

/// Why a medium could not be identified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotIdentified {
    /// Still spinning up.
    NotReady,
    /// Taken out.
    NoMedium,
    /// Changed while it was being identified.
    Changed,
    /// Nothing recorded on it.
    Blank,
    /// Not readable.
    Unreadable,
}

/// How a job left the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobEnd {
    /// With an image.
    Done(Verdict),
    /// Without: paused, cancelled, failed.
    Stopped,
    /// Without: its disc or its drive is gone.
    MediumLost,
}

/// What happens to a drive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DriveEvent {
    /// Its actor has started; a job that still reads this drive keeps it.
    Started {
        /// That job.
        reading: Option<JobId>,
    },
    /// A status query was answered.
    Status {
        /// What it saw.
        tray: TrayStatus,
        /// Insertion number, on drives that count.
        insertion: Option<u64>,
    },
    /// The medium had time to settle.
    Settled,
    /// The medium was identified.
    Identified(Finding),
    /// It could not be.
    NotIdentified(NotIdentified),
    /// A job begins to read.
    JobStarted(JobId),
    /// A job does not read any more.
    JobEnded(JobId, JobEnd),
    /// Nothing comes back from the drive.
    Wedged,
    /// The drive was unplugged.
    Vanished,
    /// The drive was plugged in.
    Appeared,
    /// The system denies access.
    PermissionDenied,
    /// A person or a rule wants the tray open.
    EjectRequested,
    /// It is open.
    Ejected,
    /// It stayed closed.
    EjectFailed,
    /// A person wants the tray closed.
    CloseRequested,
}

/// What to do with a disc that is in the catalogue already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgainPolicy {
    /// Leave it alone.
    #[default]
    Skip,
    /// Ask a person.
    Ask,
    /// Image it again.
    Again,
}

/// Settings that the rules need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DrivePolicy {
    /// Image every inserted disc.
    pub auto: bool,
    /// Discs that are in the catalogue already.
    pub again: AgainPolicy,
    /// Open the tray after a good image.
    pub eject_when_done: bool,
}

/// What the actor has to do after the new state is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DriveEffect {
    /// Ask the drive for its status.
    QueryStatus,
    /// Give the medium a moment, then say [`DriveEvent::Settled`].
    Settle,
    /// Identify the medium.
    Identify,
    /// Create the automatic job of this session (in the same transaction as the state).
    CreateAutoJob,
    /// Tell the dispatcher that a disc can be read here.
    AnnounceDisc,
    /// Open the tray.
    Eject,
    /// Close the tray.
    CloseTray,
}

/// The next state of a drive and what to do once it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveStep {
    /// New state; equal to the old one when nothing changed.
    pub next: Drive,
    /// In this order.
    pub effects: Vec<DriveEffect>,
}

/// Why a request is refused; the text is the API's stable error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DriveDenied {
    /// A job reads.
    #[error("drive_busy")]
    Busy,
    /// The drive does not answer.
    #[error("drive_wedged")]
    Wedged,
    /// The drive is not connected.
    #[error("drive_gone")]
    Gone,
}

impl DriveState {
    /// The word used in the API and the database.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::WaitingForDrive => "waiting_for_drive",
            Self::DriveDetected => "drive_detected",
            Self::WaitingForMedia { .. } => "waiting_for_media",
            Self::MediaDetected => "media_detected",
            Self::Analyzing => "analyzing",
            Self::Idle { .. } => "idle",
            Self::Copying { .. } => "copying",
            Self::Completed { .. } => "completed",
            Self::WaitingForRemoval { .. } => "waiting_for_removal",
            Self::Error { .. } => "error",
        }
    }

    /// The reason beside the state.
    pub fn reason(&self) -> Option<DriveReason> {
        match self {
            Self::WaitingForMedia { reason }
            | Self::Idle { reason }
            | Self::WaitingForRemoval { reason }
            | Self::Error { reason } => Some(*reason),
            Self::WaitingForDrive => Some(DriveReason::DriveGone),
            _ => None,
        }
    }

    /// Whether the medium in the drive was identified and is still there, as far as is known.
    pub fn knows_medium(&self) -> bool {
        matches!(self, Self::Idle { .. } | Self::Copying { .. } | Self::Completed { .. } | Self::WaitingForRemoval { .. })
    }

    /// Whether a job may begin to read now.
    pub fn can_read(&self) -> bool {
        self.knows_medium() && !matches!(self, Self::Copying { .. })
    }
}

impl Drive {
    /// Decides. An unchanged `next` without effects means that there is nothing to do.
    ///
    /// # Errors
    /// [`DriveDenied`] for requests that cannot be fulfilled now; nothing changes then.
    pub fn step(&self, event: DriveEvent, policy: &DrivePolicy) -> Result<DriveStep, DriveDenied> {
        use DriveEffect as X;
        use DriveEvent as E;
        use DriveState as S;
        let copying = matches!(self.state, S::Copying { .. });
        match event {
            E::Started { reading: Some(job) } => Ok(self.to(S::Copying { job }, &[])),
            E::Started { reading: None } => Ok(self.to(S::Initializing, &[X::QueryStatus])),
            E::Vanished => Ok(self.to(S::WaitingForDrive, &[])),
            E::Appeared if self.state == S::WaitingForDrive => Ok(self.to(S::DriveDetected, &[X::QueryStatus])),
            E::Wedged => Ok(self.to(S::Error { reason: DriveReason::Wedged }, &[X::QueryStatus])),
            E::PermissionDenied if !copying => Ok(self.to(S::Error { reason: DriveReason::Permission }, &[])),
            E::Status { tray, insertion } if !copying => Ok(self.on_status(tray, insertion)),
            E::Settled if self.state == S::MediaDetected => Ok(self.to(S::Analyzing, &[X::Identify])),
            E::Identified(finding) if self.state == S::Analyzing => Ok(self.on_identified(finding, policy)),
            E::NotIdentified(why) if self.state == S::Analyzing => Ok(self.on_not_identified(why)),
            E::JobStarted(job) => self.on_job_started(job),
            E::JobEnded(job, end) if self.state == (S::Copying { job }) => Ok(self.on_job_ended(end, policy)),
            E::EjectRequested if self.state == (S::WaitingForMedia { reason: DriveReason::TrayOpen }) => Ok(self.stay()),
            E::EjectRequested => self.if_answering(X::Eject),
            E::CloseRequested => self.if_answering(X::CloseTray),
            E::Ejected if !copying => Ok(self.to(S::WaitingForMedia { reason: DriveReason::TrayOpen }, &[])),
            E::EjectFailed if self.state.can_read() => {
                Ok(self.to(S::WaitingForRemoval { reason: DriveReason::EjectFailed }, &[]))
            }
            E::Appeared
            | E::PermissionDenied
            | E::Status { .. }
            | E::Settled
            | E::Identified(_)
            | E::NotIdentified(_)
            | E::JobEnded(..)
            | E::Ejected
            | E::EjectFailed => Ok(self.stay()),
        }
    }

    fn to(&self, state: DriveState, effects: &[DriveEffect]) -> DriveStep {
        DriveStep { next: Self { state, ..self.clone() }, effects: effects.to_vec() }
    }

    fn stay(&self) -> DriveStep {
        self.to(self.state, &[])
    }

    fn if_answering(&self, effect: DriveEffect) -> Result<DriveStep, DriveDenied> {
        match self.state {
            DriveState::Copying { .. } => Err(DriveDenied::Busy),
            DriveState::Error { reason: DriveReason::Wedged } => Err(DriveDenied::Wedged),
            DriveState::WaitingForDrive => Err(DriveDenied::Gone),
            _ => Ok(self.to(self.state, &[effect])),
        }
    }

    fn on_status(&self, tray: TrayStatus, insertion: Option<u64>) -> DriveStep {
        use DriveState as S;
        let waiting = |reason| S::WaitingForMedia { reason };
        match tray {
            TrayStatus::Open => self.to(waiting(DriveReason::TrayOpen), &[]),
            TrayStatus::Empty => {
                let mut step = self.to(waiting(DriveReason::Empty), &[]);
                // Seen empty: whatever comes next has arrived, even if it is the same disc.
                step.next.disc = None;
                step.next.offered = false;
                step
            }
            // A drive that was just read may answer "becoming ready" for a moment; its medium is still the same one.
            TrayStatus::BecomingReady
                if self.state.knows_medium() || self.state == S::MediaDetected || self.state == S::Analyzing =>
            {
                self.stay()
            }
            TrayStatus::BecomingReady => self.to(waiting(DriveReason::BecomingReady), &[]),
            TrayStatus::Loaded => {
                let same = self.insertion == insertion;
                let looked_at = self.state.knows_medium() || self.state == (S::Error { reason: DriveReason::Unreadable });
                if matches!(self.state, S::MediaDetected | S::Analyzing) || (looked_at && same) {
                    self.stay()
                } else {
                    self.to(S::MediaDetected, &[DriveEffect::Settle])
                }
            }
        }
    }

    fn on_identified(&self, finding: Finding, policy: &DrivePolicy) -> DriveStep {
        use DriveEffect::{AnnounceDisc, CreateAutoJob};
        use DriveState::{Idle, WaitingForRemoval};
        let same_medium = self.disc.as_ref() == Some(&finding.disc) && self.insertion == finding.insertion;
        let mut next = self.clone();
        if !same_medium {
            next.session += 1;
            next.offered = false;
        }
        next.disc = Some(finding.disc);
        next.insertion = finding.insertion;
        let mut effects = Vec::new();
        let again = policy.again == AgainPolicy::Again;
        next.state = if !finding.imageable {
            Idle { reason: DriveReason::Unsupported }
        } else if finding.wanted {
            next.offered = true;
            Idle { reason: DriveReason::Ready }
        } else if policy.auto && !next.offered && (!finding.archived || again) {
            next.offered = true;
            effects.push(CreateAutoJob);
            Idle { reason: DriveReason::Ready }
        } else if finding.archived && policy.again == AgainPolicy::Ask && !next.offered {
            Idle { reason: DriveReason::DecisionNeeded }
        } else if finding.archived {
            WaitingForRemoval { reason: DriveReason::AlreadyArchived }
        } else {
            Idle { reason: DriveReason::Ready }
        };
        effects.push(AnnounceDisc);
        DriveStep { next, effects }
    }

    fn on_not_identified(&self, why: NotIdentified) -> DriveStep {
        use DriveState as S;
        match why {
            NotIdentified::NotReady => self.to(S::WaitingForMedia { reason: DriveReason::BecomingReady }, &[]),
            NotIdentified::NoMedium => self.to(S::WaitingForMedia { reason: DriveReason::Empty }, &[DriveEffect::QueryStatus]),
            NotIdentified::Changed => self.to(S::MediaDetected, &[DriveEffect::Settle]),
            NotIdentified::Blank => self.to(S::Idle { reason: DriveReason::Blank }, &[]),
            NotIdentified::Unreadable => self.to(S::Error { reason: DriveReason::Unreadable }, &[]),
        }
    }

    fn on_job_started(&self, job: JobId) -> Result<DriveStep, DriveDenied> {
        match self.state {
            DriveState::Copying { job: other } if other != job => Err(DriveDenied::Busy),
            DriveState::Error { reason: DriveReason::Wedged } => Err(DriveDenied::Wedged),
            DriveState::WaitingForDrive => Err(DriveDenied::Gone),
            _ => Ok(self.to(DriveState::Copying { job }, &[])),
        }
    }

    fn on_job_ended(&self, end: JobEnd, policy: &DrivePolicy) -> DriveStep {
        match end {
            JobEnd::Done(verdict) if policy.eject_when_done && verdict.is_good() => {
                self.to(DriveState::Completed { verdict }, &[DriveEffect::Eject])
            }
            JobEnd::Done(verdict) => self.to(DriveState::Completed { verdict }, &[DriveEffect::QueryStatus]),
            JobEnd::Stopped => self.to(DriveState::Idle { reason: DriveReason::JobEnded }, &[DriveEffect::QueryStatus]),
            // Whatever is in there now has to be looked at; until then nobody may think that it is still the job's disc.
            JobEnd::MediumLost => {
                self.to(DriveState::WaitingForMedia { reason: DriveReason::Empty }, &[DriveEffect::QueryStatus])
            }
        }
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
