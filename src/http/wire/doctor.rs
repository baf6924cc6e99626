//! What the doctor says.

use crate::{doctor::Finding, http::checkup::Report};
use serde::Serialize;
use utoipa::ToSchema;

/// What the doctor says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "healthy": false, "at": "2026-11-20T10:40:00Z", "running": null,
    "findings": [{ "topic": "tool", "severity": "note", "text": "flac is not installed", "advice": "for audio tracks as FLAC",
        "commands": ["apt install flac"] }]
}))]
pub struct DoctorReport {
    /// Whether nothing is bad; null before the first look is over.
    pub healthy: Option<bool>,
    /// When it was looked.
    pub at: Option<chrono::DateTime<chrono::Utc>>,
    /// What is being looked at now; null: nothing. A drive that hangs keeps it here.
    pub running: Option<String>,
    /// What was found.
    pub findings: Vec<FindingBody>,
}

/// One finding.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FindingBody {
    /// What it is about.
    #[schema(example = "drive")]
    pub topic: String,
    /// `ok`, `note` (works, but), `bad` (does not work).
    pub severity: String,
    /// What was found.
    pub text: String,
    /// What to do; empty if nothing has to be done.
    pub advice: String,
    /// Commands and lines of configuration that do it.
    pub commands: Vec<String>,
}

impl From<&Finding> for FindingBody {
    fn from(finding: &Finding) -> Self {
        Self {
            topic: finding.topic.to_owned(),
            severity: finding.severity.as_str().to_owned(),
            text: finding.text.en.clone(),
            advice: finding.advice.en.clone(),
            commands: finding.commands.clone(),
        }
    }
}

impl From<&Report> for DoctorReport {
    fn from(report: &Report) -> Self {
        Self {
            healthy: report.at.map(|_| crate::doctor::is_healthy(&report.findings)),
            at: report.at,
            running: report.running.as_ref().map(|(_, at)| at.en.clone()),
            findings: report.findings.iter().map(FindingBody::from).collect(),
        }
    }
}
