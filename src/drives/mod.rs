//! Drives: one actor per drive, a registry of what they say about themselves, and the actor that finds them.
//!
//! A [`DriveActor`] owns its drive: everything that touches the device goes through its
//! device thread, one command at a time, because any command can hang. It decides with
//! [`domain::drive`](crate::domain::drive), stores state and event, then acts. Others read snapshots in the
//! [`DriveRegistry`] and send [`DriveCommand`]s.

mod actor;
mod auto_job;
mod device_thread;
pub mod holders;
mod manager;
mod marker;
mod messages;
mod record;
mod registry;

pub use actor::{DriveActor, DriveDeps};
pub use manager::DriveManager;
pub use messages::{DriveCommand, DriveSpec};
pub use registry::{DriveRegistry, DriveSnapshot, LiveSettings};
