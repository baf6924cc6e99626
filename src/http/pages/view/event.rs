//! An event as a line.

use super::when;
use crate::http::{wire::EventBody, words::Language, words::Role};

/// An event's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Number.
    pub seq: i64,
    /// For machines and on hover.
    pub at: String,
    /// For people.
    pub when: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside it.
    pub symbol: &'static str,
    /// What happened.
    pub message: String,
    /// Where more is to be seen.
    pub url: Option<String>,
}

/// An event as a line.
pub fn event(event: &EventBody, language: Language) -> EventRow {
    let role = match event.level.as_str() {
        "error" => Role::Bad,
        "warning" => Role::Caution,
        _ => Role::Neutral,
    };
    let job = event.job_uuid.as_ref().map(|job| format!("/jobs/{job}"));
    let (at, when) = when(event.at, language);
    EventRow {
        seq: event.seq,
        at,
        when,
        role: role.class(),
        symbol: role.symbol(),
        message: event.message.clone(),
        url: job.or_else(|| event.drive_id.as_ref().map(|drive| format!("/drives/{drive}"))),
    }
}
