//! Why reading ended before the map was settled.

use super::{
    protocol::{Halt, Outcome},
    sink::SinkError,
};
use crate::{filesystems::IdentifyFailure, optical::DeviceError};

/// Everything that ends a run early. Whoever gets one still makes durable what was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Interruption {
    /// A person or the service asked for it.
    Stopped,
    /// The world has to change first (space, disc, drive).
    Halted(Halt),
    /// Not possible as asked; `code` is one of the constants in [`code`].
    Failed {
        /// Stable code.
        code: &'static str,
        /// What was attempted, on what, and what to do.
        message: String,
    },
}

/// Stable codes of [`Outcome::Failed`].
pub mod code {
    /// The final name, or its `.part`, belongs to somebody else.
    pub const NAME_TAKEN: &str = "name_taken";
    /// Nobody knows how big the disc is.
    pub const SIZE_UNKNOWN: &str = "size_unknown";
    /// The map beside the image speaks of another disc.
    pub const WRONG_MAP: &str = "wrong_map";
    /// The map beside the image is damaged.
    pub const MAP_UNUSABLE: &str = "map_unusable";
    /// Another process writes this image.
    pub const IMAGE_BUSY: &str = "image_busy";
    /// The target folder's file system failed.
    pub const STORAGE_FAILED: &str = "storage_failed";
    /// All that could be asked for is copy-protected.
    pub const COPY_PROTECTED: &str = "copy_protected";
    /// The drive stayed "becoming ready".
    pub const DRIVE_NOT_READY: &str = "drive_not_ready";
    /// The drive may not be opened or read by this user.
    pub const NO_PERMISSION: &str = "no_permission";
    /// The program that reads the disc failed.
    pub const READ_FAILED: &str = "read_failed";
    /// The disc could not be identified.
    pub const DISC_UNIDENTIFIED: &str = "disc_unidentified";
    /// MD5 or SHA-256 is not available (OpenSSL in FIPS mode, for example).
    pub const HASHING_FAILED: &str = "hashing_failed";
    /// The task is not one that this program understands.
    pub const BAD_TASK: &str = "bad_task";
}

impl Interruption {
    /// A failure with a code and a sentence.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into() }
    }

    /// The same as a worker's last word.
    pub fn into_outcome(self) -> Outcome {
        match self {
            Self::Stopped => Outcome::Stopped,
            Self::Halted(halt) => Outcome::Halted(halt),
            Self::Failed { code, message } => Outcome::Failed { code: code.to_owned(), message },
        }
    }
}

impl From<&DeviceError> for Interruption {
    /// For a drive that cannot even be opened.
    fn from(error: &DeviceError) -> Self {
        match error {
            DeviceError::Gone => Self::Halted(Halt::DriveGone),
            DeviceError::NoMedium => Self::Halted(Halt::MediumRemoved),
            DeviceError::Permission(text) => Self::failed(code::NO_PERMISSION, text.clone()),
            error => unidentified(error),
        }
    }
}

impl From<&IdentifyFailure> for Interruption {
    /// For a disc that cannot be told from others.
    fn from(failure: &IdentifyFailure) -> Self {
        match failure {
            IdentifyFailure::Gone => Self::Halted(Halt::DriveGone),
            IdentifyFailure::NoMedium => Self::Halted(Halt::MediumRemoved),
            IdentifyFailure::NotReady => {
                Self::failed(code::DRIVE_NOT_READY, "the drive does not get ready; open and close its tray")
            }
            IdentifyFailure::Blank
            | IdentifyFailure::Unreadable(_)
            | IdentifyFailure::Changed
            | IdentifyFailure::Timeout(_)
            | IdentifyFailure::Other(_) => unidentified(failure),
        }
    }
}

fn unidentified(error: &dyn std::fmt::Display) -> Interruption {
    let message = format!("cannot tell which disc is in the drive: {error}; clean the disc or try another drive");
    Interruption::failed(code::DISC_UNIDENTIFIED, message)
}

impl From<SinkError> for Interruption {
    /// `NoSpace` gets its number of missing bytes later, from whoever knows the plan.
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::NoSpace => Self::Halted(Halt::NoSpace { missing: 0 }),
            SinkError::NameTaken(path) => Self::failed(
                code::NAME_TAKEN,
                format!("{} exists and is not replaced; choose another name or move it away", path.display()),
            ),
            SinkError::Busy(path) => {
                Self::failed(code::IMAGE_BUSY, format!("another process is writing {}; wait for it or stop it", path.display()))
            }
            SinkError::Io { .. } => {
                Self::failed(code::STORAGE_FAILED, format!("{error}; check the target folder's file system and try again"))
            }
        }
    }
}
