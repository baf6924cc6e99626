//! `disk2iso read-worker` (hidden): one task for one drive, in a process that may hang without harm.

use super::signals::stop_on_signals;
use crate::{
    filesystems,
    imaging::{
        FileSink, Interruption, StopFlag, Tuning,
        cd::{self, CdWorkplace, Programs},
        choose_engine, code,
        process::{self, WorkerProgram},
        protocol::{CdTask, ImagePaths, ImageTask, Outcome, ScanTask, VerifyTask, WorkerMessage, WorkerTask},
        scan::{self, ScanPlace},
        worker::{self, Workplace},
    },
    optical::OpticalDevice,
};
use clap::Args;
use nix::{
    sys::{prctl::set_pdeathsig, signal::Signal},
    unistd::getppid,
};
use std::{
    ffi::OsString,
    io::{Read as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

/// Longest task that is read.
const MAX_TASK: u64 = 1 << 20;

/// Arguments of the hidden subcommand.
#[derive(Debug, Clone, Args)]
pub struct ReadWorkerArgs {
    /// Process that this one must not outlive.
    #[arg(long)]
    parent: Option<i32>,
    /// Become this program instead, so that it ends with its parent.
    #[arg(long, num_args = 1.., allow_hyphen_values = true, value_name = "PROGRAM")]
    tool: Option<Vec<OsString>>,
}

/// Exit code when the program of `--tool` is not installed or cannot be started, as shells have it.
const NO_TOOL: u8 = 127;

/// Reads a task from standard input and writes messages to standard output. The exit code is 0 whenever the last message
/// was written; what came of the task is in that message.
pub fn run(args: &ReadWorkerArgs) -> ExitCode {
    if let Some(command) = &args.tool {
        return run_tool(args.parent, command);
    }
    let stop = StopFlag::default();
    let prepared = stop_on_signals(&stop).and_then(|()| follow_parent(args.parent, Signal::SIGTERM));
    if let Err(problem) = prepared {
        eprintln!("disk2iso read-worker: {problem}");
        return ExitCode::FAILURE;
    }
    let mut heard = true;
    let mut emit = |message: WorkerMessage| {
        heard = heard && say(&message);
        if !heard {
            // Nobody listens any more: whoever comes next finds everything durable.
            stop.raise();
        }
    };
    emit(WorkerMessage::Hello { version: env!("CARGO_PKG_VERSION").to_owned() });
    let outcome = perform(&stop, &mut emit);
    emit(WorkerMessage::Done(outcome));
    if heard { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A tool that outlives its worker would write into an image that somebody else has taken up: it is killed at once.
fn run_tool(parent: Option<i32>, command: &[OsString]) -> ExitCode {
    let problem = match follow_parent(parent, Signal::SIGKILL) {
        Err(problem) => problem,
        Ok(()) => process::become_tool(command).to_string(),
    };
    let name = command.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    eprintln!("cannot start {name}: {problem}");
    ExitCode::from(NO_TOOL)
}

/// Asks for a signal when the parent dies. It may have died before we asked.
fn follow_parent(parent: Option<i32>, signal: Signal) -> Result<(), String> {
    let Some(parent) = parent else { return Ok(()) };
    set_pdeathsig(signal).map_err(|error| format!("cannot follow the parent: {error}"))?;
    if getppid().as_raw() == parent { Ok(()) } else { Err("the process that started this one is gone".to_owned()) }
}

fn perform(stop: &StopFlag, emit: &mut dyn FnMut(WorkerMessage)) -> Outcome {
    let mut text = String::new();
    let task = std::io::stdin().take(MAX_TASK).read_to_string(&mut text).map_err(|error| error.to_string());
    let task = task.and_then(|_| serde_json::from_str(&text).map_err(|error| error.to_string()));
    match task {
        Ok(WorkerTask::Image(task)) => image(&task, stop.clone(), emit),
        Ok(WorkerTask::VerifyImage(VerifyTask { image })) => {
            worker::verify_image(&FileSink::new(ImagePaths::new(&image)), stop, Tuning::default(), emit)
        }
        Ok(WorkerTask::Cd(task)) => raw_cd(&task, stop.clone(), emit),
        Ok(WorkerTask::Scan(task)) => surface(&task, stop.clone(), emit),
        Err(problem) => Outcome::Failed { code: code::BAD_TASK.to_owned(), message: format!("this is no task: {problem}") },
    }
}

fn raw_cd(task: &CdTask, stop: StopFlag, emit: &mut dyn FnMut(WorkerMessage)) -> Outcome {
    let mut device = match task.device.open() {
        Ok(device) => device,
        Err(error) => return Interruption::from(&error).into_outcome(),
    };
    let (identify, launcher) = (&|device: &mut dyn OpticalDevice| filesystems::identify(device), WorkerProgram::this_program());
    let (device, tuning) = (&mut *device, Tuning::default());
    cd::image(task, CdWorkplace { device, identify, launcher: &launcher, programs: Programs::default(), stop, tuning, emit })
}

fn image(task: &ImageTask, stop: StopFlag, emit: &mut dyn FnMut(WorkerMessage)) -> Outcome {
    let mut device = match task.device.open() {
        Ok(device) => device,
        Err(error) => return Interruption::from(&error).into_outcome(),
    };
    let (engine, note) = choose_engine(task, &WorkerProgram::this_program());
    if let Some(note) = note {
        // Whatever is not a message is a line in the service's log.
        eprintln!("{note}");
    }
    let workplace = Workplace {
        device: &mut *device,
        identify: &|device| filesystems::identify(device),
        sink: Arc::new(FileSink::new(task.paths.clone())),
        engine: &*engine,
        stop,
        tuning: Tuning::default(),
        emit,
    };
    worker::image(task, workplace)
}

fn surface(task: &ScanTask, stop: StopFlag, emit: &mut dyn FnMut(WorkerMessage)) -> Outcome {
    match task.device.open() {
        Ok(mut device) => {
            let identify = &|device: &mut dyn OpticalDevice| filesystems::identify(device);
            scan::scan(task, ScanPlace { device: &mut *device, identify, stop, tuning: Tuning::default(), emit })
        }
        Err(error) => Interruption::from(&error).into_outcome(),
    }
}

fn say(message: &WorkerMessage) -> bool {
    let Ok(mut line) = serde_json::to_vec(message) else { return false };
    line.push(b'\n');
    let mut output = std::io::stdout().lock();
    output.write_all(&line).and_then(|()| output.flush()).is_ok()
}
