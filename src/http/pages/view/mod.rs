//! What the templates show: everything is a finished word here.

mod attention;
mod chart;
mod curve;
mod disc;
mod drive;
mod event;
mod evidence;
mod iso;
mod job;
mod life;
mod machine;
mod medium;
mod reasons;
mod ring;
mod speed;

pub use attention::Attention;

pub use curve::SpeedCurve;
pub use disc::Disc;
pub use drive::{DriveCard, drive};
pub use event::{EventRow, event};
pub use evidence::{Evidence, Section, size};
pub use iso::{IsoRow, iso};
pub use job::{JobRow, job, title};
pub use life::{RingChart, life, rings};
pub use machine::{MachineChart, machine};
pub use medium::{Fact, medium};
pub use ring::Ring;
pub use speed::{SpeedChart, speed};

use crate::http::words::Language;
use chrono::{DateTime, SecondsFormat, Utc};

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

/// A time for machines, and for people.
pub fn when(at: DateTime<Utc>, language: Language) -> (String, String) {
    let people = at.format(language.pick("%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M UTC")).to_string();
    (at.to_rfc3339_opts(SecondsFormat::Secs, true), people)
}
