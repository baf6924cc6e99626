//! What a virtual drive remembers in `state.json`, and how each event changes it. No files here.

use super::{
    deadline::Deadline,
    fault::{Fault, FaultKind},
    script::Script,
};
use crate::optical::Sense;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Range, path::PathBuf, time::Duration};

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
    /// The button does not open the tray (PREVENT ALLOW MEDIUM REMOVAL).
    #[serde(default)]
    pub(super) locked: bool,
    /// The button was pressed while it was locked, and nobody was told yet.
    #[serde(default)]
    pub(super) eject_requested: bool,
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
    /// How often each sector of a fault that counts was read.
    #[serde(default)]
    reads: BTreeMap<u64, u32>,
}

/// A fault that stops the drive before it reads: a hang, vanishing, or another disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    /// Index in the script.
    pub(super) index: usize,
    /// The disc that is in the drive from now on.
    pub(super) swap: Option<String>,
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
            locked: false,
            eject_requested: false,
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
        self.disc = Some(Disc { image, sectors, script, fired: Vec::new(), read_wrong: Vec::new(), reads: BTreeMap::new() });
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

    /// Makes `stop` happen, unless it happened already or the disc is another by now. `swapped` is the size of the disc
    /// that comes in.
    pub(super) fn stop(&mut self, insertion: u64, stop: &Stop, swapped: Option<(PathBuf, u64)>) -> bool {
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
            FaultKind::Swap { .. } => {
                let Some((image, sectors)) = swapped else { return false };
                // The faults were the old disc's; how fast the drive is stays.
                let script = Script { speed_bytes_per_second: disc.script.speed_bytes_per_second, ..Script::default() };
                self.insert(image, sectors, script);
            }
            _ => return false,
        }
        true
    }
}

impl Disc {
    /// The next fault in the script that stops a read of these sectors. `served` are those it already went through.
    pub(super) fn next_stop(&self, start: u64, count: u64, served: &[usize]) -> Option<Stop> {
        self.faults_at(start, count).find_map(|(index, fault, _)| match &fault.kind {
            _ if self.fired.contains(&index) || served.contains(&index) => None,
            FaultKind::Hang { .. } | FaultKind::Vanish { .. } => Some(Stop { index, swap: None }),
            FaultKind::Swap { image } => Some(Stop { index, swap: Some(image.clone()) }),
            _ => None,
        })
    }

    /// How much longer a read of these sectors takes.
    pub(super) fn delay(&self, start: u64, count: u64) -> Duration {
        self.faults_at(start, count).fold(Duration::ZERO, |sum, (_, fault, sectors)| match fault.kind {
            FaultKind::Slow { milliseconds } => {
                sum.saturating_add(Duration::from_millis(milliseconds.saturating_mul(sectors.end - sectors.start)))
            }
            _ => sum,
        })
    }

    /// What the drive says to a read of these sectors, if it cannot do it.
    pub(super) fn failure(&self, start: u64, count: u64) -> Option<Sense> {
        const UNREADABLE: Sense = Sense { key: 3, asc: 0x11, ascq: 0x05 };
        let fault = self.faults_at(start, count).find_map(|(_, fault, sectors)| match fault.kind {
            FaultKind::Bad => Some(UNREADABLE),
            FaultKind::Sense { sense } => Some(sense),
            FaultKind::Flaky { times } => sectors.into_iter().any(|lba| self.times(lba) < times).then_some(UNREADABLE),
            _ => None,
        });
        let run_out = self.sectors.saturating_sub(self.script.run_out);
        fault.or((self.script.run_out > 0 && start.saturating_add(count) > run_out).then_some(UNREADABLE))
    }

    /// Whether the drive has to correct one of these sectors.
    pub(super) fn is_recovered(&self, start: u64, count: u64) -> bool {
        self.faults_at(start, count).any(|(_, fault, _)| fault.kind == FaultKind::Recovered)
    }

    /// Wrong bytes at the start of a raw frame that the drive marks as wrong.
    pub(super) fn c2_bytes(&self, lba: u64) -> usize {
        let wrong = self.faults_at(lba, 1).filter_map(|(_, fault, _)| match fault.kind {
            FaultKind::C2 { bytes, times } if times.is_none_or(|times| self.times(lba) < times) => Some(usize::from(bytes)),
            _ => None,
        });
        wrong.max().unwrap_or(0)
    }

    /// Bytes that a raw frame comes too late.
    pub(super) fn jitter(&self, lba: u64) -> usize {
        let late = self.faults_at(lba, 1).filter_map(|(_, fault, _)| match fault.kind {
            FaultKind::Jitter { samples } if self.times(lba) == 0 => Some(4 * usize::from(samples)),
            _ => None,
        });
        late.max().unwrap_or(0)
    }

    /// Whether one of these sectors belongs to a fault that counts.
    pub(super) fn counts(&self, start: u64, count: u64) -> bool {
        self.faults_at(start, count).any(|(_, fault, _)| fault.counts())
    }

    /// Counts a read of these sectors.
    pub(super) fn count(&mut self, start: u64, count: u64) {
        let counted = self.faults_at(start, count).filter(|(_, fault, _)| fault.counts()).map(|(.., sectors)| sectors);
        let counted: Vec<Range<u64>> = counted.collect();
        for lba in counted.into_iter().flatten() {
            let reads = self.reads.entry(lba).or_default();
            *reads = reads.saturating_add(1);
        }
    }

    fn times(&self, lba: u64) -> u32 {
        self.reads.get(&lba).copied().unwrap_or(0)
    }

    /// Those of these sectors whose bytes will be wrong because they are read for the first time.
    pub(super) fn wrong(&self, start: u64, count: u64) -> Vec<u64> {
        let mut wrong: Vec<u64> = self
            .faults_at(start, count)
            .filter(|(_, fault, _)| fault.kind == FaultKind::WrongOnce)
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

    fn faults_at(&self, start: u64, count: u64) -> impl Iterator<Item = (usize, &Fault, Range<u64>)> {
        let all = self.script.faults.iter().enumerate();
        all.map(move |(index, fault)| (index, fault, fault.overlap(start, count))).filter(|(.., sectors)| !sectors.is_empty())
    }
}
