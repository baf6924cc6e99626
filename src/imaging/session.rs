//! One image being made: what an engine works with.

use super::{
    buffers::Buffer,
    interrupt::Interruption,
    pipeline::Pipeline,
    protocol::{ReadOptions, WorkerMessage, WorkerProgress},
    reader::{Reader, StopFlag, Unreadable, bytes_of},
    reporter::Reporter,
    tuning::Tuning,
};
use crate::{
    domain::{
        ids::{Lba, SECTOR},
        job::Phase,
        sector_map::{BlockStatus, SectorMap},
    },
    optical::Sense,
};
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// Drive, map, pipeline and reporter, tied together so that they cannot disagree.
pub struct Session<'a> {
    /// What was read so far, including what is still on its way to the disk. The ledger claims less.
    pub map: SectorMap,
    /// How to read.
    pub options: ReadOptions,
    /// Sectors in an error-correction block of this medium.
    pub ecc: u64,
    /// The drive.
    pub reader: Reader<'a>,
    /// Writer, hashes, ledger.
    pub pipeline: Pipeline,
    /// Messages.
    pub reporter: Reporter<'a>,
    /// Raised when the run shall end.
    pub stop: StopFlag,
    /// Requests of this run that failed: because of copy protection, and for other reasons.
    pub failures: (u64, u64),
    tuning: Tuning,
    batch: Option<(Buffer, Instant)>,
    said: Vec<(Range<u64>, Option<Sense>)>,
}

/// Most different ranges whose sense data is remembered: a ruined disc must not fill the memory.
const MAX_SENSES: usize = 10_000;

impl<'a> Session<'a> {
    /// Ties the parts together.
    pub fn new(
        map: SectorMap,
        (options, ecc): (ReadOptions, u64),
        reader: Reader<'a>,
        pipeline: Pipeline,
        reporter: Reporter<'a>,
        (stop, tuning): (StopFlag, Tuning),
    ) -> Self {
        Self { map, options, ecc, reader, pipeline, reporter, stop, failures: (0, 0), tuning, batch: None, said: Vec::new() }
    }

    /// Enters a phase.
    pub fn phase(&mut self, phase: Phase) {
        self.reporter.phase(phase);
        self.moved();
    }

    /// Most sectors in one request: what the drive takes, no more than a buffer holds.
    pub fn max_request(&self) -> u64 {
        self.reader.max_transfer().min((self.tuning.chunk as u64 / SECTOR).max(1))
    }

    /// Reads sectors and passes them on to storage and hashes. On `Ok(Ok(()))` the map has them as finished; a failure is left
    /// to the caller to [`mark`](Self::mark).
    ///
    /// # Errors
    /// The outer error ends the run; the inner one is about these sectors only.
    pub fn read(&mut self, start: Lba, sectors: u64, limit: Duration) -> Result<Result<(), Unreadable>, Interruption> {
        let (from, count) = (start.byte(), bytes_of(sectors));
        let patience = self.tuning.flush_after;
        let goes_on = |batch: &mut (Buffer, Instant)| {
            batch.0.end() == from && batch.1.elapsed() < patience && batch.0.room(count).is_some()
        };
        if !self.batch.as_mut().is_some_and(goes_on) {
            self.flush();
            self.batch = Some((self.pipeline.buffer(from)?, Instant::now()));
        }
        let (Some((buffer, _)), reporter) = (&mut self.batch, &mut self.reporter) else { return Err(Interruption::Stopped) };
        let Some(room) = buffer.room(count) else { return Ok(Err(Unreadable { sense: None, protected: false })) };
        let result = self.reader.read(start, room, limit, &mut || reporter.alive())?;
        match result {
            Ok(()) => {
                buffer.filled += count;
                self.map.set(from..from + count as u64, BlockStatus::Finished);
            }
            Err(Unreadable { protected: true, .. }) => self.failures.0 += 1,
            Err(_) => self.failures.1 += 1,
        }
        self.moved();
        Ok(result)
    }

    /// Marks sectors that could not be read.
    pub fn mark(&mut self, start: Lba, sectors: u64, status: BlockStatus, failure: Unreadable) {
        let range = start.byte()..start.byte() + sectors * SECTOR;
        self.map.set(range.clone(), status);
        self.pipeline.mark(range.clone(), status);
        let room = self.said.len() < MAX_SENSES;
        match self.said.last_mut() {
            Some((last, sense)) if last.end == range.start && *sense == failure.sense => last.end = range.end,
            _ if room => self.said.push((range, failure.sense)),
            _ => {}
        }
    }

    /// Hands the batch under way to the pipeline.
    pub fn flush(&mut self) {
        if let Some((buffer, _)) = self.batch.take() {
            self.pipeline.store(buffer);
        }
    }

    /// Forgets what the drive said: the next pass asks again.
    pub fn forget_senses(&mut self) {
        self.said.clear();
    }

    /// Says which ranges are unreadable for good.
    pub fn report_bad(&mut self) {
        let sense_at = |byte: u64| self.said.iter().find(|(range, _)| range.contains(&byte)).and_then(|(_, sense)| *sense);
        for range in self.map.ranges(&[BlockStatus::Bad]) {
            let (start, count) = (Lba(range.start / SECTOR), (range.end - range.start).div_ceil(SECTOR));
            self.reporter.say(WorkerMessage::BadRange { start, count, sense: sense_at(range.start) });
        }
    }

    /// A sign of life with numbers from the map.
    pub fn moved(&mut self) {
        let map = &self.map;
        self.reporter.moved(|| WorkerProgress {
            size_total: map.len(),
            size_processed: map.bytes(BlockStatus::Finished),
            speed: 0.0,
            bad_sectors: map.bytes(BlockStatus::Bad).div_ceil(SECTOR),
        });
    }
}
