//! Threads that run database work in the order it came.
//!
//! Not a semaphore around `spawn_blocking`: an actor that waits (`ctx.wait`) polls nothing else meanwhile, so a permit granted to
//! another of its futures would never be used nor given back, and all writers would wait for it for ever. Here work runs
//! whether or not anybody polls for its result.

use super::StorageError;
use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// A queue with its threads, which end when it is dropped and all work is done.
pub(super) struct Queue(mpsc::Sender<Work>);

/// Stack of such a thread in bytes: Diesel's queries need little.
const STACK: usize = 1 << 20;

impl Queue {
    /// Starts `threads` threads; one thread means one at a time, in order.
    pub(super) fn start(name: &str, threads: u32) -> Result<Self, StorageError> {
        let (sender, receiver) = mpsc::channel::<Work>();
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = Arc::clone(&receiver);
            let run = move || {
                loop {
                    // The lock is held while waiting, not while working.
                    let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    match next {
                        Ok(work) => work(),
                        Err(mpsc::RecvError) => return,
                    }
                }
            };
            let thread = thread::Builder::new().name(format!("{name}{number}")).stack_size(STACK);
            thread.spawn(run).map_err(|error| StorageError::Unavailable(format!("no thread for the database: {error}")))?;
        }
        Ok(Self(sender))
    }

    /// Queues `work` at once and gives its result when it is done. Dropping the future does not stop the work.
    pub(super) fn run<T, F>(&self, work: F) -> impl Future<Output = Result<T, StorageError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, StorageError> + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let work = move || {
            // An error means that nobody waits any more.
            let _ = done.send(work());
        };
        let queued = self.0.send(Box::new(work)).is_ok();
        async move {
            let ended = || StorageError::Other("the database's threads have ended".to_owned());
            if queued { result.await.unwrap_or_else(|_| Err(ended())) } else { Err(ended()) }
        }
    }
}
