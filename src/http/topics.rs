//! What a live client wants to hear of.

use crate::domain::{event::Event, ids::JobId};
use std::{collections::BTreeSet, str::FromStr};

/// One subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// All drives.
    Drives,
    /// All jobs, with progress.
    Jobs,
    /// The catalogue.
    Isos,
    /// The whole log and the state of the machine.
    System,
    /// One job, with progress.
    Job(JobId),
}

impl FromStr for Topic {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "drives" => Ok(Self::Drives),
            "jobs" => Ok(Self::Jobs),
            "isos" => Ok(Self::Isos),
            "system" => Ok(Self::System),
            _ => text.strip_prefix("job:").ok_or(())?.parse().map(Self::Job).map_err(|_| ()),
        }
    }
}

impl Topic {
    /// The word that a client used.
    pub fn name(self) -> String {
        match self {
            Self::Drives => "drives".to_owned(),
            Self::Jobs => "jobs".to_owned(),
            Self::Isos => "isos".to_owned(),
            Self::System => "system".to_owned(),
            Self::Job(id) => format!("job:{id}"),
        }
    }
}

/// The subjects of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topics(pub BTreeSet<Topic>);

impl Topics {
    /// Whether this subject is among them.
    pub fn has(&self, topic: Topic) -> bool {
        self.0.contains(&topic)
    }

    /// Whether an event is about one of them.
    pub fn wants(&self, event: &Event) -> bool {
        let event = &event.event;
        self.has(Topic::System)
            || event.drive_id.is_some() && self.has(Topic::Drives)
            || event.iso_id.is_some() && self.has(Topic::Isos)
            || event.job_id.is_some_and(|id| self.wants_progress(id))
    }

    /// Whether the numbers of this job are wanted.
    pub fn wants_progress(&self, job: JobId) -> bool {
        self.has(Topic::Jobs) || self.has(Topic::Job(job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_comes_back_from_its_word() {
        for word in ["drives", "jobs", "isos", "system", "job:0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44"] {
            assert_eq!(word.parse::<Topic>().map(Topic::name).as_deref(), Ok(word));
        }
        for bad in ["", "drive", "job:", "job:x", "JOBS"] {
            assert_eq!(bad.parse::<Topic>(), Err(()), "{bad}");
        }
    }
}
