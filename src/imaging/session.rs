//! One image being made: what an engine works with.

use super::{
    buffers::Buffer,
    interrupt::{Interruption, code},
    pipeline::Pipeline,
    protocol::{ImageTask, ReadOptions, WorkerMessage, WorkerProgress},
    reader::{Reader, StopFlag, Unreadable, bytes_of},
    reporter::Reporter,
    tuning::Tuning,
};
use crate::{
    domain::{
        ids::{Lba, SECTOR},
        job::Phase,
        result::ToolRun,
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
    /// Where a second layer begins, if there is one: some drives fail requests across it.
    pub layer_break: Option<u64>,
    /// Whether the medium is a CD.
    pub is_cd: bool,
    /// Sectors between sessions: no drive reads them, and their absence is no damage.
    pub gaps: Vec<Range<u64>>,
    /// Programs that had a part in it.
    pub tools: Vec<ToolRun>,
    /// Where there is nothing to read, so that it is not tried again in this run: past the end of the medium (`-`), or a track of
    /// another mode (`/`).
    nothing: SectorMap,
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
        task: &ImageTask,
        reader: Reader<'a>,
        pipeline: Pipeline,
        reporter: Reporter<'a>,
        (stop, tuning): (StopFlag, Tuning),
    ) -> Self {
        let (options, profile) = (task.options.clone(), task.medium.profile);
        let layer_break = task.medium.structure.and_then(|structure| structure.layer_break);
        Self {
            nothing: SectorMap::new(map.len()),
            map,
            options,
            ecc: profile.ecc_block(),
            reader,
            pipeline,
            reporter,
            stop,
            failures: (0, 0),
            layer_break: layer_break.and_then(|sector| sector.checked_sub(task.first_sector)).filter(|sector| *sector > 0),
            is_cd: profile.class() == "cd",
            gaps: task.medium.size.gaps.clone(),
            tools: vec![ToolRun::own()],
            tuning,
            batch: None,
            said: Vec::new(),
        }
    }

    /// Enters a phase.
    pub fn phase(&mut self, phase: Phase) {
        self.reporter.phase(phase);
        self.moved();
    }

    /// Most sectors in one request: what the drive takes, no more than a buffer holds or the task allows.
    pub fn max_request(&self) -> u64 {
        let allowed = self.options.block_sectors.map_or(u64::MAX, |sectors| u64::from(sectors).max(1));
        self.reader.max_transfer().min((self.tuning.chunk as u64 / SECTOR).max(1)).min(allowed)
    }

    /// Reads sectors and passes them on to storage and hashes. On `Ok(Ok(()))` the map has them as finished; a failure is left
    /// to the caller to [`mark`](Self::mark).
    ///
    /// # Errors
    /// The outer error ends the run; the inner one is about these sectors only.
    pub fn read(&mut self, start: Lba, sectors: u64, limit: Duration) -> Result<Result<(), Unreadable>, Interruption> {
        self.request(start, sectors, (limit, false))
    }

    /// The same, from the medium and not from the drive's cache.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_again(&mut self, start: Lba, sectors: u64, limit: Duration) -> Result<Result<(), Unreadable>, Interruption> {
        self.request(start, sectors, (limit, true))
    }

    fn request(
        &mut self,
        start: Lba,
        sectors: u64,
        (limit, again): (Duration, bool),
    ) -> Result<Result<(), Unreadable>, Interruption> {
        let (from, count) = (start.byte(), bytes_of(sectors));
        let (mut buffer, since) = self.batch_for(from, count)?;
        let reporter = &mut self.reporter;
        let result = match buffer.room(count) {
            Some(room) if again => self.reader.read_again(start, room, limit, &mut || reporter.alive()),
            Some(room) => self.reader.read(start, room, limit, &mut || reporter.alive()),
            // Engines ask for no more than `max_request`; more would be a mistake of ours, not damage that may be skipped.
            None => Err(Interruption::failed(code::BAD_TASK, format!("{sectors} sectors do not fit into a buffer"))),
        };
        match &result {
            Ok(Ok(())) => {
                buffer.filled += count;
                self.map.set(from..from + count as u64, BlockStatus::Finished);
            }
            Ok(Err(Unreadable { protected: true, .. })) => self.failures.0 += 1,
            Ok(Err(_)) => self.failures.1 += 1,
            Err(_) => {}
        }
        // Whatever happened, what was read before is not lost.
        self.batch = Some((buffer, since));
        self.moved();
        result
    }

    /// The batch under way if `count` bytes from `from` on continue it, otherwise a new one.
    fn batch_for(&mut self, from: u64, count: usize) -> Result<(Buffer, Instant), Interruption> {
        let patience = self.tuning.flush_after;
        match self.batch.take() {
            Some((buffer, since)) if buffer.end() == from && since.elapsed() < patience && buffer.has_room(count) => {
                Ok((buffer, since))
            }
            other => {
                self.batch = other;
                self.flush();
                Ok((self.pipeline.buffer(from)?, Instant::now()))
            }
        }
    }

    /// Marks sectors that could not be read.
    pub fn mark(&mut self, start: Lba, sectors: u64, status: BlockStatus, failure: Unreadable) {
        let range = start.byte()..start.byte() + sectors * SECTOR;
        self.map.set(range.clone(), status);
        self.pipeline.mark(range.clone(), status);
        if failure.nothing && (sectors == 1 || status == BlockStatus::Bad) {
            let kind = if failure.is_past_end() { BlockStatus::Bad } else { BlockStatus::NonScraped };
            self.nothing.set(range.clone(), kind);
        }
        let room = self.said.len() < MAX_SENSES;
        match self.said.last_mut() {
            Some((last, sense)) if last.end == range.start && *sense == failure.sense => last.end = range.end,
            _ if room => self.said.push((range, failure.sense)),
            _ => {}
        }
    }

    /// Whether the drive has said in this run that there is nothing to read here.
    pub fn has_nothing_at(&self, sector: Lba) -> bool {
        self.nothing.status_at(sector.byte()) != BlockStatus::NonTried
    }

    /// Whether the drive has said in this run that the medium ends before this sector.
    pub fn is_past_end(&self, sector: Lba) -> bool {
        self.nothing.status_at(sector.byte()) == BlockStatus::Bad
    }

    /// The last sector of the map.
    pub fn last_sector(&self) -> Lba {
        Lba((self.map.len() / SECTOR).saturating_sub(1))
    }

    /// Whether not even the last sector is on the medium: asks the drive, once.
    ///
    /// # Errors
    /// What ends a run.
    pub fn lies_about_its_end(&mut self, limit: Duration) -> Result<bool, Interruption> {
        let last = self.last_sector();
        if self.is_past_end(last) {
            return Ok(true);
        }
        if self.map.status_at(last.byte()) == BlockStatus::Finished {
            return Ok(false);
        }
        let lies = self.read(last, 1, limit)?.is_err_and(|failure| failure.is_past_end());
        if lies {
            self.nothing.set(last.byte()..self.map.len(), BlockStatus::Bad);
        }
        Ok(lies)
    }

    /// Gives everything from here to the end that was not read this status, for the same reason.
    pub fn give_up_after(&mut self, sector: Lba, status: BlockStatus, failure: Unreadable) {
        let rest = self.map.blocks_within(sector.byte()..self.map.len());
        let rest: Vec<_> = rest.filter(|(_, found)| *found != BlockStatus::Finished).collect();
        for (range, _) in rest {
            let start = Lba(range.start / SECTOR);
            self.mark(start, range.end.div_ceil(SECTOR) - start.0, status, failure);
        }
    }

    /// Leaves out what lies between sessions: bad in the map, zeros in the image, and never asked for.
    pub fn leave_gaps(&mut self) {
        for gap in self.gaps.clone() {
            let range = gap.start.saturating_mul(SECTOR)..gap.end.saturating_mul(SECTOR);
            self.map.set(range.clone(), BlockStatus::Bad);
            self.pipeline.mark(range.clone(), BlockStatus::Bad);
            self.nothing.set(range, BlockStatus::NonScraped);
        }
    }

    /// Bytes that lie between sessions.
    pub fn gap_bytes(&self) -> u64 {
        let within = |gap: &Range<u64>| {
            gap.end.saturating_mul(SECTOR).min(self.map.len()).saturating_sub(gap.start.saturating_mul(SECTOR))
        };
        self.gaps.iter().map(within).sum()
    }

    /// The map with gaps between sessions as if they were read: what is left is what can be missing.
    pub fn map_without_gaps(&self) -> SectorMap {
        without_gaps(&self.map, &self.gaps)
    }

    /// Marks what is left of failed sectors after trimming their edges.
    pub fn mark_trimmed(&mut self, sectors: Range<u64>) {
        let left = self.map.blocks_within(sectors.start * SECTOR..sectors.end * SECTOR);
        let left: Vec<_> = left.filter(|(_, status)| *status == BlockStatus::NonTrimmed).collect();
        for (range, _) in left {
            self.map.set(range.clone(), BlockStatus::NonScraped);
            self.pipeline.mark(range, BlockStatus::NonScraped);
        }
    }

    /// Takes over what another program has read into the image file or found to be unreadable. What was finished before stays so.
    ///
    /// # Errors
    /// What went wrong with storing.
    pub fn adopt(&mut self, other: &SectorMap) -> Result<(), Interruption> {
        self.pipeline.ledger().check()?;
        let mut news = Vec::new();
        for (range, status) in self.map.blocks().filter(|(_, status)| *status != BlockStatus::Finished) {
            let inside = other.blocks_within(range);
            news.extend(inside.filter(|(_, new)| *new != status));
        }
        for (range, status) in news {
            self.map.set(range.clone(), status);
            match status {
                BlockStatus::Finished => self.pipeline.ledger().claim(range),
                status => self.pipeline.mark(range, status),
            }
        }
        Ok(())
    }

    /// Takes back what was adopted since `before`: it may be of another disc.
    pub fn disown(&mut self, before: &SectorMap) {
        for (range, status) in before.blocks().filter(|(_, status)| *status != BlockStatus::Finished) {
            self.pipeline.mark(range, status);
        }
        self.map = before.clone();
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
        for range in self.map_without_gaps().ranges(&[BlockStatus::Bad]) {
            let (start, count) = (Lba(range.start / SECTOR), (range.end - range.start).div_ceil(SECTOR));
            self.reporter.say(WorkerMessage::BadRange { start, count, sense: sense_at(range.start) });
        }
    }

    /// A sign of life with numbers from the map.
    pub fn moved(&mut self) {
        let (map, gaps) = (&self.map, self.gap_bytes());
        self.reporter.moved(|| WorkerProgress {
            size_total: map.len() - gaps,
            size_processed: map.bytes(BlockStatus::Finished),
            speed: 0.0,
            bad_sectors: map.bytes(BlockStatus::Bad).saturating_sub(gaps).div_ceil(SECTOR),
        });
    }
}

/// A map in which the gaps between sessions (sectors) count as read.
pub fn without_gaps(map: &SectorMap, gaps: &[Range<u64>]) -> SectorMap {
    let mut map = map.clone();
    for gap in gaps {
        map.set(gap.start.saturating_mul(SECTOR)..gap.end.saturating_mul(SECTOR), BlockStatus::Finished);
    }
    map
}
