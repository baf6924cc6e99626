//! x
use serde::{Deserialize, Serialize};

/// What a status query of a drive can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
