//! The discs of a batch as rows.

use crate::{
    domain::batch::{Batch, Item, ItemState},
    http::{
        pages::view,
        wire::Disk,
        words::{self, Language, Role},
    },
};

/// One disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the list, from 0.
    pub number: usize,
    /// For people: from 1.
    pub place: usize,
    /// Its shelf mark.
    pub mark: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// What became of it.
    pub word: String,
    /// Where its job is.
    pub url: Option<String>,
    /// Job's id, for labels.
    pub job: Option<String>,
    /// The drive.
    pub drive: String,
    /// When it was done.
    pub when: Option<(String, String)>,
    /// Whether it waits.
    pub waits: bool,
    /// Whether it can be done again.
    pub over: bool,
    /// Whether it is on the reject pile.
    pub rejected: bool,
    /// Whether there is a good image.
    pub done: bool,
}

/// How many discs are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// All of them.
    pub all: usize,
    /// Good images.
    pub done: usize,
    /// On the reject pile.
    pub rejected: usize,
    /// Being read.
    pub reading: usize,
    /// Not inserted yet.
    pub waiting: usize,
    /// Left out.
    pub skipped: usize,
}

impl Sums {
    /// Of a batch.
    pub fn of(batch: &Batch) -> Self {
        let mut sums = Self { all: batch.items.len(), ..Self::default() };
        for item in &batch.items {
            let sum = match item.state {
                ItemState::Waiting => &mut sums.waiting,
                ItemState::Claimed { .. } | ItemState::Reading { .. } => &mut sums.reading,
                ItemState::Done { .. } => &mut sums.done,
                ItemState::Rejected { .. } => &mut sums.rejected,
                ItemState::Skipped => &mut sums.skipped,
            };
            *sum += 1;
        }
        sums
    }
}

/// The rows in the order of the list.
pub fn rows(batch: &Batch, disks: &[Disk], language: Language) -> Vec<Row> {
    batch.items.iter().enumerate().map(|(number, item)| row(number, item, disks, language)).collect()
}

fn row(number: usize, item: &Item, disks: &[Disk], language: Language) -> Row {
    let pick = |en: &str, de: &str| language.pick(en, de).to_owned();
    let (role, word, at) = match &item.state {
        ItemState::Waiting => (Role::Neutral, pick("waiting", "wartet"), None),
        ItemState::Claimed { .. } | ItemState::Reading { .. } => (Role::Active, pick("being read", "wird gelesen"), None),
        ItemState::Done { verdict, at, .. } => {
            let word = words::find(words::VERDICTS, verdict.as_str(), None);
            (word.role, word.word(language).to_owned(), Some(*at))
        }
        ItemState::Rejected { verdict: Some(verdict), at, .. } => {
            let word = words::find(words::VERDICTS, verdict.as_str(), None);
            (word.role, word.word(language).to_owned(), Some(*at))
        }
        ItemState::Rejected { reason, at, .. } => {
            (Role::Bad, format!("{}: {reason}", pick("rejected", "ausgesondert")), Some(*at))
        }
        ItemState::Skipped => (Role::Neutral, pick("left out", "ausgelassen"), None),
    };
    let drive = item.disc().map(|disc| disc.drive.to_string()).unwrap_or_default();
    let name = disks.iter().find(|disk| disk.id == drive).map(|disk| disk.name.clone());
    let job = item.job().map(|job| job.to_string());
    Row {
        number,
        place: number + 1,
        mark: item.mark.clone(),
        role: role.class(),
        symbol: role.symbol(),
        word,
        url: job.as_ref().map(|job| format!("/jobs/{job}")),
        job,
        drive: name.unwrap_or(drive),
        when: at.map(|at| view::when(at, language)),
        waits: item.state == ItemState::Waiting,
        over: matches!(item.state, ItemState::Done { .. } | ItemState::Rejected { .. } | ItemState::Skipped),
        rejected: matches!(item.state, ItemState::Rejected { .. }),
        done: matches!(item.state, ItemState::Done { .. }),
    }
}
