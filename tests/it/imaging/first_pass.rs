//! How long it takes until everything was tried once, against GNU ddrescue on the same damage: `benches/side_by_side.sh first_pass`.
//!
//! No drive, no clock: both engines' requests are counted and put through one model of a drive. A request that succeeds costs its
//! bytes at the drive's speed, one that fails costs a fixed time whatever its size (the drive gives up at the first bad sector), and
//! one that does not begin where the last good one ended costs a seek. ddrescue's requests come from its own `--log-reads`.

use super::{devices::Disc, medium, task};
use disk2iso::{
    domain::{
        disc::MediaProfile,
        ids::SECTOR,
        sector_map::{BlockStatus, SectorMap},
    },
    imaging::{
        Engine, Interruption, Native, StopFlag, Tuning, native,
        protocol::{Outcome, ReadOptions},
        worker::{self, Workplace},
    },
    optical::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice},
};
use std::{ops::Range, process::Command, sync::Arc, time::Duration};

/// Sectors of the disc.
const SECTORS: u64 = 60_000;
/// A DVD at 8x.
const BYTES_PER_SECOND: f64 = 11e6;
const ERROR_SECONDS: f64 = 2.0;
const SEEK_SECONDS: f64 = 0.1;

/// The model's clock.
#[derive(Default)]
struct Clock {
    seconds: f64,
    head: u64,
    failures: u32,
}

impl Clock {
    fn request(&mut self, start: u64, sectors: u64, good: bool) {
        self.seconds += if start == self.head { 0.0 } else { SEEK_SECONDS };
        self.seconds += if good { (sectors * SECTOR) as f64 / BYTES_PER_SECOND } else { ERROR_SECONDS };
        self.head = if good { start + sectors } else { start };
        self.failures += u32::from(!good);
    }
}

/// A drive that keeps the model's time.
struct Timed<'a> {
    inner: super::MemoryDevice,
    clock: &'a mut Clock,
}

impl OpticalDevice for Timed<'_> {
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError> {
        self.inner.identity()
    }
    fn status(&mut self) -> Result<DeviceStatus, DeviceError> {
        self.inner.status()
    }
    fn profile(&mut self) -> Result<MediaProfile, DeviceError> {
        self.inner.profile()
    }
    fn toc(&mut self) -> Result<disk2iso::domain::disc::Toc, DeviceError> {
        self.inner.toc()
    }
    fn capacity(&mut self) -> Result<u64, DeviceError> {
        self.inner.capacity()
    }
    fn read(&mut self, start: disk2iso::domain::ids::Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError> {
        let result = self.inner.read(start, buffer, limit);
        self.clock.request(start.0, buffer.len() as u64 / SECTOR, result.is_ok());
        result
    }
    fn max_transfer(&self) -> u32 {
        self.inner.max_transfer()
    }
    fn eject(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
    fn close_tray(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
}

/// Both sweeps and the trimming of their holes: what `ddrescue -n` does.
struct SweepsAndTrim;

impl Engine for SweepsAndTrim {
    fn image(&self, session: &mut disk2iso::imaging::session::Session<'_>) -> Result<(), Interruption> {
        native::read_around(session)?;
        native::trim_only(session)
    }
}

fn ours(engine: &dyn Engine, bad: &[Range<u64>]) -> Clock {
    let disc = bad.iter().cloned().fold(Disc::new(SECTORS).max_transfer(64), Disc::bad);
    let folder = tempfile::tempdir().unwrap();
    let mut task = task(medium(SECTORS, 0, MediaProfile::DVD_ROM), folder.path());
    task.options = ReadOptions { rescue: false, ..ReadOptions::default() };
    let (stop, mut clock, expected) = (StopFlag::default(), Clock::default(), task.medium.clone());
    let mut device = Timed { inner: super::MemoryDevice::open(&disc, stop.clone()), clock: &mut clock };
    let workplace = Workplace {
        device: &mut device,
        identify: &|_| Ok(expected.clone()),
        sink: Arc::new(super::sinks::Nowhere::default()),
        engine,
        stop,
        tuning: Tuning { progress_interval: Duration::from_secs(1), ..Tuning::default() },
        emit: &mut |_| {},
    };
    let outcome = worker::image(&task, workplace);
    assert!(matches!(outcome, Outcome::Imaged(_)), "{outcome:?}");
    clock
}

fn theirs(bad: &[Range<u64>]) -> Clock {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::File::create(path("source")).unwrap().set_len(SECTORS * SECTOR).unwrap();
    let mut faults = SectorMap::new(SECTORS * SECTOR);
    faults.set(0..SECTORS * SECTOR, BlockStatus::Finished);
    for range in bad {
        faults.set(range.start * SECTOR..range.end * SECTOR, BlockStatus::Bad);
    }
    std::fs::write(path("faults"), faults.to_mapfile()).unwrap();
    let status = Command::new("ddrescue")
        .args(["-q", "-S", "-b2048", "-n", &format!("-s{}", SECTORS * SECTOR)])
        .arg(format!("--log-reads={}", path("reads").display()))
        .arg(format!("--test-mode={}", path("faults").display()))
        .args([path("source"), path("image"), path("map")])
        .status();
    assert!(status.expect("ddrescue is installed").success());
    let mut clock = Clock::default();
    for line in std::fs::read_to_string(path("reads")).unwrap().lines().filter(|line| line.starts_with("0x")) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let start = u64::from_str_radix(fields[0].trim_start_matches("0x"), 16).unwrap() / SECTOR;
        clock.request(start, fields[1].parse::<u64>().unwrap() / SECTOR, fields[3] == "0");
    }
    clock
}

fn every(distance: u64, from: u64, count: u64, sectors: u64) -> Vec<Range<u64>> {
    (0..count).map(|n| from + n * distance..from + n * distance + sectors).collect()
}

#[test]
fn everything_was_tried_once_no_later_than_by_ddrescue() {
    let damage = [
        ("none", vec![]),
        ("one bad block of 16", every(1, 30_000, 1, 16)),
        ("three bad blocks", every(20_000, 10_000, 3, 16)),
        ("scratch: 40 blocks of 16", every(1_200, 5_000, 40, 16)),
        ("scratch: 40 times 96 sectors", every(1_200, 5_000, 40, 96)),
        ("hole of 3,000 sectors", every(1, 20_000, 1, 3_000)),
        ("100 single sectors", every(593, 100, 100, 1)),
        ("dirty edge: 60 blocks of 16", every(48, 57_000, 60, 16)),
    ];
    println!("modelled seconds (failed requests)   ours: all tried   ours: and trimmed   ddrescue -n   ratio");
    for (name, bad) in damage {
        let (sweeps, trimmed, ddrescue) = (ours(&Native, &bad), ours(&SweepsAndTrim, &bad), theirs(&bad));
        let ratio = trimmed.seconds / ddrescue.seconds;
        println!(
            "{name:30} {:13.1} ({:4}) {:13.1} ({:4}) {:8.1} ({:4}) {ratio:7.2}",
            sweeps.seconds, sweeps.failures, trimmed.seconds, trimmed.failures, ddrescue.seconds, ddrescue.failures
        );
        assert!(ratio <= 1.1 && sweeps.seconds <= trimmed.seconds, "{name}: {ratio}");
    }
}
