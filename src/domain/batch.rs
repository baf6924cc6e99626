//! A batch: a stack of discs with shelf marks, imaged one after the other in one or several drives.
//!
//! ```text
//! waiting ─▶ claimed ─▶ reading ─┬─▶ done
//!    ▲  ▲       │          │     └─▶ rejected (degraded, incomplete, failed, given up)
//!    │  └───────┴ released │
//!    │                     │
//!    └── redo ── done, rejected, skipped ◀── skip ── waiting
//! ```
//! An item is claimed before its job is created, so that a crash between the two leaves something to look after.

use super::{
    disc::clean_label,
    ids::{DriveId, JobId},
    verdict::Verdict,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most discs of one batch.
pub const MAX_ITEMS: usize = 2_000;
/// Longest shelf mark and title in characters.
pub const MAX_TEXT: usize = 120;

/// A disc in a drive: the drive and the number of its insertion.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Insertion {
    /// The drive.
    pub drive: DriveId,
    /// Number of the disc among those that this drive has seen arrive.
    pub session: u64,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ItemState {
    /// Its disc has not been inserted yet.
    Waiting,
    /// This disc is taken for it; its job is about to be created.
    Claimed {
        /// The disc.
        disc: Insertion,
    },
    /// Its job runs or waits.
    Reading {
        /// The disc.
        disc: Insertion,
        /// The job.
        job: JobId,
    },
    /// There is a good image.
    Done {
        /// The disc.
        disc: Insertion,
        /// The job.
        job: JobId,
        /// How good.
        verdict: Verdict,
        /// When.
        at: DateTime<Utc>,
    },
    /// It belongs on the reject pile.
    Rejected {
        /// The disc, if one was tried.
        disc: Option<Insertion>,
        /// The job, if there was one.
        job: Option<JobId>,
        /// What its image is worth, if there is one.
        verdict: Option<Verdict>,
        /// Why, where no verdict says it.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// Left out for now.
    Skipped,
}

/// One disc of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its shelf mark: the name of its image.
    pub mark: String,
    /// What became of it.
    #[serde(flatten)]
    pub state: ItemState,
    /// Discs that were tried for it before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Insertion>,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// What it is called.
    pub title: String,
    /// Whether discs are still taken.
    pub open: bool,
    /// Whether an inserted disc is taken without being asked for.
    pub automatic: bool,
    /// Drives that it uses; empty: all.
    pub drives: BTreeSet<DriveId>,
    /// The discs in their order.
    pub items: Vec<Item>,
}

/// What happens to a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchEvent {
    /// More discs.
    Add(Vec<String>),
    /// This disc shall be taken for an item, or for the next one.
    Claim(Insertion, Option<usize>),
    /// The job of a claimed item was created.
    Started(usize, JobId),
    /// No job came of a claimed item, and none will.
    Released(usize),
    /// The job of an item has ended with a verdict.
    Ended(usize, Verdict),
    /// The item cannot be done.
    Refused(usize, String),
    /// A person leaves an item out.
    Skip(usize),
    /// A person wants an item once more.
    Redo(usize),
    /// Take discs without being asked, or only when asked.
    Automatic(bool),
    /// No more discs.
    Close,
    /// More discs after all.
    Reopen,
}

/// Why something is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchDenied {
    /// There is no such item.
    #[error("there is no item {0}")]
    NoItem(usize),
    /// The item is not in a state for this.
    #[error("this is not possible with item {0} now")]
    NotNow(usize),
    /// Nothing is waiting.
    #[error("no disc of the list is waiting")]
    NothingWaits,
    /// The batch is closed.
    #[error("the batch is closed; open it again first")]
    Closed,
    /// The drive is not one of the batch.
    #[error("the batch does not use this drive")]
    OtherDrive,
    /// This disc was taken already.
    #[error("this disc was taken already; insert the next one")]
    Taken,
    /// A shelf mark is not allowed.
    #[error("{0:?} is not a shelf mark: 1 to 120 characters, no control character")]
    BadMark(String),
    /// A shelf mark came twice.
    #[error("{0:?} is in the list already")]
    Twice(String),
    /// Too many items.
    #[error("a batch has at most 2000 discs")]
    TooMany,
}

impl Batch {
    /// A batch without discs.
    pub fn new(title: String, automatic: bool, drives: BTreeSet<DriveId>) -> Self {
        Self { title, open: true, automatic, drives, items: Vec::new() }
    }

    /// Number of the next item that waits.
    pub fn next(&self) -> Option<usize> {
        self.items.iter().position(|item| item.state == ItemState::Waiting)
    }

    /// Whether discs are taken, or something is not over.
    pub fn is_active(&self) -> bool {
        self.open || self.items.iter().any(|item| matches!(item.state, ItemState::Claimed { .. } | ItemState::Reading { .. }))
    }

    /// Whether this disc would be taken without being asked for.
    pub fn takes(&self, disc: &Insertion) -> bool {
        self.automatic && self.claim(disc, None).is_ok()
    }

    /// What the batch is after this.
    ///
    /// # Errors
    /// [`BatchDenied`]; nothing changes then.
    pub fn step(&self, event: BatchEvent, at: DateTime<Utc>) -> Result<Self, BatchDenied> {
        let mut next = self.clone();
        match event {
            BatchEvent::Add(marks) => next.add(marks)?,
            BatchEvent::Claim(disc, wanted) => {
                let number = self.claim(&disc, wanted)?;
                next.items[number].state = ItemState::Claimed { disc };
            }
            BatchEvent::Started(number, job) => {
                let ItemState::Claimed { disc } = self.item(number)?.state.clone() else {
                    return Err(BatchDenied::NotNow(number));
                };
                next.items[number].state = ItemState::Reading { disc, job };
            }
            BatchEvent::Released(number) => {
                let ItemState::Claimed { .. } = self.item(number)?.state else { return Err(BatchDenied::NotNow(number)) };
                next.items[number].state = ItemState::Waiting;
            }
            BatchEvent::Ended(number, verdict) => {
                let ItemState::Reading { disc, job } = self.item(number)?.state.clone() else {
                    return Err(BatchDenied::NotNow(number));
                };
                next.items[number].state = if verdict.is_good() {
                    ItemState::Done { disc, job, verdict, at }
                } else {
                    ItemState::Rejected { disc: Some(disc), job: Some(job), verdict: Some(verdict), reason: String::new(), at }
                };
            }
            BatchEvent::Refused(number, reason) => {
                let (disc, job) = match self.item(number)?.state.clone() {
                    ItemState::Waiting => (None, None),
                    ItemState::Claimed { disc } => (Some(disc), None),
                    ItemState::Reading { disc, job } => (Some(disc), Some(job)),
                    _ => return Err(BatchDenied::NotNow(number)),
                };
                next.items[number].state = ItemState::Rejected { disc, job, verdict: None, reason: clip(&reason, 400), at };
            }
            BatchEvent::Skip(number) => {
                if self.item(number)?.state != ItemState::Waiting {
                    return Err(BatchDenied::NotNow(number));
                }
                next.items[number].state = ItemState::Skipped;
            }
            BatchEvent::Redo(number) => next.redo(number)?,
            BatchEvent::Automatic(automatic) => next.automatic = automatic,
            BatchEvent::Close => next.open = false,
            BatchEvent::Reopen => next.open = true,
        }
        Ok(next)
    }

    fn item(&self, number: usize) -> Result<&Item, BatchDenied> {
        self.items.get(number).ok_or(BatchDenied::NoItem(number))
    }

    /// The item that this disc is for.
    fn claim(&self, disc: &Insertion, wanted: Option<usize>) -> Result<usize, BatchDenied> {
        if !self.open {
            return Err(BatchDenied::Closed);
        }
        if !self.drives.is_empty() && !self.drives.contains(&disc.drive) {
            return Err(BatchDenied::OtherDrive);
        }
        if self.items.iter().any(|item| item.disc() == Some(disc) || item.tried.contains(disc)) {
            return Err(BatchDenied::Taken);
        }
        let number = wanted.or_else(|| self.next()).ok_or(BatchDenied::NothingWaits)?;
        if self.item(number)?.state == ItemState::Waiting { Ok(number) } else { Err(BatchDenied::NotNow(number)) }
    }

    fn add(&mut self, marks: Vec<String>) -> Result<(), BatchDenied> {
        for mark in marks {
            if !is_text(&mark) {
                return Err(BatchDenied::BadMark(clip(&mark, MAX_TEXT)));
            }
            if self.items.iter().any(|item| item.mark == mark) {
                return Err(BatchDenied::Twice(mark));
            }
            if self.items.len() >= MAX_ITEMS {
                return Err(BatchDenied::TooMany);
            }
            self.items.push(Item { mark, state: ItemState::Waiting, tried: Vec::new() });
        }
        Ok(())
    }

    /// The disc that lies in the drive was for this item already; it may be tried again after it was taken out.
    fn redo(&mut self, number: usize) -> Result<(), BatchDenied> {
        let item = self.items.get_mut(number).ok_or(BatchDenied::NoItem(number))?;
        if !matches!(item.state, ItemState::Done { .. } | ItemState::Rejected { .. } | ItemState::Skipped) {
            return Err(BatchDenied::NotNow(number));
        }
        item.tried.extend(item.disc().cloned());
        item.state = ItemState::Waiting;
        Ok(())
    }
}

impl Item {
    /// The disc that was taken for it.
    pub fn disc(&self) -> Option<&Insertion> {
        match &self.state {
            ItemState::Claimed { disc } | ItemState::Reading { disc, .. } | ItemState::Done { disc, .. } => Some(disc),
            ItemState::Rejected { disc, .. } => disc.as_ref(),
            ItemState::Waiting | ItemState::Skipped => None,
        }
    }

    /// Its job.
    pub fn job(&self) -> Option<JobId> {
        match &self.state {
            ItemState::Reading { job, .. } | ItemState::Done { job, .. } => Some(*job),
            ItemState::Rejected { job, .. } => *job,
            ItemState::Waiting | ItemState::Claimed { .. } | ItemState::Skipped => None,
        }
    }
}

/// Whether this can be a shelf mark or a title.
pub fn is_text(text: &str) -> bool {
    let length = text.chars().count();
    (1..=MAX_TEXT).contains(&length) && text.trim() == text && !text.chars().any(char::is_control)
}

/// Shelf marks as people paste them: one a line; of a line with commas, semicolons or tabs (CSV) the first field.
pub fn marks(text: &str) -> Vec<String> {
    let first = |line: &str| {
        let line = line.trim_start_matches('\u{feff}').trim();
        let field = match line.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => line.split([',', ';', '\t']).next().unwrap_or_default(),
        };
        field.trim().to_owned()
    };
    text.lines().map(first).filter(|mark| !mark.is_empty()).collect()
}

fn clip(text: &str, characters: usize) -> String {
    clean_label(text).chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(session: u64) -> Insertion {
        Insertion { drive: DriveId::new("a"), session }
    }

    fn batch(marks: &[&str]) -> Batch {
        let add = BatchEvent::Add(marks.iter().map(|mark| (*mark).to_owned()).collect());
        Batch::new("Shelf".to_owned(), true, BTreeSet::new()).step(add, DateTime::UNIX_EPOCH).expect("allowed")
    }

    fn after(batch: &Batch, events: Vec<BatchEvent>) -> Batch {
        events.into_iter().fold(batch.clone(), |batch, event| batch.step(event, DateTime::UNIX_EPOCH).expect("allowed"))
    }

    fn refused(batch: &Batch, event: BatchEvent) -> BatchDenied {
        batch.step(event, DateTime::UNIX_EPOCH).expect_err("refused")
    }

    const JOB: JobId = JobId(uuid::Uuid::nil());

    #[test]
    fn discs_go_to_the_marks_in_order_and_each_disc_only_once() {
        let start = batch(&["A", "B", "C"]);
        let one = after(&start, vec![BatchEvent::Claim(disc(1), None), BatchEvent::Started(0, JOB)]);
        assert_eq!((one.next(), one.takes(&disc(1)), one.takes(&disc(2))), (Some(1), false, true));
        assert_eq!(refused(&one, BatchEvent::Claim(disc(1), None)), BatchDenied::Taken);
        let other = Insertion { drive: DriveId::new("b"), session: 1 };
        let two = after(&one, vec![BatchEvent::Claim(other, None), BatchEvent::Ended(0, Verdict::Complete)]);
        assert!(matches!(two.items[0].state, ItemState::Done { verdict: Verdict::Complete, .. }));
        assert!(matches!(two.items[1].state, ItemState::Claimed { .. }));
        assert_eq!(two.next(), Some(2));
    }

    #[test]
    fn damaged_discs_go_to_the_reject_pile_and_can_be_redone_with_another_insertion() {
        let start = batch(&["A"]);
        let bad = after(
            &start,
            vec![BatchEvent::Claim(disc(1), None), BatchEvent::Started(0, JOB), BatchEvent::Ended(0, Verdict::Degraded)],
        );
        assert!(matches!(bad.items[0].state, ItemState::Rejected { verdict: Some(Verdict::Degraded), .. }));
        let again = after(&bad, vec![BatchEvent::Redo(0)]);
        assert_eq!(refused(&again, BatchEvent::Claim(disc(1), None)), BatchDenied::Taken, "it still lies there");
        assert!(again.takes(&disc(2)));
        let refused_job = after(&again, vec![BatchEvent::Claim(disc(2), None), BatchEvent::Refused(0, "a\nb".to_owned())]);
        assert!(matches!(&refused_job.items[0].state, ItemState::Rejected { reason, .. } if !reason.contains('\n')));
    }

    #[test]
    fn a_claim_without_a_job_is_given_back() {
        let claimed = after(&batch(&["A"]), vec![BatchEvent::Claim(disc(1), None)]);
        assert!(after(&claimed, vec![BatchEvent::Released(0)]).takes(&disc(1)));
        assert_eq!(refused(&claimed, BatchEvent::Skip(0)), BatchDenied::NotNow(0));
    }

    #[test]
    fn closed_batches_other_drives_and_bad_marks_are_refused() {
        let start = batch(&["A"]);
        assert_eq!(refused(&after(&start, vec![BatchEvent::Close]), BatchEvent::Claim(disc(1), None)), BatchDenied::Closed);
        assert!(after(&start, vec![BatchEvent::Close, BatchEvent::Reopen]).takes(&disc(1)));
        let only = Batch { drives: BTreeSet::from([DriveId::new("b")]), ..start.clone() };
        assert_eq!(refused(&only, BatchEvent::Claim(disc(1), None)), BatchDenied::OtherDrive);
        assert!(!after(&start, vec![BatchEvent::Automatic(false)]).takes(&disc(1)));
        for (mark, denied) in [("A", BatchDenied::Twice("A".to_owned())), ("", BatchDenied::BadMark(String::new()))] {
            assert_eq!(refused(&start, BatchEvent::Add(vec![mark.to_owned()])), denied);
        }
        assert!(matches!(refused(&start, BatchEvent::Add(vec!["x\u{7}".to_owned()])), BatchDenied::BadMark(_)));
        let many = (0..=MAX_ITEMS).map(|number| number.to_string()).collect();
        assert_eq!(refused(&start, BatchEvent::Add(many)), BatchDenied::TooMany);
        assert_eq!(refused(&start, BatchEvent::Skip(7)), BatchDenied::NoItem(7));
        assert_eq!(
            refused(&after(&start, vec![BatchEvent::Skip(0)]), BatchEvent::Claim(disc(1), None)),
            BatchDenied::NothingWaits
        );
    }

    #[test]
    fn marks_are_read_as_people_paste_them() {
        let text = "\u{feff}BOX-3/1\r\n\n  BOX-3/2 ;Photos\n\"BOX-3, 4\",x\nBOX-3/5\tsecond\n,nothing\n";
        assert_eq!(marks(text), ["BOX-3/1", "BOX-3/2", "BOX-3, 4", "BOX-3/5"]);
    }

    #[test]
    fn a_batch_is_stored_as_it_is() {
        let whole = after(
            &batch(&["A", "B", "C", "D"]),
            vec![
                BatchEvent::Claim(disc(1), Some(2)),
                BatchEvent::Started(2, JOB),
                BatchEvent::Skip(1),
                BatchEvent::Refused(0, "x".to_owned()),
            ],
        );
        let text = serde_json::to_string(&whole).expect("JSON");
        assert_eq!(serde_json::from_str::<Batch>(&text).expect("a batch"), whole);
    }
}
