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
//! error{wedged, permission, unreadable, in_use, not_ready}: from anywhere; an answer of the drive leads back to the beginning
//! idle{disabled}: from anywhere but copying, while the drive is switched off; switching it on leads back to the beginning
//! ```
//! Kernel and udev events only wake the drive's actor; what a status query sees decides.
//!
//! **Media session**: a number that grows each time a medium is seen to arrive. At most one automatic job belongs to a session
//! (`offered`). A tray that was only opened and closed over the same disc does not begin a new session.

mod states;

pub use states::{Drive, DriveReason, DriveState, TrayStatus};

use super::{disc::Fingerprint, ids::JobId, verdict::Verdict};
use serde::{Deserialize, Serialize};

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
    /// With a result, and the job says what becomes of the tray, whatever the settings say.
    DoneThen {
        /// The result.
        verdict: Verdict,
        /// Open the tray.
        eject: bool,
    },
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
    /// Somebody pressed the button on the drive.
    ButtonPressed,
    /// The settings of this drive are others than before; the policy says which.
    SettingsChanged,
    /// Somebody else uses the disc.
    InUse,
    /// Nobody else uses the disc any more.
    Released,
    /// The medium had all the time that the settings give it, and is still not ready.
    NeverReady,
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
    /// The drive is switched off.
    pub disabled: bool,
    /// The drive cannot open its tray by command.
    pub no_eject: bool,
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
    /// Keep the tray shut while a job reads.
    Lock,
    /// Let the tray open at the button again.
    Unlock,
    /// Say that the button does nothing while a job reads.
    TellBusy,
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
    /// The drive is switched off.
    #[error("drive_disabled")]
    Disabled,
    /// Somebody else uses the disc.
    #[error("drive_in_use")]
    InUse,
    /// The drive cannot open its tray by command.
    #[error("drive_refused")]
    NoEject,
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
        if policy.disabled && !copying {
            return self.while_disabled(&event);
        }
        match event {
            E::Started { reading: Some(job) } => Ok(self.to(S::Copying { job }, &[])),
            // The tray was locked for a job that is not there any more.
            E::Started { reading: None } if copying => Ok(self.to(S::Initializing, &[X::Unlock, X::QueryStatus])),
            E::Started { reading: None } => Ok(self.to(S::Initializing, &[X::QueryStatus])),
            E::Vanished => Ok(self.to(S::WaitingForDrive, &[])),
            E::Appeared if self.state == S::WaitingForDrive => Ok(self.to(S::DriveDetected, &[X::QueryStatus])),
            E::Wedged if copying => Ok(self.to(S::Error { reason: DriveReason::Wedged }, &[X::Unlock, X::QueryStatus])),
            E::Wedged => Ok(self.to(S::Error { reason: DriveReason::Wedged }, &[X::QueryStatus])),
            E::PermissionDenied if !copying => Ok(self.to(S::Error { reason: DriveReason::Permission }, &[])),
            E::Status { tray, insertion } if !copying => Ok(self.on_status(tray, insertion)),
            E::Settled if self.state == S::MediaDetected => Ok(self.to(S::Analyzing, &[X::Identify])),
            E::Identified(finding) if self.state == S::Analyzing => Ok(self.on_identified(finding, policy)),
            E::NotIdentified(why) if self.state == S::Analyzing => Ok(self.on_not_identified(why)),
            E::JobStarted(job) => self.on_job_started(job),
            E::JobEnded(job, end) if self.state == (S::Copying { job }) => Ok(self.on_job_ended(end, policy)),
            E::EjectRequested if self.state == (S::WaitingForMedia { reason: DriveReason::TrayOpen }) => Ok(self.stay()),
            // What is mounted is not taken away from whoever mounted it.
            E::EjectRequested if self.state == (S::Error { reason: DriveReason::InUse }) => Err(DriveDenied::InUse),
            E::EjectRequested if policy.no_eject => Err(DriveDenied::NoEject),
            E::EjectRequested => self.if_answering(X::Eject),
            E::ButtonPressed if copying => Ok(self.to(self.state, &[X::TellBusy])),
            // What may not be opened by command opens by its button without our help, or not at all.
            E::ButtonPressed => match self.step(E::EjectRequested, policy) {
                Ok(step) => Ok(step),
                Err(_) => Ok(self.stay()),
            },
            E::SettingsChanged if self.state == (S::Idle { reason: DriveReason::Disabled }) => {
                Ok(self.to(S::Initializing, &[X::QueryStatus]))
            }
            E::InUse if self.state.can_read() || matches!(self.state, S::MediaDetected | S::Analyzing) => {
                Ok(self.to(S::Error { reason: DriveReason::InUse }, &[]))
            }
            E::Released if self.state == (S::Error { reason: DriveReason::InUse }) => {
                Ok(self.to(S::Initializing, &[X::QueryStatus]))
            }
            E::NeverReady if self.state == (S::WaitingForMedia { reason: DriveReason::BecomingReady }) => {
                Ok(self.to(S::Error { reason: DriveReason::NotReady }, &[]))
            }
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
            | E::EjectFailed
            | E::SettingsChanged
            | E::InUse
            | E::Released
            | E::NeverReady => Ok(self.stay()),
        }
    }

    /// A drive that is switched off is only watched for being unplugged. What was known about its disc is kept.
    fn while_disabled(&self, event: &DriveEvent) -> Result<DriveStep, DriveDenied> {
        use DriveEvent as E;
        let gone = self.state == DriveState::WaitingForDrive;
        match event {
            E::Started { reading: Some(job) } => Ok(self.to(DriveState::Copying { job: *job }, &[])),
            E::Vanished => Ok(self.to(DriveState::WaitingForDrive, &[])),
            E::JobStarted(_) | E::EjectRequested | E::CloseRequested => Err(DriveDenied::Disabled),
            E::Started { .. } | E::Appeared => Ok(self.to(DriveState::Idle { reason: DriveReason::Disabled }, &[])),
            _ if gone => Ok(self.stay()),
            _ => Ok(self.to(DriveState::Idle { reason: DriveReason::Disabled }, &[])),
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
                if self.state.knows_medium()
                    || matches!(self.state, S::MediaDetected | S::Analyzing)
                    || self.state == (S::Error { reason: DriveReason::NotReady }) =>
            {
                self.stay()
            }
            TrayStatus::BecomingReady => self.to(waiting(DriveReason::BecomingReady), &[]),
            TrayStatus::Loaded => {
                let same = self.insertion == insertion;
                let told = matches!(self.state, S::Error { reason: DriveReason::Unreadable | DriveReason::InUse });
                let looked_at = self.state.knows_medium() || told;
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
            DriveState::Error { reason: DriveReason::InUse } => Err(DriveDenied::InUse),
            _ => Ok(self.to(DriveState::Copying { job }, &[DriveEffect::Lock])),
        }
    }

    fn on_job_ended(&self, end: JobEnd, policy: &DrivePolicy) -> DriveStep {
        use DriveEffect::{Eject, QueryStatus, Unlock};
        match end {
            _ if policy.disabled => self.to(DriveState::Idle { reason: DriveReason::Disabled }, &[Unlock]),
            JobEnd::Done(verdict) if policy.eject_when_done && !policy.no_eject && verdict.is_good() => {
                self.to(DriveState::Completed { verdict }, &[Unlock, Eject])
            }
            JobEnd::DoneThen { verdict, eject: true } if !policy.no_eject => {
                self.to(DriveState::Completed { verdict }, &[Unlock, Eject])
            }
            JobEnd::Done(verdict) | JobEnd::DoneThen { verdict, .. } => {
                self.to(DriveState::Completed { verdict }, &[Unlock, QueryStatus])
            }
            JobEnd::Stopped => self.to(DriveState::Idle { reason: DriveReason::JobEnded }, &[Unlock, QueryStatus]),
            // Whatever is in there now has to be looked at; until then nobody may think that it is still the job's disc.
            JobEnd::MediumLost => self.to(DriveState::WaitingForMedia { reason: DriveReason::Empty }, &[Unlock, QueryStatus]),
        }
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
