//! `disk2iso image SOURCE`: one image, now, in this process.

mod names;
mod show;
mod source;

use super::signals::stop_on_signals;
use crate::{
    domain::options::{EngineChoice, HashKind, Verify},
    filesystems,
    imaging::{
        FileSink, StopFlag, Tuning, choose_engine,
        process::WorkerProgram,
        protocol::{ImageTask, Outcome, ReadOptions, ScanTask},
        scan::{self, ScanPlace},
        worker::{self, Workplace},
    },
    optical::OpticalDevice,
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// Arguments of the subcommand.
#[derive(Debug, Clone, Args)]
pub struct ImageArgs {
    /// Optical drive (/dev/sr0), image file, or the folder of a virtual drive.
    source: PathBuf,
    /// Folder that the image goes to.
    #[arg(long, short, default_value = ".")]
    output: PathBuf,
    /// How to read.
    #[arg(long, value_enum, default_value_t = ModeArg::Standard)]
    mode: ModeArg,
    /// What to compare after reading: the image from storage, the disc a second time, or both (--verify alone).
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "both", require_equals = true, default_value = "none")]
    verify: VerifyArg,
    /// How often unreadable sectors are read again, one by one.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: u32,
    /// Hashes beside MD5 and SHA-256, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    hash: Vec<HashArg>,
    /// Which program reads.
    #[arg(long, value_enum, default_value_t = EngineArg::Auto)]
    engine: EngineArg,
    /// Leave what cannot be read at once.
    #[arg(long)]
    no_rescue: bool,
    /// Rescue ends after so many seconds.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=2_592_000))]
    rescue_seconds: Option<u64>,
    /// Rescue ends when more sectors than this are unreadable.
    #[arg(long)]
    max_bad_sectors: Option<u64>,
    /// Most sectors in one request.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=256))]
    block_sectors: Option<u32>,
    /// Speed limit in kilobytes (1000 bytes) per second.
    #[arg(long, value_parser = clap::value_parser!(u32).range(150..=100_000))]
    speed: Option<u32>,
    /// Keep the map of a complete image, too.
    #[arg(long)]
    keep_map: bool,
    /// Finish an image that an earlier run began with what there is, and read nothing.
    #[arg(long)]
    accept_loss: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
}

/// Ways to read a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Every sector, unreadable ones again one by one.
    Standard,
    /// For damaged discs: GNU ddrescue from the first sector on.
    Rescue,
    /// Every sector that the medium has.
    Clone,
    /// Reads the surface and keeps no image.
    Scan,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerifyArg {
    /// Nothing.
    None,
    /// The image is read back from storage.
    Image,
    /// The disc is read a second time.
    Disc,
    /// Both.
    Both,
}

/// Hash functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "their names say it")]
pub enum HashArg {
    Crc32,
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Blake3,
}

/// Programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    /// The best one for disc, drive and mode.
    Auto,
    /// This program itself.
    Native,
    /// GNU ddrescue.
    Ddrescue,
}

impl ImageArgs {
    fn read_options(&self) -> ReadOptions {
        let hash = |hash: &HashArg| match hash {
            HashArg::Crc32 => HashKind::Crc32,
            HashArg::Md5 => HashKind::Md5,
            HashArg::Sha1 => HashKind::Sha1,
            HashArg::Sha256 => HashKind::Sha256,
            HashArg::Sha512 => HashKind::Sha512,
            HashArg::Blake3 => HashKind::Blake3,
        };
        ReadOptions {
            verify: match self.verify {
                VerifyArg::None => Verify::None,
                VerifyArg::Image => Verify::Image,
                VerifyArg::Disc => Verify::Disc,
                VerifyArg::Both => Verify::Both,
            },
            engine: match self.engine {
                EngineArg::Auto => EngineChoice::Auto,
                EngineArg::Native => EngineChoice::Native,
                EngineArg::Ddrescue => EngineChoice::Ddrescue,
            },
            retries: self.retries,
            keep_map: self.keep_map,
            rescue_first: self.mode == ModeArg::Rescue,
            rescue: !self.no_rescue,
            block_sectors: self.block_sectors,
            speed_kbps: self.speed,
            hashes: self.hash.iter().map(hash).collect(),
            max_bad_sectors: self.max_bad_sectors,
            rescue_seconds: self.rescue_seconds,
            accept_loss: self.accept_loss,
            ..ReadOptions::default()
        }
    }
}

/// Exit code for an image that is not complete.
const NOT_COMPLETE: u8 = 3;

/// Makes the image, or scans. Exit code 0 only for a complete image (a disc without unreadable sectors), 3 for one with unreadable or
/// missing sectors, 1 if there is no result.
pub fn run(args: ImageArgs) -> ExitCode {
    match make(&args) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("disk2iso: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn make(args: &ImageArgs) -> Result<ExitCode, String> {
    let stop = StopFlag::default();
    stop_on_signals(&stop)?;
    let address = source::address(&args.source)?;
    if !args.output.is_dir() {
        return Err(format!("{} is not a folder; create it or choose another with --output", args.output.display()));
    }
    let (device, medium) = source::identify(&address, &args.source, &stop)?;
    if args.mode == ModeArg::Scan {
        let task = ScanTask { device: address, medium, options: args.read_options() };
        return surface(args, &task, device, stop);
    }
    if args.mode == ModeArg::Clone && medium.profile.class() == "cd" {
        return Err(
            "a clone of a CD is raw sectors with sub-channel, which this command does not make; use the service".to_owned()
        );
    }
    let paths = names::choose(&args.output, &medium)?;
    if args.accept_loss && !paths.part.is_file() {
        return Err(format!("there is no unfinished image of this disc in {}", args.output.display()));
    }
    let task = ImageTask::new(address, medium, paths, args.read_options());
    image(args, &task, device, stop)
}

fn image(args: &ImageArgs, task: &ImageTask, mut device: Box<dyn OpticalDevice>, stop: StopFlag) -> Result<ExitCode, String> {
    let (engine, note) = choose_engine(task, &WorkerProgram::this_program());
    if let Some(note) = note {
        eprintln!("disk2iso: {note}");
    }
    let mut bar = show::Bar::new();
    let outcome = worker::image(
        task,
        Workplace {
            device: &mut *device,
            identify: &|device| filesystems::identify(device),
            sink: Arc::new(FileSink::new(task.paths.clone())),
            engine: &*engine,
            stop,
            tuning: Tuning::default(),
            emit: &mut |message| bar.show(&message),
        },
    );
    bar.finish();
    let Outcome::Imaged(result) = outcome else { return Err(show::explain(&outcome, &args.source)) };
    println!("{}", if args.json { show::json(&result) } else { show::text(&result) });
    Ok(if result.judgement.verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::from(NOT_COMPLETE) })
}

fn surface(args: &ImageArgs, task: &ScanTask, mut device: Box<dyn OpticalDevice>, stop: StopFlag) -> Result<ExitCode, String> {
    let mut bar = show::Bar::new();
    let place = ScanPlace {
        device: &mut *device,
        identify: &|device| filesystems::identify(device),
        stop,
        tuning: Tuning::default(),
        emit: &mut |message| bar.show(&message),
    };
    let outcome = scan::scan(task, place);
    bar.finish();
    let Outcome::Scanned(result) = outcome else { return Err(show::explain(&outcome, &args.source)) };
    println!("{}", if args.json { serde_json::to_string(&result).unwrap_or_default() } else { show::surface(&result) });
    Ok(if result.bad_sectors == 0 { ExitCode::SUCCESS } else { ExitCode::from(NOT_COMPLETE) })
}
