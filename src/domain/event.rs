//! Events: every change of anything, in one numbered log. Written in the same transaction as the change itself.

use super::ids::{DriveId, IsoId, JobId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How much an event matters to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Normal course of things.
    Info,
    /// Something to look at.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Back from the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Error].into_iter().find(|level| level.as_str() == text)
    }
}

/// How kinds of events begin that are about accounts and what they did.
pub const AUDIT: &str = "access.";

/// An event that has not happened officially: it gets its number and time when it is committed.
///
/// `kind` is a stable dotted word, for example `job.completed` or `drive.state_changed` (all of them: `docs/api.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Stable dotted word.
    pub kind: String,
    /// How much it matters.
    pub level: Level,
    /// Drive it is about.
    pub drive_id: Option<DriveId>,
    /// Job it is about.
    pub job_id: Option<JobId>,
    /// Image it is about.
    pub iso_id: Option<IsoId>,
    /// A sentence for people.
    pub message: String,
    /// Facts for programs; an object.
    pub payload: serde_json::Value,
}

impl NewEvent {
    /// Whether it is about accounts and what they did, which only administrators see.
    pub fn is_audit(&self) -> bool {
        self.kind.starts_with(AUDIT)
    }

    /// An event about nothing in particular.
    pub fn new(kind: &str, level: Level, message: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            level,
            drive_id: None,
            job_id: None,
            iso_id: None,
            message: message.into(),
            payload: serde_json::json!({}),
        }
    }

    /// About this drive.
    #[must_use]
    pub fn drive(mut self, id: &DriveId) -> Self {
        self.drive_id = Some(id.clone());
        self
    }

    /// About this job.
    #[must_use]
    pub fn job(mut self, id: JobId) -> Self {
        self.job_id = Some(id);
        self
    }

    /// About this image.
    #[must_use]
    pub fn iso(mut self, id: IsoId) -> Self {
        self.iso_id = Some(id);
        self
    }

    /// With facts for programs.
    #[must_use]
    pub fn payload(mut self, payload: serde_json::Value) -> Self {
        self.payload = payload;
        self
    }
}

/// A committed event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Grows by commit order: whoever has seen `n` has seen everything up to `n`.
    pub seq: i64,
    /// When it was committed.
    pub at: DateTime<Utc>,
    /// Host that wrote it.
    pub node: String,
    /// What happened.
    #[serde(flatten)]
    pub event: NewEvent,
}
