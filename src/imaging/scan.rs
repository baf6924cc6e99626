//! Reads the surface of a disc and keeps nothing but what it learned: how fast each stretch was, and what cannot be read.

use super::{
    interrupt::{Interruption, code},
    native::Pace,
    protocol::{Outcome, ScanTask, WorkerMessage, WorkerProgress},
    reader::{Identify, Reader, StopFlag, bytes_of},
    reporter::Reporter,
    statistics::bad_ranges,
    tuning::Tuning,
};
use crate::{
    domain::{
        ids::{Lba, SECTOR},
        job::Phase,
        result::{MAX_POINTS, ScanResult},
        sector_map::{BlockStatus, SectorMap},
    },
    optical::OpticalDevice,
};
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// Most bytes in one request.
const CHUNK: u64 = 256 << 10;

/// Everything that a scan needs from outside.
pub struct ScanPlace<'a> {
    /// The opened drive.
    pub device: &'a mut dyn OpticalDevice,
    /// Tells which disc is in it.
    pub identify: Identify<'a>,
    /// Raised when the run shall end.
    pub stop: StopFlag,
    /// Patience.
    pub tuning: Tuning,
    /// Where messages go.
    pub emit: &'a mut dyn FnMut(WorkerMessage),
}

/// Reads every sector once. In a request that fails, each error-correction block is tried on its own (and `retries` times again), until
/// `max_bad_sectors` or `rescue_seconds` are used up; from then on a request that fails counts as unreadable as a whole, as always
/// without `rescue`.
pub fn scan(task: &ScanTask, place: ScanPlace<'_>) -> Outcome {
    match run(task, place) {
        Ok(result) => Outcome::Scanned(result),
        Err(interruption) => interruption.into_outcome(),
    }
}

fn run(task: &ScanTask, place: ScanPlace<'_>) -> Result<ScanResult, Interruption> {
    let began = Instant::now();
    let sectors = task.medium.size.sectors;
    if sectors == 0 {
        let message = "neither drive nor disc say how big the disc is; try another drive";
        return Err(Interruption::failed(code::SIZE_UNKNOWN, message));
    }
    let ScanPlace { device, identify, stop, tuning, emit } = place;
    let mut reporter = Reporter::new(emit, tuning.progress_interval);
    reporter.phase(Phase::Analyzing);
    let reader = Reader::new(device, identify, (&task.medium, 0), stop.clone(), tuning, &mut || reporter.alive())?;
    let mut scan = Scan {
        map: SectorMap::new(sectors * SECTOR),
        buffer: vec![0; bytes_of(CHUNK / SECTOR)],
        limit: Duration::from_millis(task.options.read_timeout_ms.max(1)),
        ecc: task.medium.profile.ecc_block(),
        bad: 0,
        began,
        task,
        reader,
        reporter,
        stop,
    };
    if task.options.speed_kbps.is_some() {
        scan.reader.set_speed(task.options.speed_kbps);
    }
    let done = scan.surface();
    if task.options.speed_kbps.is_some() {
        scan.reader.set_speed(None);
    }
    done?;
    for range in bad_ranges(&scan.map) {
        scan.reporter.say(WorkerMessage::BadRange { start: Lba(range.start), count: range.count, sense: None });
    }
    let statistics = scan.reader.statistics(&scan.map);
    Ok(ScanResult {
        sectors_total: sectors,
        bad_sectors: scan.bad,
        ranges: bad_ranges(&scan.map).take(MAX_POINTS).collect(),
        statistics,
        seconds: began.elapsed().as_secs_f64(),
    })
}

struct Scan<'a> {
    task: &'a ScanTask,
    reader: Reader<'a>,
    reporter: Reporter<'a>,
    stop: StopFlag,
    map: SectorMap,
    buffer: Vec<u8>,
    limit: Duration,
    ecc: u64,
    bad: u64,
    began: Instant,
}

impl Scan<'_> {
    fn surface(&mut self) -> Result<(), Interruption> {
        self.reporter.phase(Phase::Reading);
        let medium = &self.task.medium;
        let allowed = self.task.options.block_sectors.map_or(u64::MAX, |sectors| u64::from(sectors).max(1));
        let most = self.reader.max_transfer().min(CHUNK / SECTOR).min(allowed);
        let layer_break = medium.structure.and_then(|structure| structure.layer_break);
        let end = medium.size.sectors;
        let mut pace = Pace::with((most, self.ecc), (end, layer_break, medium.profile.class() == "cd"));
        let mut position = 0;
        while position < end {
            let request = position..position + pace.request(position, end);
            position = request.end;
            if self.read(request.clone(), false)? {
                pace.succeeded();
            } else {
                // How far to jump is for those who come back.
                pace.failed();
                self.look_closer(request)?;
            }
        }
        Ok(())
    }

    /// The error-correction blocks of a request that failed.
    fn look_closer(&mut self, request: Range<u64>) -> Result<(), Interruption> {
        let mut position = request.start;
        while position < request.end {
            let end = ((position / self.ecc + 1) * self.ecc).min(request.end);
            let whole = (position..end) == request;
            let tries = self.task.options.retries + u32::from(!whole);
            let mut good = false;
            for again in 0..tries {
                if good || self.is_hopeless() {
                    break;
                }
                good = self.read(position..end, whole || again > 0)?;
            }
            if !good {
                self.map.set(position * SECTOR..end * SECTOR, BlockStatus::Bad);
                self.bad += end - position;
            }
            position = end;
        }
        Ok(())
    }

    /// Whether looking closer is not wanted (any more).
    fn is_hopeless(&self) -> bool {
        let options = &self.task.options;
        !options.rescue
            || options.max_bad_sectors.is_some_and(|most| self.bad > most)
            || options.rescue_seconds.is_some_and(|seconds| self.began.elapsed() >= Duration::from_secs(seconds))
    }

    fn read(&mut self, sectors: Range<u64>, again: bool) -> Result<bool, Interruption> {
        self.stop.check()?;
        let (reader, reporter) = (&mut self.reader, &mut self.reporter);
        let buffer = &mut self.buffer[..bytes_of(sectors.end - sectors.start)];
        let mut alive = || reporter.alive();
        let result = match again {
            true => reader.read_again(Lba(sectors.start), buffer, self.limit, &mut alive)?,
            false => reader.read(Lba(sectors.start), buffer, self.limit, &mut alive)?,
        };
        if result.is_ok() {
            self.map.set(sectors.start * SECTOR..sectors.end * SECTOR, BlockStatus::Finished);
        }
        let (map, bad_sectors) = (&self.map, self.bad);
        self.reporter.moved(|| WorkerProgress {
            size_total: map.len(),
            size_processed: sectors.end * SECTOR,
            speed: 0.0,
            bad_sectors,
        });
        Ok(result.is_ok())
    }
}
