//! What needs a person: one line with the thing to do.

use super::{Action, DriveCard, JobRow};

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// For patching in place.
    pub key: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// The drive or the disc.
    pub title: String,
    /// Where more is to be seen.
    pub url: String,
    /// What is the matter.
    pub sentence: String,
    /// What to do.
    pub next: String,
    /// Buttons.
    pub actions: Vec<Action>,
}

impl Attention {
    /// A job that waits for a person or has failed.
    pub fn of_job(job: JobRow) -> Self {
        Self {
            key: format!("attention-job-{}", job.uuid),
            role: job.role,
            symbol: job.symbol,
            url: format!("/jobs/{}", job.uuid),
            title: job.title,
            sentence: if job.details.is_empty() { job.sentence } else { format!("{} · {}", job.sentence, job.details) },
            next: job.next,
            actions: job.actions,
        }
    }

    /// A drive that goes on only after somebody did something.
    pub fn of_drive(drive: &DriveCard) -> Option<Self> {
        // What a disc is worth is told by its job, and a missing drive may be meant to be missing.
        let matters = matches!(drive.role, "caution" | "bad") && drive.job.is_none() && drive.disc_verdict.is_none();
        matters.then(|| Self {
            key: format!("attention-drive-{}", drive.id),
            role: drive.role,
            symbol: drive.symbol,
            title: drive.name.clone(),
            url: format!("/drives/{}", drive.id),
            sentence: drive.sentence.clone(),
            next: if drive.detail.is_empty() { drive.next.to_owned() } else { format!("{} {}", drive.detail, drive.next) },
            actions: Vec::new(),
        })
    }
}
