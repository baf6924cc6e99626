//! Imaging: one disc in, one honest image out, whatever fails in between.

mod cli;
mod ddrescue;
mod devices;
mod durability;
mod honesty;
mod names;
mod process;
mod sinks;
pub mod tools;
mod verifying;

use devices::{Disc, MemoryDevice};
use disk2iso::{
    domain::{
        disc::{DiscKind, Fingerprint, MediaProfile, Medium, SizeClaims},
        ids::SECTOR,
        verdict::Verdict,
    },
    imaging::{
        Engine, FileSink, Native, Sink, StopFlag, Tuning,
        protocol::{ImagePaths, ImageResult, ImageTask, Outcome, ReadOptions, WorkerMessage},
        worker::{self, Workplace},
    },
    optical::DeviceAddress,
};
use std::{path::Path, sync::Arc, time::Duration};

/// Small buffers and frequent checkpoints, so that discs of a few sectors meet all of the machinery.
fn small() -> Tuning {
    Tuning {
        chunk: 8 * SECTOR as usize,
        buffers: 6,
        checkpoint_bytes: 16 * SECTOR,
        checkpoint_interval: Duration::from_millis(20),
        unsynced_limit: 32 * SECTOR,
        flush_after: Duration::from_millis(20),
        ready_patience: Duration::from_millis(50),
        ready_pause: Duration::from_millis(1),
        progress_interval: Duration::ZERO,
        lock_patience: Duration::from_millis(100),
    }
}

/// A medium of this many sectors on which a file system claims `file_system` of them.
fn medium(sectors: u64, file_system: u64, profile: MediaProfile) -> Medium {
    let claims =
        SizeClaims { read_capacity: Some(sectors), iso9660: Some(file_system).filter(|size| *size > 0), ..SizeClaims::default() };
    let fingerprint = Fingerprint("ab".repeat(16));
    Medium::new("TEST".to_owned(), DiscKind::DataCd, profile, fingerprint, claims.reconcile(profile))
}

fn task(medium: Medium, folder: &Path) -> ImageTask {
    let paths = ImagePaths::new(&folder.join("TEST.iso"));
    ImageTask::new(DeviceAddress::Virtual(folder.join("drive")), medium, paths, ReadOptions::default())
}

/// Runs a task on a disc; every message goes to `hear`, which may raise the stop flag.
fn run_with(
    task: &ImageTask,
    disc: &Disc,
    sink: Arc<dyn Sink>,
    tuning: Tuning,
    hear: &mut dyn FnMut(&WorkerMessage, &StopFlag),
) -> Outcome {
    run_engine(&Native, task, disc, (sink, tuning), hear)
}

/// The same with another engine.
fn run_engine(
    engine: &dyn Engine,
    task: &ImageTask,
    disc: &Disc,
    (sink, tuning): (Arc<dyn Sink>, Tuning),
    hear: &mut dyn FnMut(&WorkerMessage, &StopFlag),
) -> Outcome {
    let stop = StopFlag::default();
    let mut device = MemoryDevice::open(disc, stop.clone());
    let found = disc.clone();
    let expected = task.medium.clone();
    let identify = move |_: &mut dyn disk2iso::optical::OpticalDevice| found.identify(&expected);
    let flag = stop.clone();
    let workplace = Workplace {
        device: &mut device,
        identify: &identify,
        sink,
        engine,
        stop,
        tuning,
        emit: &mut |message| hear(&message, &flag),
    };
    worker::image(task, workplace)
}

fn run(task: &ImageTask, disc: &Disc) -> Outcome {
    run_with(task, disc, Arc::new(FileSink::new(task.paths.clone())), small(), &mut |_, _| {})
}

fn imaged(outcome: Outcome) -> ImageResult {
    match outcome {
        Outcome::Imaged(result) => result,
        other => panic!("expected an image, got {other:?}"),
    }
}

fn failure_code(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed { code, .. } => code,
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[test]
fn a_clean_disc_becomes_a_complete_image_with_the_right_hashes_and_no_map() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(500);
    let task = task(medium(500, 490, MediaProfile::DVD_ROM), folder.path());
    let mut phases = Vec::new();
    let sink = Arc::new(FileSink::new(task.paths.clone()));
    let result = imaged(run_with(&task, &disc, sink, small(), &mut |message, _| {
        if let WorkerMessage::Phase { phase } = message {
            phases.push(serde_json::to_value(phase).unwrap().as_str().unwrap().to_owned());
        }
    }));
    assert_eq!(result.judgement.verdict, Verdict::Complete);
    assert_eq!(std::fs::read(&task.paths.image).unwrap(), disc.content());
    assert_eq!((result.hashes.md5, result.hashes.sha256), devices::hashes(&disc.content()));
    assert!(!task.paths.map.exists() && !task.paths.part.exists());
    // No second pass over anything: hashes came from the buffers that were read.
    assert_eq!(phases, ["analyzing", "reading", "publishing"]);
    assert_eq!(disc.bytes_read(), 500 * SECTOR);
}

#[test]
fn unreadable_sectors_end_in_a_degraded_image_with_map_holes_and_messages() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(600).bad(100..103).bad(400..401);
    let task = task(medium(600, 590, MediaProfile::DVD_ROM), folder.path());
    let mut ranges = Vec::new();
    let sink = Arc::new(FileSink::new(task.paths.clone()));
    let result = imaged(run_with(&task, &disc, sink, small(), &mut |message, _| {
        if let WorkerMessage::BadRange { start, count, sense } = message {
            ranges.push((start.0, *count, sense.map(|sense| sense.key)));
        }
    }));
    assert_eq!((result.judgement.verdict, result.judgement.bad_sectors), (Verdict::Degraded, 4));
    assert_eq!(ranges, [(100, 3, Some(3)), (400, 1, Some(3))]);
    assert_eq!(std::fs::read(&task.paths.image).unwrap(), disc.content_with_holes());
    assert_eq!((result.hashes.md5, result.hashes.sha256), devices::hashes(&disc.content_with_holes()));
    let map = std::fs::read_to_string(&task.paths.map).unwrap();
    assert!(map.contains("0x00032000  0x00001800  -"), "{map}");
}

#[test]
fn a_disc_that_is_protected_from_the_first_sector_to_the_last_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(100).protected(0..100);
    let task = task(medium(100, 0, MediaProfile::DVD_ROM), folder.path());
    assert_eq!(failure_code(&run(&task, &disc)), "copy_protected");
}

#[test]
fn a_drive_that_gets_ready_in_time_is_waited_for_and_one_that_does_not_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let task = task(medium(50, 0, MediaProfile::CD_ROM), folder.path());
    assert_eq!(failure_code(&run(&task, &Disc::new(50).not_ready_at(2, 1000))), "drive_not_ready");
    assert_eq!(imaged(run(&task, &Disc::new(50).not_ready_at(2, 5))).judgement.verdict, Verdict::Complete);
}

#[test]
fn progress_never_exceeds_what_the_map_says_and_ends_at_the_whole_disc() {
    let folder = tempfile::tempdir().unwrap();
    let disc = Disc::new(300);
    let task = task(medium(300, 0, MediaProfile::CD_ROM), folder.path());
    let mut last = 0;
    let sink = Arc::new(FileSink::new(task.paths.clone()));
    imaged(run_with(&task, &disc, sink, small(), &mut |message, _| {
        if let WorkerMessage::Progress(progress) = message {
            assert!(progress.size_processed >= last && progress.size_processed <= progress.size_total);
            last = progress.size_processed;
        }
    }));
    assert_eq!(last, 300 * SECTOR);
}

#[test]
fn what_a_worker_says_is_known_here() {
    let words = [
        disk2iso::imaging::code::NAME_TAKEN,
        disk2iso::imaging::code::SIZE_UNKNOWN,
        disk2iso::imaging::code::WRONG_MAP,
        disk2iso::imaging::code::MAP_UNUSABLE,
        disk2iso::imaging::code::IMAGE_BUSY,
        disk2iso::imaging::code::STORAGE_FAILED,
        disk2iso::imaging::code::COPY_PROTECTED,
        disk2iso::imaging::code::DRIVE_NOT_READY,
        disk2iso::imaging::code::NO_PERMISSION,
        disk2iso::imaging::code::READ_FAILED,
        disk2iso::imaging::code::DISC_UNIDENTIFIED,
        disk2iso::imaging::code::HASHING_FAILED,
        disk2iso::imaging::code::BAD_TASK,
    ];
    assert!(words.iter().all(|word| disk2iso::error::Code::parse(word).is_some()));
}
