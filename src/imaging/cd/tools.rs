//! Running a program that helps: started, watched, stopped on request, never believed.

use crate::imaging::{
    interrupt::{Interruption, code},
    process::{Tool, ToolExit, WorkerProgram, tool_version},
    protocol::Halt,
    reader::StopFlag,
};
use std::{
    ffi::{OsStr, OsString},
    time::Duration,
};

/// How long a program may take to end when asked to, and again when killed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two looks at a program that works.
const PAUSE: Duration = Duration::from_millis(50);
/// Lines of a program that are kept for the message about its failure.
const LAST_LINES: usize = 5;

/// How a program's run ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code or signal.
    pub exit: ToolExit,
    /// Its last words.
    pub last: Vec<String>,
}

/// First line that a program prints of its version; `None` if it is not installed.
pub fn version_of(tool: &OsStr) -> Option<String> {
    let line = tool_version(tool.to_str()?)?;
    Some(line.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// Runs a program to its end. `hear` gets every line that it writes, and `None` whenever time has passed.
///
/// # Errors
/// A wish to stop (the program is ended then), or `read_failed` if it cannot be started.
pub fn run(
    launcher: &WorkerProgram,
    command: &[OsString],
    stop: &StopFlag,
    hear: &mut dyn FnMut(Option<&str>),
) -> Result<Ended, Interruption> {
    let name = command.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let failed = |error: std::io::Error| Interruption::failed(code::READ_FAILED, format!("cannot run {name}: {error}"));
    let mut tool = Tool::start(launcher, command).map_err(failed)?;
    let mut last = Vec::new();
    loop {
        if let Err(interruption) = stop.check() {
            // A program that hangs in the kernel is left alone, and so is its drive.
            let gone = tool.stop(PATIENCE, &mut || hear(None));
            return Err(if gone { interruption } else { Interruption::Halted(Halt::DriveGone) });
        }
        // Asked before the lines are taken: what it wrote last is heard, too.
        let exit = tool.exit().map_err(failed)?;
        if exit.is_some() {
            // Its pipes are read by threads that may be a moment behind.
            std::thread::sleep(PAUSE);
        }
        for line in tool.lines() {
            hear(Some(&line));
            if last.len() == LAST_LINES {
                last.remove(0);
            }
            last.push(line);
        }
        if let Some(exit) = exit {
            return Ok(Ended { exit, last });
        }
        hear(None);
        tool.wait(PAUSE, &mut || {});
    }
}
