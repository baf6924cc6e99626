//! The states of a drive and the reasons beside them.

use crate::domain::{disc::Fingerprint, ids::JobId, verdict::Verdict};
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
    /// Switched off in its settings: it is left alone.
    Disabled,
    /// Somebody else uses the disc: it is mounted, or another program holds it.
    InUse,
    /// The medium spins up and never gets ready.
    NotReady,
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
        match self {
            Self::Idle { reason } => *reason != DriveReason::Disabled,
            Self::Copying { .. } | Self::Completed { .. } | Self::WaitingForRemoval { .. } => true,
            _ => false,
        }
    }

    /// Whether a job may begin to read now.
    pub fn can_read(&self) -> bool {
        self.knows_medium() && !matches!(self, Self::Copying { .. })
    }
}
