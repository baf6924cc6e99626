//! Watches the machine: one sample each three seconds, the last ten minutes in memory.

use super::{probe, wire::MachineSample};
use crate::{supervision::SupervisedActor, telemetry::Clock};
use actix::prelude::*;
use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use sysinfo::System;

/// Distance of two samples.
pub const EVERY: Duration = Duration::from_secs(3);
/// Samples that are kept.
pub const KEPT: usize = 200;

/// The last samples. Cheap to clone; outlives a restart of the actor that fills it.
#[derive(Clone, Default)]
pub struct MachineHistory(Arc<RwLock<VecDeque<MachineSample>>>);

impl MachineHistory {
    /// Oldest first.
    pub fn samples(&self) -> Vec<MachineSample> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn push(&self, sample: MachineSample) {
        let mut samples = self.0.write().unwrap_or_else(PoisonError::into_inner);
        while samples.len() >= KEPT {
            samples.pop_front();
        }
        samples.push_back(sample);
    }
}

/// The actor that looks. It has a thread of its own, so a network mount that does not answer holds up nobody else.
pub struct MachineWatch {
    history: MachineHistory,
    clock: Clock,
    folder: PathBuf,
    system: Option<System>,
    counted: Option<(DateTime<Utc>, BTreeMap<String, Transferred>)>,
}

impl MachineWatch {
    /// Watches the machine and the space in `folder`.
    pub fn new(history: MachineHistory, clock: Clock, folder: PathBuf) -> Self {
        Self { history, clock, folder, system: System::new().ok(), counted: None }
    }

    #[allow(clippy::cast_precision_loss, reason = "rates for people")]
    fn look(&mut self) {
        let at = self.clock.now();
        let (mut cpu_percent, mut memory_total, mut memory_used) = (0.0, 0, 0);
        if let Some(system) = self.system.as_mut() {
            system.refresh_cpu_usage();
            system.refresh_memory();
            cpu_percent = (f64::from(system.global_cpu_usage()) * 10.0).round() / 10.0;
            memory_total = system.total_memory();
            memory_used = memory_total.saturating_sub(system.available_memory());
        }
        let text = std::fs::read_to_string("/proc/diskstats").unwrap_or_default();
        let counted = whole_disks(&text, |name| Path::new("/sys/block").join(name).exists());
        let rate = self.counted.as_ref().and_then(|(before, old)| {
            let seconds = (at - *before).as_seconds_f64();
            let moved = moved(old, &counted);
            (seconds > 0.0).then(|| (moved.read as f64 / seconds, moved.written as f64 / seconds))
        });
        self.counted = Some((at, counted));
        let space = probe::space(&self.folder);
        self.history.push(MachineSample {
            at,
            cpu_percent,
            memory_total,
            memory_used,
            read_per_second: rate.map(|(read, _)| read.round()),
            written_per_second: rate.map(|(_, written)| written.round()),
            space_total: space.total,
            space_available: space.available,
        });
    }
}

impl Actor for MachineWatch {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.look();
        ctx.run_interval(EVERY, |watch, _| watch.look());
    }
}

impl SupervisedActor for MachineWatch {}

/// Bytes that a disk has moved since the machine started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Transferred {
    read: u64,
    written: u64,
}

/// The counters of disks in `/proc/diskstats`. Not of partitions, which would count twice, nor of what lies upon other disks (loop
/// devices, device mapper, RAID), nor of memory, nor of optical drives, whose speed is told elsewhere.
fn whole_disks(text: &str, is_whole: impl Fn(&str) -> bool) -> BTreeMap<String, Transferred> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let name = *fields.get(2)?;
        let upon_others = ["loop", "ram", "zram", "dm-", "md", "sr", "fd"].iter().any(|prefix| name.starts_with(prefix));
        let sectors = |index: usize| fields.get(index)?.parse::<u64>().ok();
        // A sector is 512 bytes here, whatever the disk's own are.
        let bytes = |index| sectors(index).map(|sectors| sectors.saturating_mul(512));
        let counters = Transferred { read: bytes(5)?, written: bytes(9)? };
        (!upon_others && is_whole(name)).then(|| (name.to_owned(), counters))
    };
    text.lines().filter_map(line).collect()
}

/// What was moved between two looks, by the disks that were there both times.
fn moved(old: &BTreeMap<String, Transferred>, new: &BTreeMap<String, Transferred>) -> Transferred {
    let mut sum = Transferred::default();
    for (name, now) in new {
        if let Some(before) = old.get(name) {
            sum.read = sum.read.saturating_add(now.read.saturating_sub(before.read));
            sum.written = sum.written.saturating_add(now.written.saturating_sub(before.written));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATS: &str = "   7       0 loop0 14 0 112 0 0 0 0 0 0 0 0\n 254       0 vda 40 7 1000 8 14 77 2000 69 0 75 15\n \
                         254       1 vda1 40 7 1000 8 14 77 2000 69 0 75 15\n  11       0 sr0 1 0 500 0 0 0 0 0 0 0 0\nbroken\n";

    #[test]
    fn each_disk_is_counted_once_and_others_not_at_all() {
        let disks = whole_disks(STATS, |name| name != "vda1");
        assert_eq!(disks, BTreeMap::from([("vda".to_owned(), Transferred { read: 512_000, written: 1_024_000 })]));
    }

    #[test]
    fn a_disk_that_comes_or_begins_anew_is_no_burst() {
        let disk = |name: &str, read, written| (name.to_owned(), Transferred { read, written });
        let old = BTreeMap::from([disk("a", 100, 100), disk("b", 1_000, 1_000)]);
        let new = BTreeMap::from([disk("a", 150, 100), disk("b", 5, 5), disk("c", 9_999, 9_999)]);
        assert_eq!(moved(&old, &new), Transferred { read: 50, written: 0 });
    }

    #[test]
    fn the_last_samples_are_kept() {
        let history = MachineHistory::default();
        let clock = Clock::fixed(DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        let mut watch = MachineWatch::new(history.clone(), clock.clone(), PathBuf::from("/"));
        for _ in 0..KEPT + 5 {
            watch.look();
            clock.advance(chrono::Duration::seconds(3));
        }
        let samples = history.samples();
        assert_eq!(samples.len(), KEPT);
        assert!(samples.is_sorted_by_key(|sample| sample.at));
        assert!(samples.iter().all(|sample| sample.memory_total > 0 && sample.space_total > sample.space_available));
    }
}
