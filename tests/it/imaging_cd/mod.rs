//! Raw CDs: what is on the disc is in the image, and what is not is said.

mod disc;
mod files;
mod programs;
mod property;
mod reading;
mod resuming;

use disc::{Disc, MemoryDrive};
use disk2iso::{
    domain::options::AudioFormat,
    imaging::{
        CdTask, ImagePaths, ImageResult, Outcome, ReadOptions, StopFlag, Tuning, WorkerMessage,
        cd::{self, CdWorkplace, Programs},
        process::WorkerProgram,
    },
    optical::{DeviceAddress, OpticalDevice},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

fn task(disc: &Disc, folder: &Path) -> CdTask {
    CdTask {
        device: DeviceAddress::Virtual(folder.join("drive")),
        medium: disc.medium(),
        paths: ImagePaths::folder(folder, "MUSIC"),
        options: ReadOptions::default(),
        format: AudioFormat::BinCue,
        clone: false,
        read_offset: 0,
    }
}

/// Runs a task on a disc; every message goes to `hear`, which may raise the stop flag.
fn run_with(task: &CdTask, disc: &Disc, hear: &mut dyn FnMut(&WorkerMessage, &StopFlag)) -> Outcome {
    run_programs(task, disc, Programs::default(), hear)
}

/// The same with other programs.
fn run_programs(task: &CdTask, disc: &Disc, programs: Programs, hear: &mut dyn FnMut(&WorkerMessage, &StopFlag)) -> Outcome {
    let stop = StopFlag::default();
    let mut device = MemoryDrive::open(disc, stop.clone());
    let (found, expected) = (disc.clone(), task.medium.clone());
    let identify = move |_: &mut dyn OpticalDevice| found.identify(&expected);
    let flag = stop.clone();
    let tuning = Tuning {
        ready_patience: Duration::from_millis(50),
        ready_pause: Duration::from_millis(1),
        progress_interval: Duration::ZERO,
        lock_patience: Duration::from_millis(100),
        ..Tuning::default()
    };
    let workplace = CdWorkplace {
        device: &mut device,
        identify: &identify,
        launcher: &WorkerProgram::at(env!("CARGO_BIN_EXE_disk2iso")),
        programs,
        stop,
        tuning,
        emit: &mut |message| hear(&message, &flag),
    };
    cd::image(task, workplace)
}

fn run(task: &CdTask, disc: &Disc) -> Outcome {
    run_with(task, disc, &mut |_, _| {})
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

/// A file of a published image.
fn file(task: &CdTask, extension: &str) -> PathBuf {
    task.paths.image.join(format!("MUSIC.{extension}"))
}

fn read(task: &CdTask, extension: &str) -> Vec<u8> {
    let path = file(task, extension);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Equal, without printing megabytes if not.
fn assert_same(left: &[u8], right: &[u8]) {
    assert_eq!(left.len(), right.len());
    let different = left.iter().zip(right).position(|(a, b)| a != b);
    assert!(different.is_none(), "different from byte {different:?} on (frame {:?})", different.map(|at| at / disc::FRAME));
}
