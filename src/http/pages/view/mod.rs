//! What the templates show: everything is a finished word here.

mod curve;
mod disc;
mod drive;
mod evidence;
mod iso;
mod job;
mod reasons;
mod ring;

pub use curve::Curve;
pub use disc::Disc;
pub use drive::{DriveCard, drive};
pub use evidence::{Evidence, Section, TrackRow};
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
