//! The service's side of a `read-worker`: starting it, hearing it, stopping it, giving up on it.
//!
//! The only file that starts processes, also the programs that a worker lets help it (GNU ddrescue, cdrdao …; [`Tool`]). The worker has a process group of its own, so that a signal reaches whatever it
//! starts, and gets SIGTERM when the *thread* that started it ends (`PR_SET_PDEATHSIG` means threads): start workers from a
//! thread that lives as long as they may.

use super::{
    lines::{LineSplitter, MAX_MESSAGE},
    protocol::{WorkerMessage, WorkerTask},
};
use futures_util::{Stream, StreamExt as _};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    collections::VecDeque,
    ffi::OsString,
    io::{self, Read},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    pin::Pin,
    process::{Child, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::io::AsyncWriteExt as _;
use tokio_process_stream::{Item, ProcessChunkStream};

/// Longest log line passed on, in characters.
const MAX_LOG: usize = 2_000;
/// Most log lines passed on from one worker: a chatty one must not fill the event log.
const MAX_LOGS: usize = 1_000;

/// Which program is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerProgram {
    path: PathBuf,
}

impl WorkerProgram {
    /// This very program, also when its file was replaced by an upgrade meanwhile.
    pub fn this_program() -> Self {
        Self { path: PathBuf::from("/proc/self/exe") }
    }

    /// Another file, for tests.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

/// What is heard from a worker.
#[allow(clippy::large_enum_variant, reason = "the large one comes once per job")]
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerEvent {
    /// A line of the protocol.
    Message(WorkerMessage),
    /// Anything else it wrote, cut to a bearable length.
    Log(String),
    /// It has ended. Nothing comes after this. A worker that ended without [`WorkerMessage::Done`] failed.
    Exited {
        /// Exit code, if it exited.
        code: Option<i32>,
        /// Signal, if one killed it.
        signal: Option<i32>,
    },
}

/// Power over a running worker. Dropping it kills the worker's process group.
#[derive(Debug)]
pub struct WorkerHandle {
    group: Pid,
    ended: Arc<AtomicBool>,
}

/// What the worker says, as a stream. It ends after [`WorkerEvent::Exited`]. A worker that hangs in the kernel may never get
/// there: whoever waits has a [watchdog](super::watchdog) and, after giving up, leaves the stream to a task of its own,
/// which hears when the worker returns after all.
pub struct WorkerEvents {
    chunks: ProcessChunkStream,
    output: LineSplitter,
    errors: LineSplitter,
    heard: VecDeque<WorkerEvent>,
    logs: usize,
    ended: Arc<AtomicBool>,
}

/// Starts a worker on a task. Must be called within a Tokio runtime.
///
/// # Errors
/// What the system says when the program cannot be started.
pub fn start(program: &WorkerProgram, task: &WorkerTask) -> io::Result<(WorkerHandle, WorkerEvents)> {
    let json = serde_json::to_vec(task)?;
    let mut command = tokio::process::Command::new(&program.path);
    command
        .arg0("disk2iso")
        .arg("read-worker")
        .arg(format!("--parent={}", std::process::id()))
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let group = group_of(&child)?;
    if let Some(mut stdin) = child.stdin.take() {
        // In a task of its own: a worker that does not read must not stop us. If it ends early, that is heard on the stream.
        tokio::spawn(async move {
            let _ = stdin.write_all(&json).await;
        });
    }
    Ok(heard(group, child))
}

/// Starts a program of the operator with this environment and nothing else, no arguments, and standard input from nowhere. What
/// it writes comes as [`WorkerEvent::Log`]. Must be called within a Tokio runtime.
///
/// # Errors
/// What the system says when the program cannot be started.
pub fn start_hook(program: &Path, environment: &[(String, String)]) -> io::Result<(WorkerHandle, WorkerEvents)> {
    let mut command = tokio::process::Command::new(program);
    command
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn()?;
    Ok(heard(group_of(&child)?, child))
}

fn group_of(child: &tokio::process::Child) -> io::Result<Pid> {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    id.map(Pid::from_raw).ok_or_else(|| io::Error::other("the process ended at once"))
}

fn heard(group: Pid, child: tokio::process::Child) -> (WorkerHandle, WorkerEvents) {
    let ended = Arc::new(AtomicBool::new(false));
    let events = WorkerEvents {
        chunks: child.into(),
        output: LineSplitter::with_longest(MAX_MESSAGE),
        errors: LineSplitter::default(),
        heard: VecDeque::new(),
        logs: 0,
        ended: Arc::clone(&ended),
    };
    (WorkerHandle { group, ended }, events)
}

impl WorkerHandle {
    /// Asks the worker to stop: it finishes the command under way, makes everything durable and says `done`.
    pub fn stop(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Ends the worker now, unless it hangs in the kernel.
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Process id of the worker, which is also its group's.
    pub fn id(&self) -> i32 {
        self.group.as_raw()
    }

    fn signal(&self, signal: Signal) {
        // After it was waited for, the number may belong to somebody else.
        if !self.ended.load(Ordering::Acquire) {
            // The only failure is that the group is gone, which is what was wanted.
            let _ = killpg(self.group, signal);
        }
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.kill();
    }
}

impl WorkerEvents {
    fn hear(&mut self, item: Item<bytes::Bytes>) {
        match item {
            Item::Stdout(chunk) => {
                for line in self.output.push(&chunk) {
                    self.line(line);
                }
            }
            Item::Stderr(chunk) => {
                for line in self.errors.push(&chunk) {
                    self.log(&line);
                }
            }
            Item::Done(status) => {
                self.ended.store(true, Ordering::Release);
                let rest = (self.output.finish(), self.errors.finish());
                rest.0.into_iter().for_each(|line| self.line(line));
                rest.1.into_iter().for_each(|line| self.log(&line));
                self.exited(status);
            }
        }
    }

    fn line(&mut self, line: String) {
        match serde_json::from_str(&line) {
            Ok(message) => self.heard.push_back(WorkerEvent::Message(message)),
            Err(_) => self.log(&line),
        }
    }

    fn log(&mut self, line: &str) {
        self.logs += 1;
        if self.logs < MAX_LOGS {
            self.heard.push_back(WorkerEvent::Log(line.chars().filter(|c| !c.is_control()).take(MAX_LOG).collect()));
        } else if self.logs == MAX_LOGS {
            self.heard.push_back(WorkerEvent::Log("(more output of the worker is left out)".to_owned()));
        }
    }

    fn exited(&mut self, status: io::Result<ExitStatus>) {
        let event = match status {
            Ok(status) => WorkerEvent::Exited { code: status.code(), signal: status.signal() },
            Err(error) => {
                self.log(&format!("cannot wait for the worker: {error}"));
                WorkerEvent::Exited { code: None, signal: None }
            }
        };
        self.heard.push_back(event);
    }
}

impl Stream for WorkerEvents {
    type Item = WorkerEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        loop {
            if let Some(event) = self.heard.pop_front() {
                return Poll::Ready(Some(event));
            }
            match Pin::new(&mut self.chunks).poll_next(context) {
                Poll::Ready(Some(item)) => self.hear(item),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for WorkerEvents {
    fn drop(&mut self) {
        // The stream's child is killed and waited for by Tokio from here on; its number is not ours any more.
        self.ended.store(true, Ordering::Release);
    }
}

/// First line that a tool prints of its version; `None` if it is not installed. Blocks; not for use within a runtime.
pub fn tool_version(tool: &str) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async {
        let mut command = tokio::process::Command::new(tool);
        command.arg("--version").env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        let mut chunks = ProcessChunkStream::try_from(command).ok()?;
        let mut lines = LineSplitter::default();
        while let Some(item) = chunks.next().await {
            let Item::Stdout(chunk) = item else { continue };
            if let Some(first) = lines.push(&chunk).into_iter().next() {
                return Some(first);
            }
        }
        Some(tool.to_owned())
    })
}

/// Lines of a tool that wait to be taken; more are dropped, so that a tool never waits for whoever listens.
const MAX_WAITING_LINES: usize = 1_000;
/// Pause between two looks at a tool that shall end.
const TOOL_PAUSE: Duration = Duration::from_millis(20);

/// How a tool ended. It decides nothing: what a tool has done is in the files that it wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolExit {
    /// Exit code, if it exited.
    pub code: Option<i32>,
    /// Signal, if one killed it.
    pub signal: Option<i32>,
}

/// A program that helps a worker. It has a process group of its own, standard input from nowhere and `LC_ALL=C`; it is killed
/// when the thread that started it ends, and when this is dropped.
#[derive(Debug)]
pub struct Tool {
    child: Option<Child>,
    group: Pid,
    lines: Receiver<String>,
    exit: Option<ToolExit>,
}

impl Tool {
    /// Starts a program with its arguments by way of `launcher`, which is this program: only the new process itself can ask to
    /// be killed with its parent and undo what signals its parent has blocked.
    ///
    /// # Errors
    /// What the system says. A program that is not installed is noticed later: it exits with 127.
    pub fn start(launcher: &WorkerProgram, command: &[OsString]) -> io::Result<Self> {
        let mut child = std::process::Command::new(&launcher.path)
            .arg0("disk2iso")
            .arg("read-worker")
            .arg(format!("--parent={}", std::process::id()))
            .arg("--tool")
            .args(command)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        let (sender, lines) = sync_channel(MAX_WAITING_LINES);
        let pipes = [
            child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
            child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        ];
        let tool = Self { child: Some(child), group, lines, exit: None };
        for pipe in pipes.into_iter().flatten() {
            let sender = sender.clone();
            // Never joined: a tool that hangs in the kernel keeps its pipes open.
            std::thread::Builder::new().name("tool output".to_owned()).spawn(move || pass_lines(pipe, &sender))?;
        }
        Ok(tool)
    }

    /// Lines that it wrote since this was last asked, to either output; without control characters, of bearable length.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.lines.try_iter()
    }

    /// How it ended, `None` while it runs. Does not block.
    ///
    /// # Errors
    /// What the system says.
    pub fn exit(&mut self) -> io::Result<Option<ToolExit>> {
        if self.exit.is_none()
            && let Some(child) = &mut self.child
        {
            self.exit = child.try_wait()?.map(|status| ToolExit { code: status.code(), signal: status.signal() });
        }
        Ok(self.exit)
    }

    /// Asks it to save its state and end (SIGINT).
    pub fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    /// Ends it now, unless it hangs in the kernel.
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Interrupts it, waits `patience`, kills it, waits `patience` again. Returns whether it is gone; if not, it hangs in the
    /// kernel and is left alone. `alive` is called now and then.
    pub fn stop(&mut self, patience: Duration, alive: &mut dyn FnMut()) -> bool {
        self.interrupt();
        if self.wait(patience, alive) {
            return true;
        }
        self.kill();
        self.wait(patience, alive)
    }

    /// Waits for its end, at most so long. Returns whether it has ended.
    pub fn wait(&mut self, patience: Duration, alive: &mut dyn FnMut()) -> bool {
        let since = Instant::now();
        loop {
            if matches!(self.exit(), Ok(Some(_))) {
                return true;
            }
            if since.elapsed() >= patience {
                return false;
            }
            alive();
            std::thread::sleep(TOOL_PAUSE.min(patience));
        }
    }

    fn signal(&self, signal: Signal) {
        // After it was waited for, the number may belong to somebody else.
        if self.exit.is_none() {
            let _ = killpg(self.group, signal);
        }
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if matches!(self.exit(), Ok(Some(_))) {
            return;
        }
        self.kill();
        if let Some(mut child) = self.child.take() {
            // Somebody has to collect it, and that may take as long as the kernel likes.
            let _ = std::thread::Builder::new().name("tool end".to_owned()).spawn(move || child.wait());
        }
    }
}

fn pass_lines(mut pipe: Box<dyn Read + Send>, lines: &SyncSender<String>) {
    let (mut splitter, mut chunk) = (LineSplitter::default(), [0; 4096]);
    let pass = |line: String| {
        // Full: nobody listens, and nobody needs all of them.
        let _ = lines.try_send(line.chars().filter(|c| !c.is_control()).take(MAX_LOG).collect());
    };
    while let Ok(count @ 1..) = pipe.read(&mut chunk) {
        splitter.push(&chunk[..count]).into_iter().for_each(pass);
    }
    splitter.finish().into_iter().for_each(pass);
}

/// The other end of [`Tool::start`]: unblocks all signals and becomes the program. Returns only if that fails.
pub fn become_tool(command: &[OsString]) -> io::Error {
    let Some((program, arguments)) = command.split_first() else { return io::ErrorKind::InvalidInput.into() };
    if let Err(errno) = nix::sys::signal::SigSet::all().thread_unblock() {
        return errno.into();
    }
    std::process::Command::new(program).args(arguments).exec()
}
