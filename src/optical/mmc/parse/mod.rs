//! Answers of drives as bytes. Lengths inside them are claims: nothing here trusts one, and no bytes make anything here panic.

mod identity;
mod information;
mod structure;
mod subchannel;
mod toc;

pub use super::reply::parse_sense as sense;
pub use identity::{capacity, eject_request, feature_is_current, inquiry, profile, serial};
pub use information::{disc_information, error_recovery_page, track_information};
pub use structure::{blu_ray, blu_ray_profile, dvd, dvd_protection};
pub use subchannel::{catalogue_number, isrc};
pub use toc::{atip_profile, cd_text, last_session, sessions, toc};

use crate::optical::DeviceError;

/// Big-endian number of `N` bytes, if they are there.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(N)?)?;
    Some(field.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// What follows a header of four bytes, as far as its length of two bytes and the bytes themselves go.
fn content(bytes: &[u8]) -> &[u8] {
    let end = number::<2>(bytes, 0).map_or(0, |length| usize::try_from(length + 2).unwrap_or(0)).min(bytes.len());
    bytes.get(4..end).unwrap_or_default()
}

fn implausible(what: &str, bytes: &[u8]) -> DeviceError {
    let start: String = bytes.iter().take(16).map(|byte| format!("{byte:02x} ")).collect();
    DeviceError::Other(format!("the drive gave an implausible {what}: {} bytes, {}", bytes.len(), start.trim_end()))
}
