//! What the templates show: everything is a finished word here.

mod drive;
mod iso;
mod job;
mod ring;

pub use drive::{DriveCard, drive};
pub use iso::{IsoRow, Picture, iso};
pub use job::{JobRow, job};
pub use ring::Ring;

/// A button: a form that posts.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Where to.
    pub url: String,
    /// What it says.
    pub label: String,
    /// The next sensible thing.
    pub main: bool,
}
