//! What a drive's actor can be asked.

use crate::{
    domain::{
        bridge::Bridge,
        drive::JobEnd,
        drive_settings::DriveChange,
        ids::{DriveId, JobId},
    },
    error::Problem,
    optical::DeviceAddress,
};
use actix::Message;
use std::path::PathBuf;

/// Something a drive shall do or know. Answered when it is done (eject, close, insert) or stored (the others).
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<(), Problem>")]
pub enum DriveCommand {
    /// Open the tray.
    Eject,
    /// Close the tray.
    Close,
    /// Put an image file into a virtual drive.
    Insert(PathBuf),
    /// A job begins to read.
    JobStarted(JobId),
    /// A job does not read any more.
    JobEnded(JobId, JobEnd),
    /// A job's worker could not be stopped: the drive does not answer.
    Wedged,
    /// The system saw something happen; look.
    Look,
    /// The system says the drive is gone.
    Vanished,
    /// The system says the drive is (again) there.
    Appeared {
        /// Under this node.
        address: DeviceAddress,
        /// Behind this bridge.
        bridge: Option<Bridge>,
    },
    /// The system says that somebody pressed the drive's eject button.
    Button {
        /// udev opens the tray by itself.
        by_udev: bool,
    },
    /// Change its settings.
    Change(Box<DriveChange>),
}

/// What identifies a drive when its actor is started.
#[derive(Debug, Clone)]
pub struct DriveSpec {
    /// Lasting id.
    pub id: DriveId,
    /// Where it is now.
    pub address: DeviceAddress,
    /// Name for people, unless they gave it another.
    pub name: String,
    /// The USB bridge that it is behind.
    pub bridge: Option<Bridge>,
}
