//! What a virtual drive remembers in `state.json`, and how each event changes it. No files here.

use super::{
    deadline::Deadline,
    script::{FaultKind, Script},
};
use serde::{Deserialize, Serialize};
use std::{ops::Range, path::PathBuf, time::Duration};

/// Version of the format; a file of another version is refused, not guessed at.
pub(super) const VERSION: u32 = 1;

/// The drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// [`VERSION`].
    pub(super) version: u32,
    /// Whether the tray is out. A disc may lie in an open tray.
    pub(super) tray_open: bool,
    /// Number of discs put in so far; it does not grow when the tray closes over the disc that lay in it.
    pub(super) insertions: u64,
    /// Number of times the tray closed over a disc: each is a "medium changed" to whoever was reading.
    pub(super) loads: u64,
    /// Number of times the drive vanished: who opened it before that never gets it back.
    pub(super) vanishings: u64,
    /// What lies in the tray.
    pub(super) disc: Option<Disc>,
    /// Nothing is answered before that.
    pub(super) hang: Option<Deadline>,
    /// The drive is gone.
    pub(super) vanished: Option<Vanished>,
}

/// A drive that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vanished {
    /// When it comes back by itself; `None`: with the next insertion.
    until: Option<Deadline>,
}

/// A disc in the tray.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disc {
    /// The image file.
    pub(super) image: PathBuf,
    /// Its size in sectors.
    pub(super) sectors: u64,
    /// The script as it was at insertion.
    pub(super) script: Script,
    /// Faults (by index) that happen once per insertion and have happened.
    fired: Vec<usize>,
    /// Sectors of `wrong_once` faults that were read, in ascending order, apart from each other.
    read_wrong: Vec<Range<u64>>,
}

/// A fault that stops the drive before it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    /// Index in the script.
    pub(super) index: usize,
    /// `None` for vanish.
    pub(super) hang: Option<Duration>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            version: VERSION,
            tray_open: false,
            insertions: 0,
            loads: 0,
            vanishings: 0,
            disc: None,
            hang: None,
            vanished: None,
        }
    }
}

impl State {
    /// Puts a disc in (in place of the one that lay there) and closes the tray. A vanished drive is back.
    pub(super) fn insert(&mut self, image: PathBuf, sectors: u64, script: Script) {
        self.insertions += 1;
        self.loads += 1;
        self.tray_open = false;
        self.vanished = None;
        self.disc = Some(Disc { image, sectors, script, fired: Vec::new(), read_wrong: Vec::new() });
    }

    /// Closes the tray over what lies in it.
    pub(super) fn close(&mut self) {
        if std::mem::take(&mut self.tray_open) && self.disc.is_some() {
            self.loads += 1;
        }
    }

    /// The disc, if the tray is closed.
    pub(super) fn loaded(&self) -> Option<&Disc> {
        self.disc.as_ref().filter(|_| !self.tray_open)
    }

    /// How long the drive still answers nothing.
    pub(super) fn hangs_for(&self) -> Option<Duration> {
        self.hang.as_ref().and_then(Deadline::left)
    }

    /// Whether the drive is gone now.
    pub(super) fn is_gone(&self) -> bool {
        self.vanished.as_ref().is_some_and(|gone| gone.until.as_ref().is_none_or(|until| until.left().is_some()))
    }

    /// Makes `stop` happen, unless it happened already or the disc is another by now.
    pub(super) fn stop(&mut self, insertion: u64, stop: Stop) -> bool {
        let Some(disc) = self.disc.as_mut().filter(|_| self.insertions == insertion) else { return false };
        let Some(fault) = disc.script.faults.get(stop.index) else { return false };
        if disc.fired.contains(&stop.index) {
            return false;
        }
        match fault.kind {
            FaultKind::Hang { milliseconds, repeat } => {
                self.hang = Some(Deadline::after(Duration::from_millis(milliseconds)));
                if !repeat {
                    disc.fired.push(stop.index);
                }
            }
            FaultKind::Vanish { milliseconds } => {
                let until = milliseconds.map(|ms| Deadline::after(Duration::from_millis(ms)));
                self.vanished = Some(Vanished { until });
                self.vanishings += 1;
                disc.fired.push(stop.index);
            }
            _ => return false,
        }
        true
    }
}

impl Disc {
    /// The next fault in the script that stops a read of these sectors. `served` are those it already went through.
    pub(super) fn next_stop(&self, start: u64, count: u64, served: &[usize]) -> Option<Stop> {
        self.faults_at(start, count).find_map(|(index, kind, _)| match kind {
            _ if self.fired.contains(&index) || served.contains(&index) => None,
            FaultKind::Hang { milliseconds, .. } => Some(Stop { index, hang: Some(Duration::from_millis(milliseconds)) }),
            FaultKind::Vanish { .. } => Some(Stop { index, hang: None }),
            _ => None,
        })
    }

    /// How much longer a read of these sectors takes.
    pub(super) fn delay(&self, start: u64, count: u64) -> Duration {
        self.faults_at(start, count).fold(Duration::ZERO, |sum, (_, kind, sectors)| match kind {
            FaultKind::Slow { milliseconds } => {
                sum.saturating_add(Duration::from_millis(milliseconds.saturating_mul(sectors.end - sectors.start)))
            }
            _ => sum,
        })
    }

    /// Whether one of these sectors is unreadable.
    pub(super) fn is_bad(&self, start: u64, count: u64) -> bool {
        self.faults_at(start, count).any(|(_, kind, _)| kind == FaultKind::Bad)
    }

    /// Those of these sectors whose bytes will be wrong because they are read for the first time.
    pub(super) fn wrong(&self, start: u64, count: u64) -> Vec<u64> {
        let mut wrong: Vec<u64> = self
            .faults_at(start, count)
            .filter(|(_, kind, _)| *kind == FaultKind::WrongOnce)
            .flat_map(|(.., sectors)| sectors)
            .collect();
        wrong.retain(|sector| !self.read_wrong.iter().any(|done| done.contains(sector)));
        wrong.sort_unstable();
        wrong.dedup();
        wrong
    }

    /// Remembers that these sectors were read once.
    pub(super) fn mark_wrong(&mut self, sectors: &[u64]) {
        self.read_wrong.extend(sectors.iter().map(|sector| *sector..sector + 1));
        self.read_wrong.sort_unstable_by_key(|range| range.start);
        self.read_wrong.dedup_by(|next, before| {
            let joins = next.start <= before.end;
            if joins {
                before.end = before.end.max(next.end);
            }
            joins
        });
    }

    fn faults_at(&self, start: u64, count: u64) -> impl Iterator<Item = (usize, FaultKind, Range<u64>)> {
        let all = self.script.faults.iter().enumerate();
        all.map(move |(index, fault)| (index, fault.kind, fault.overlap(start, count)))
            .filter(|(.., sectors)| !sectors.is_empty())
    }
}
