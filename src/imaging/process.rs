//! The service's side of a `read-worker`: starting it, hearing it, stopping it, giving up on it.
//!
//! The only file that starts processes. The worker has a process group of its own, so that a signal reaches whatever it
//! starts, and gets SIGTERM when the *thread* that started it ends (`PR_SET_PDEATHSIG` means threads): start workers from a
//! thread that lives as long as they may.

use super::{
    lines::LineSplitter,
    protocol::{WorkerMessage, WorkerTask},
};
use futures_util::{Stream, StreamExt as _};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    collections::VecDeque,
    io,
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    pin::Pin,
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
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
    let group = child.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(|| io::Error::other("the worker ended at once"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // In a task of its own: a worker that does not read must not stop us. If it ends early, that is heard on the stream.
        tokio::spawn(async move {
            let _ = stdin.write_all(&json).await;
        });
    }
    let ended = Arc::new(AtomicBool::new(false));
    let events = WorkerEvents {
        chunks: child.into(),
        output: LineSplitter::default(),
        errors: LineSplitter::default(),
        heard: VecDeque::new(),
        logs: 0,
        ended: Arc::clone(&ended),
    };
    Ok((WorkerHandle { group: Pid::from_raw(group), ended }, events))
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
