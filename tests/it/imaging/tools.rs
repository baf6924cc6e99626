//! Programs that help a worker: started, heard, interrupted, killed, and never left behind.

use disk2iso::imaging::process::{Tool, ToolExit, WorkerProgram};
use nix::sys::signal::{SigSet, Signal, kill};
use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(30);

pub fn launcher() -> WorkerProgram {
    WorkerProgram::at(env!("CARGO_BIN_EXE_disk2iso"))
}

fn shell(script: &str) -> Tool {
    Tool::start(&launcher(), &["/bin/sh", "-c", script].map(OsString::from)).unwrap()
}

/// Waits for a line.
fn hear(tool: &Tool, wanted: &str) {
    let since = Instant::now();
    let mut heard = Vec::new();
    while !heard.iter().any(|line| line == wanted) {
        heard.extend(tool.lines());
        assert!(since.elapsed() < LIMIT, "{wanted:?} never came: {heard:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_tool_speaks_english_reads_nothing_and_its_end_is_heard() {
    let mut tool = shell("echo \"$LC_ALL\"; read line; echo \"read $?\"; printf 'caf\\351\\033[A' >&2; exit 3");
    assert!(tool.wait(LIMIT, &mut || {}));
    let (mut heard, since) = (Vec::new(), Instant::now());
    while heard.len() < 3 && since.elapsed() < LIMIT {
        heard.extend(tool.lines());
    }
    heard.sort();
    assert_eq!(heard, ["C", "caf\u{fffd}[A", "read 1"]);
    assert_eq!(tool.exit().unwrap(), Some(ToolExit { code: Some(3), signal: None }));
}

#[test]
fn an_interrupt_reaches_it_although_its_parent_blocks_signals() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.thread_block().unwrap();
    // A shell that is interrupted while it starts a program may lose its trap.
    let python = "import signal, sys\n\
        def save(*_):\n    print('saved', flush=True)\n    sys.exit(0)\n\
        signal.signal(signal.SIGINT, save)\nprint('ready', flush=True)\nsignal.pause()";
    let mut tool = Tool::start(&launcher(), &["python3", "-c", python].map(OsString::from)).unwrap();
    hear(&tool, "ready");
    assert!(tool.stop(LIMIT, &mut || {}));
    hear(&tool, "saved");
    assert_eq!(tool.exit().unwrap(), Some(ToolExit { code: Some(0), signal: None }));
    signals.thread_unblock().unwrap();
}

#[test]
fn one_that_does_not_listen_is_killed_with_all_it_started() {
    let mut tool = shell("trap '' INT; sleep 1000 & echo \"child $!\"; wait; sleep 1000");
    let since = Instant::now();
    let child = loop {
        if let Some(number) = tool.lines().find_map(|line| line.strip_prefix("child ").map(str::to_owned)) {
            break nix::unistd::Pid::from_raw(number.parse().unwrap());
        }
        assert!(since.elapsed() < LIMIT);
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(tool.stop(Duration::from_millis(200), &mut || {}));
    assert_eq!(tool.exit().unwrap(), Some(ToolExit { code: None, signal: Some(9) }));
    while is_alive(child) {
        assert!(since.elapsed() < LIMIT, "its child lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs: killed ones may wait for somebody to collect them.
fn is_alive(process: nix::unistd::Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    kill(process, None).is_ok() && !status.contains("State:\tZ")
}

#[test]
fn a_tool_ends_with_the_thread_that_started_it() {
    let mut tool = std::thread::spawn(|| {
        let tool = shell("echo ready; sleep 1000");
        hear(&tool, "ready");
        tool
    })
    .join()
    .unwrap();
    assert!(tool.wait(LIMIT, &mut || {}));
    assert_eq!(tool.exit().unwrap(), Some(ToolExit { code: None, signal: Some(9) }));
}

#[test]
fn a_program_that_is_not_installed_is_said() {
    let mut tool = Tool::start(&launcher(), &[OsString::from("no-such-program-here")]).unwrap();
    assert!(tool.wait(LIMIT, &mut || {}));
    assert_eq!(tool.exit().unwrap().unwrap().code, Some(127));
    assert!(tool.lines().any(|line| line.starts_with("cannot start no-such-program-here")));
}
