//! x
use serde::{Deserialize, Serialize};
/// What a running job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
