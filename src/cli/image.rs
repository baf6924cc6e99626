//! `disk2iso image SOURCE`: one image, now, in this process.

mod names;
mod show;
mod source;

use super::signals::stop_on_signals;
use crate::{
    domain::options::Verify,
    filesystems,
    imaging::{
        FileSink, Native, StopFlag, Tuning,
        protocol::{ImageTask, Outcome, ReadOptions},
        worker::{self, Workplace},
    },
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
    #[arg(long, value_enum, default_value_t = Mode::Standard)]
    mode: Mode,
    /// Read the image back from storage and the disc a second time, and compare.
    #[arg(long)]
    verify: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
}

/// Ways to read a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Every sector, unreadable ones again one by one.
    Standard,
}

/// Exit code for an image that is not complete.
const NOT_COMPLETE: u8 = 3;

/// Makes the image. Exit code 0 only for a complete image, 3 for one with unreadable or missing sectors, 1 if there is none.
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
    let (mut device, medium) = source::identify(&address, &args.source, &stop)?;
    let paths = names::choose(&args.output, &medium)?;
    let Mode::Standard = args.mode;
    let options = ReadOptions { verify: if args.verify { Verify::Both } else { Verify::None }, ..ReadOptions::default() };
    let task = ImageTask::new(address, medium, paths.clone(), options);
    let mut bar = show::Bar::new();
    let outcome = worker::image(
        &task,
        Workplace {
            device: &mut *device,
            identify: &|device| filesystems::identify(device),
            sink: Arc::new(FileSink::new(paths)),
            engine: &Native,
            stop,
            tuning: Tuning::default(),
            emit: &mut |message| bar.show(&message),
        },
    );
    bar.finish();
    let Outcome::Imaged(result) = outcome else { return Err(show::explain(&outcome, &args.source)) };
    if args.json {
        println!("{}", show::json(&result));
    } else {
        println!("{}", show::text(&result));
    }
    Ok(if result.judgement.verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::from(NOT_COMPLETE) })
}
