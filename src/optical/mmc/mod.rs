//! What the commands to an optical drive mean (MMC-6, SPC-4), over any [`Transport`]. No `unsafe`, no ioctl.

mod contents;
mod device;
mod drive;
pub mod parse;
mod reading;
mod reply;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_answers;

pub(super) use drive::MmcDrive;
pub(super) use reply::Reply;

use super::DeviceError;
use std::time::Duration;

/// Answer of the kernel's CDROM_DRIVE_STATUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CdStatus {
    /// The driver cannot say.
    NoInfo,
    /// No disc, tray closed.
    NoDisc,
    /// Tray open.
    TrayOpen,
    /// Becoming ready.
    NotReady,
    /// A disc is there; whether it can be read is another question.
    DiscOk,
}

/// How commands reach a drive.
pub(super) trait Transport: Send {
    /// Sends one command and receives up to `data.len()` bytes. `Err` only if the command did not get through at all.
    fn execute(&mut self, cdb: &[u8], data: &mut [u8], limit: Duration) -> Result<Reply, DeviceError>;

    /// Sends one command with bytes for the drive. `Err` only if the command did not get through at all.
    fn send(&mut self, cdb: &[u8], data: &[u8], limit: Duration) -> Result<Reply, DeviceError>;

    /// Tray and disc, without moving or spinning up anything.
    fn cd_status(&mut self) -> Result<CdStatus, DeviceError>;

    /// Whether the medium was changed after `moment` (milliseconds of the kernel's clock), which becomes the time of the
    /// latest change. `false` where the kernel cannot say.
    fn medium_changed_after(&mut self, moment: &mut i64) -> bool;

    /// Most bytes in one command that are no trouble on the way, 0 if unknown.
    fn max_bytes(&mut self) -> u64;

    /// Size of the kernel's block device in bytes, if there is one.
    fn block_device_bytes(&mut self) -> Option<u64> {
        None
    }
}
