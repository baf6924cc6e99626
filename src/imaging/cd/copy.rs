//! Reading one track: test and copy, frame by frame until readings agree.

use super::{
    drive::{Drive, Frame},
    plan::{Part, Plan},
    votes::{Decision, Votes},
};
use crate::{
    domain::{
        disc::frame::{self, FRAME},
        result::BadRange,
    },
    imaging::{interrupt::Interruption, sink::SinkError},
    optical::{RawLayout, Sense},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs::File, ops::Range, os::unix::fs::FileExt as _};

/// Frames that are compared and settled together; bounds the memory that readings take.
const WINDOW: i64 = 128;
/// Frames that fill the cache of any drive (4 MiB and some; whipper found none with more).
const CACHE_FRAMES: u64 = 2_048;
/// Bytes of sub-channel of a frame.
pub const SUB: usize = 96;

/// Where frames are stored.
pub struct Store {
    /// Raw frames, in the order of the plan.
    pub bin: File,
    /// Sub-channel of each of them, if wanted and offered.
    pub sub: Option<File>,
}

/// How a track is read.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Samples by which the drive reads audio too late.
    pub read_offset: i32,
    /// How often frames on which readings differ are read again.
    pub retries: u32,
    /// Whether data frames are read twice, too.
    pub data_twice: bool,
}

/// What came of reading a track.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Frames that could not be read, or whose error detection code never fitted.
    pub unreadable: u64,
    /// Of them, those that are no loss.
    pub run_out: u64,
    /// Frames on which readings never agreed.
    pub unsettled: u64,
    /// Whether the two readings agreed everywhere; `None` after a single one.
    pub test_matches: Option<bool>,
    /// The unreadable ones.
    pub ranges: Vec<BadRange>,
    /// The unsettled ones.
    pub shaky: Vec<BadRange>,
}

impl Finding {
    /// Frames that are not as they should be.
    pub fn losses(&self) -> u64 {
        self.unreadable - self.run_out.min(self.unreadable) + self.unsettled
    }
}

/// What the first reading has against a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// It was not read.
    Missing,
    /// The drive, or its own error detection code, says that it is wrong.
    Wrong,
    /// It is no data sector although the track is one of data, so that it needs a second reading.
    Unproven,
}

/// One track being read.
pub struct TrackCopy<'a, 'd> {
    drive: &'a mut Drive<'d>,
    store: &'a Store,
    plan: &'a Plan,
    part: Part,
    manner: Manner,
    doubts: BTreeMap<i64, Doubt>,
    finding: Finding,
    differences: u64,
    lost: Vec<(u64, Option<Sense>)>,
}

impl<'a, 'd> TrackCopy<'a, 'd> {
    /// Begins a track.
    pub fn new(drive: &'a mut Drive<'d>, store: &'a Store, plan: &'a Plan, part: Part, manner: Manner) -> Self {
        let (doubts, finding) = (BTreeMap::new(), Finding::default());
        Self { drive, store, plan, part, manner, doubts, finding, differences: 0, lost: Vec::new() }
    }

    /// Reads it to the end. Afterwards its place in the image holds the best that there is, and zeros for what there is not.
    ///
    /// # Errors
    /// The run is over: storage, disc, drive, or a wish to stop. The track is not done then.
    /// `filled` are frames that a program has read into the image already; then ours is the second reading.
    pub fn run(mut self, filled: &[Range<u64>]) -> Result<Finding, Interruption> {
        let raw = self.part.raw(self.manner.read_offset);
        if filled.iter().any(|range| range.start < self.part.to && self.part.from < range.end) {
            self.complete(filled)?;
        } else {
            self.copy(raw.clone())?;
        }
        let twice = !self.part.track.data || self.manner.data_twice;
        if twice && raw.end - raw.start < i64::try_from(CACHE_FRAMES).unwrap_or(i64::MAX) {
            self.defeat_cache(raw.start)?;
        }
        let mut at = raw.start;
        while at < raw.end {
            let window = at..(at + WINDOW).min(raw.end);
            let (doubtful, len) = (self.doubts.range(window.clone()).next().is_some(), window.end - window.start);
            at = window.end;
            if twice || doubtful {
                self.settle(window, twice)?;
            }
            let bytes = if twice { u64::try_from(len).unwrap_or(0) * FRAME as u64 } else { 0 };
            self.drive.moved(bytes);
        }
        self.finding.test_matches = twice.then_some(self.differences == 0);
        self.report_lost();
        Ok(self.finding)
    }

    /// One more pass over what an earlier one could not read or settle. Everything else stays as it is.
    ///
    /// # Errors
    /// As [`run`](Self::run). Frames that were repaired are stored; the track's finding is the old one then.
    pub fn repair(mut self, earlier: &Finding) -> Result<Finding, Interruption> {
        for range in earlier.ranges.iter().chain(&earlier.shaky) {
            self.doubts.extend((range.start..range.start + range.count).map(|lba| (signed(lba), Doubt::Missing)));
        }
        // Nothing is stored that could be one of two readings that agree.
        self.manner.retries += 1;
        let windows: std::collections::BTreeSet<i64> = self.doubts.keys().map(|number| number.div_euclid(WINDOW)).collect();
        for window in windows {
            self.settle(window * WINDOW..(window + 1) * WINDOW, false)?;
        }
        self.finding.test_matches = earlier.test_matches;
        self.report_lost();
        Ok(self.finding)
    }

    /// First reading: everything once, as fast as it goes.
    fn copy(&mut self, raw: Range<i64>) -> Result<(), Interruption> {
        let layout = match (&self.store.sub, self.part.track.data) {
            (Some(_), _) => RawLayout::MainSub,
            (None, true) => RawLayout::Main,
            (None, false) => self.drive.checking(),
        };
        let reachable = self.skip_unreachable(raw)?;
        let (part, manner, store) = (self.part, self.manner, self.store);
        let doubts = &mut self.doubts;
        let largest = self.drive.largest();
        let mut done = 0;
        let mut pieces = reachable;
        // In pieces, so that progress moves between the drive's answers.
        while pieces.start < pieces.end {
            let piece = pieces.start..(pieces.start + largest).min(pieces.end);
            pieces.start = piece.end;
            self.drive.each(piece, largest, layout, &mut |lba, frame| {
                let number = signed(lba);
                done += 1;
                match usable(&part, lba, frame) {
                    Ok(frame) => {
                        let proof = proof(&part, lba, frame.main);
                        if !frame.clean || proof == Proof::Wrong {
                            doubts.insert(number, Doubt::Wrong);
                        } else if part.track.data && proof == Proof::None {
                            doubts.insert(number, Doubt::Unproven);
                        }
                        write(store, &part, &manner, number, Some(frame.main))?;
                        if let (Some(file), Some(sub), true) = (&store.sub, frame.sub, part.owns(number)) {
                            let at = (part.offset + lba - part.from) * SUB as u64;
                            file.write_all_at(&deinterleave(sub), at).map_err(|error| storage("write", error))?;
                        }
                        Ok(())
                    }
                    Err(_) => {
                        // Behind the lead-out and across a border drives may refuse; silence is what is there.
                        if part.owns(number) {
                            doubts.insert(number, Doubt::Missing);
                        }
                        write(store, &part, &manner, number, None)
                    }
                }
            })?;
            self.drive.moved(std::mem::take(&mut done) * FRAME as u64);
        }
        Ok(())
    }

    /// What a program has stored is the first reading; only error detection codes speak against it. What it left out is read here.
    fn complete(&mut self, filled: &[Range<u64>]) -> Result<(), Interruption> {
        let (bin, end) = (&self.store.bin, self.part.bytes().end);
        let len = bin.metadata().map_err(|error| storage("inspect", error))?.len();
        bin.set_len(len.max(end)).map_err(|error| storage("resize", error))?;
        let there = |lba: u64| filled.iter().any(|range| range.contains(&lba));
        let mut at = self.part.from;
        while at < self.part.to {
            let end = (at..self.part.to).find(|lba| there(*lba) != there(at)).unwrap_or(self.part.to);
            if !there(at) {
                self.copy(self.part.raw_of(at..end, self.manner.read_offset))?;
            }
            at = end;
        }
        if self.part.track.data {
            let mut bytes = vec![0; FRAME];
            for lba in self.part.from..self.part.to {
                if !there(lba) {
                    continue;
                }
                let (at, _) = self.part.place(signed(lba), 0).unwrap_or((0, 0..0));
                self.store.bin.read_exact_at(&mut bytes, at).map_err(|error| storage("read", error))?;
                let doubt = match proof(&self.part, lba, &bytes) {
                    Proof::Proven => continue,
                    Proof::None => Doubt::Unproven,
                    Proof::Wrong => Doubt::Wrong,
                };
                self.doubts.insert(signed(lba), doubt);
            }
        }
        Ok(())
    }

    /// Writes silence where no drive can read, and tells where one can.
    fn skip_unreachable(&mut self, raw: Range<i64>) -> Result<Range<u64>, Interruption> {
        let (mut first, mut last) = (None, 0);
        for number in raw {
            if !self.part.reachable(number) {
                write(self.store, &self.part, &self.manner, number, None)?;
            } else if let Ok(lba) = u64::try_from(number) {
                first.get_or_insert(lba);
                last = lba + 1;
            }
        }
        Ok(first.unwrap_or(0)..last)
    }

    /// Second reading of a few frames, and more until readings agree.
    fn settle(&mut self, window: Range<i64>, twice: bool) -> Result<(), Interruption> {
        let stored = self.stored(&window)?;
        let (part, manner) = (self.part, self.manner);
        let mut open: BTreeMap<i64, Votes> = BTreeMap::new();
        for (number, doubt) in self.doubts.range(window.clone()) {
            let mut votes = Votes::default();
            match doubt {
                Doubt::Missing => {}
                Doubt::Wrong => votes.add(&stored[number], false, false),
                Doubt::Unproven => votes.add(&stored[number], true, false),
            }
            open.insert(*number, votes);
        }
        if twice {
            let layout = if part.track.data { RawLayout::Main } else { self.drive.checking() };
            let reachable: Vec<u64> =
                window.clone().filter(|number| part.reachable(*number)).filter_map(|number| u64::try_from(number).ok()).collect();
            if let (Some(first), Some(last)) = (reachable.first(), reachable.last()) {
                // Half of the largest request first: the borders between requests lie elsewhere than at the first reading.
                let half = self.drive.largest() / 2 + 1;
                self.drive.each(*first..last + 1, half, layout, &mut |lba, frame| {
                    let number = signed(lba);
                    let Some((_, cut)) = part.place(number, manner.read_offset) else { return Ok(()) };
                    let before = &stored[&number];
                    match usable(&part, lba, frame) {
                        Ok(frame) => {
                            let proof = proof(&part, lba, frame.main);
                            let good = frame.clean && proof != Proof::Wrong;
                            if !good || frame.main[cut.clone()] != before[..] {
                                open.entry(number).or_insert_with(|| first_reading(before, part.track.data));
                            }
                            if let Some(votes) = open.get_mut(&number) {
                                votes.add(&frame.main[cut], good, good && proof == Proof::Proven);
                            }
                        }
                        Err(_) if !part.owns(number) => {}
                        Err(_) => open.entry(number).or_insert_with(|| first_reading(before, part.track.data)).failed(),
                    }
                    Ok(())
                })?;
            }
            self.differences += open.keys().filter(|number| part.owns(**number)).count() as u64;
        }
        let senses = self.read_again(&mut open, window.start)?;
        self.conclude(&open, &stored, &senses)
    }

    /// Frame by frame, in rounds with something else in between, so that no answer comes from the drive's cache.
    fn read_again(&mut self, open: &mut BTreeMap<i64, Votes>, near: i64) -> Result<BTreeMap<i64, Option<Sense>>, Interruption> {
        let (part, manner) = (self.part, self.manner);
        let mut senses = BTreeMap::new();
        let layout = if part.track.data { RawLayout::Main } else { self.drive.checking() };
        // A border has to be read a second time even if nobody asks for retries.
        let border = u32::from(self.doubts.values().any(|doubt| *doubt == Doubt::Unproven));
        for _ in 0..manner.retries.max(border) {
            if open.values().all(Votes::is_settled) {
                break;
            }
            self.defeat_cache(near)?;
            for (number, votes) in open.iter_mut().filter(|(_, votes)| !votes.is_settled()) {
                let Ok(lba) = u64::try_from(*number) else { continue };
                self.drive.each(lba..lba + 1, 1, layout, &mut |lba, frame| {
                    match (usable(&part, lba, frame), part.place(*number, manner.read_offset)) {
                        (Ok(frame), Some((_, cut))) => {
                            let proof = proof(&part, lba, frame.main);
                            let good = frame.clean && proof != Proof::Wrong;
                            votes.add(&frame.main[cut], good, good && proof == Proof::Proven);
                        }
                        (Ok(_), None) => {}
                        (Err(sense), _) => {
                            votes.failed();
                            senses.insert(*number, sense);
                        }
                    }
                    Ok(())
                })?;
            }
        }
        Ok(senses)
    }

    fn conclude(
        &mut self,
        open: &BTreeMap<i64, Votes>,
        stored: &BTreeMap<i64, Vec<u8>>,
        senses: &BTreeMap<i64, Option<Sense>>,
    ) -> Result<(), Interruption> {
        for (number, votes) in open {
            let Some((at, cut)) = self.part.place(*number, self.manner.read_offset) else { continue };
            let zeros = vec![0; cut.len()];
            let (bytes, settled, read) = match votes.decide() {
                Decision::Settled(bytes) => (bytes, true, true),
                Decision::Unsettled(bytes) => (bytes, false, true),
                Decision::Unreadable => (&zeros[..], false, false),
            };
            if stored.get(number).is_none_or(|stored| stored != bytes) {
                self.store.bin.write_all_at(bytes, at).map_err(|error| storage("write", error))?;
            }
            let Ok(lba) = u64::try_from(*number) else { continue };
            if settled || !self.part.owns(*number) {
                continue;
            }
            // Data that does not prove itself counts as unreadable, even if its bytes are kept.
            if read && !self.part.track.data {
                self.finding.unsettled += 1;
                match self.finding.shaky.last_mut() {
                    Some(range) if range.start + range.count == lba => range.count += 1,
                    _ => self.finding.shaky.push(BadRange { start: lba, count: 1 }),
                }
            } else {
                self.finding.unreadable += 1;
                self.lost.push((lba, senses.get(number).copied().flatten()));
            }
        }
        Ok(())
    }

    /// What the image holds of these frames now.
    fn stored(&self, window: &Range<i64>) -> Result<BTreeMap<i64, Vec<u8>>, Interruption> {
        let mut all = BTreeMap::new();
        for number in window.clone() {
            let Some((at, cut)) = self.part.place(number, self.manner.read_offset) else { continue };
            let mut bytes = vec![0; cut.len()];
            self.store.bin.read_exact_at(&mut bytes, at).map_err(|error| storage("read", error))?;
            all.insert(number, bytes);
        }
        Ok(all)
    }

    /// Reads enough from elsewhere on the disc that nothing near `near` can come from the drive's cache.
    fn defeat_cache(&mut self, near: i64) -> Result<(), Interruption> {
        let elsewhere = self.plan.far_from(u64::try_from(near).unwrap_or(0), CACHE_FRAMES);
        let largest = self.drive.largest();
        self.drive.each(elsewhere, largest, RawLayout::Main, &mut |_, _| Ok(()))
    }

    /// Says which frames are lost, as ranges.
    fn report_lost(&mut self) {
        let mut ranges: Vec<(BadRange, Option<Sense>)> = Vec::new();
        for (lba, sense) in std::mem::take(&mut self.lost) {
            match ranges.last_mut() {
                Some((range, said)) if range.start + range.count == lba && *said == sense => range.count += 1,
                _ => ranges.push((BadRange { start: lba, count: 1 }, sense)),
            }
        }
        // Only what is lost up to the very end is a run-out; a hole before readable frames is not.
        let mut end = self.part.to;
        for (range, _) in ranges.iter().rev().take_while(|(range, _)| {
            let joins = range.start + range.count == end || self.part.tail > 2;
            end = range.start;
            joins && self.part.in_tail(range.start)
        }) {
            self.finding.run_out += range.count;
        }
        for (range, sense) in &ranges {
            self.drive.lost(range.start, range.count, *sense);
        }
        self.finding.ranges = ranges.into_iter().map(|(range, _)| range).collect();
    }
}

/// The votes of a frame against which the first reading had nothing.
fn first_reading(bytes: &[u8], data: bool) -> Votes {
    let mut votes = Votes::default();
    votes.add(bytes, true, data);
    votes
}

/// A frame of the neighbourhood that holds data is no music.
fn usable<'f>(part: &Part, lba: u64, frame: Result<Frame<'f>, Option<Sense>>) -> Result<Frame<'f>, Option<Sense>> {
    frame.and_then(|frame| {
        let music = part.owns(signed(lba)) || frame::kind(frame.main).is_none();
        if music { Ok(frame) } else { Err(None) }
    })
}

/// What a frame itself tells about being right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Code and address fit.
    Proven,
    /// Audio: it cannot tell.
    None,
    /// Code or address do not fit.
    Wrong,
}

fn proof(part: &Part, lba: u64, bytes: &[u8]) -> Proof {
    // Where a data track ends, frames of the pre-gap of an audio track may follow.
    if !part.track.data || (part.in_tail(lba) && frame::kind(bytes).is_none()) {
        Proof::None
    } else if frame::edc_ok(bytes) && frame::header_lba(bytes) == Some(lba) {
        Proof::Proven
    } else {
        Proof::Wrong
    }
}

/// Stores the bytes of a frame that belong to the part; silence if there is none.
pub fn write(store: &Store, part: &Part, manner: &Manner, number: i64, bytes: Option<&[u8]>) -> Result<(), Interruption> {
    let Some((at, cut)) = part.place(number, manner.read_offset) else { return Ok(()) };
    let written = match bytes {
        Some(bytes) => store.bin.write_all_at(&bytes[cut], at),
        None => store.bin.write_all_at(&vec![0; cut.len()], at),
    };
    written.map_err(|error| storage("write", error))
}

/// From the disc's order (a bit of each channel in every byte) to one channel after the other: P, Q, R … W, 12 bytes each.
pub fn deinterleave(raw: &[u8]) -> [u8; SUB] {
    let mut channels = [0; SUB];
    for (index, byte) in raw.iter().take(SUB).enumerate() {
        for channel in 0..8 {
            let bit = byte >> (7 - channel) & 1;
            channels[channel * 12 + index / 8] |= bit << (7 - index % 8);
        }
    }
    channels
}

/// A failure of the target's file system.
pub fn storage(what: &'static str, source: std::io::Error) -> Interruption {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    Interruption::from(match source.kind() {
        StorageFull | QuotaExceeded => SinkError::NoSpace,
        _ => SinkError::Io { what, path: "the image's files".into(), source },
    })
}

fn signed(lba: u64) -> i64 {
    i64::try_from(lba).unwrap_or(i64::MAX)
}
