//! What the worker says, and how often.

use super::protocol::{WorkerMessage, WorkerProgress};
use crate::domain::job::Phase;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Speed is taken over this time.
const WINDOW: Duration = Duration::from_secs(5);

/// Turns movement into messages: at most one per interval, none without movement.
pub struct Reporter<'a> {
    emit: &'a mut dyn FnMut(WorkerMessage),
    interval: Duration,
    said: Option<Instant>,
    history: VecDeque<(Instant, u64)>,
    last: WorkerProgress,
}

impl<'a> Reporter<'a> {
    /// Messages go to `emit`.
    pub fn new(emit: &'a mut dyn FnMut(WorkerMessage), interval: Duration) -> Self {
        Self { emit, interval, said: None, history: VecDeque::new(), last: WorkerProgress::default() }
    }

    /// Another phase begins; its progress starts afresh.
    pub fn phase(&mut self, phase: Phase) {
        self.history.clear();
        self.last = WorkerProgress { bad_sectors: self.last.bad_sectors, ..WorkerProgress::default() };
        (self.emit)(WorkerMessage::Phase { phase });
    }

    /// Says something that is not progress.
    pub fn say(&mut self, message: WorkerMessage) {
        (self.emit)(message);
    }

    /// Something moved: a command came back, bytes were hashed. The numbers are only asked for when they are said.
    pub fn moved(&mut self, numbers: impl FnOnce() -> WorkerProgress) {
        let now = Instant::now();
        if self.said.is_some_and(|said| now - said < self.interval) {
            return;
        }
        let mut progress = numbers();
        self.history.push_back((now, progress.size_processed));
        while self.history.len() > 2 && self.history.front().is_some_and(|(at, _)| now - *at > WINDOW) {
            self.history.pop_front();
        }
        progress.speed = self.speed(now, progress.size_processed);
        self.last = progress;
        self.said = Some(now);
        (self.emit)(WorkerMessage::Progress(progress));
    }

    /// A sign of life without new numbers.
    pub fn alive(&mut self) {
        let last = self.last;
        self.moved(|| last);
    }

    fn speed(&self, now: Instant, processed: u64) -> f64 {
        let Some((at, then)) = self.history.front() else { return 0.0 };
        let seconds = (now - *at).as_secs_f64();
        #[allow(clippy::cast_precision_loss)]
        let bytes = processed.saturating_sub(*then) as f64;
        if seconds > 0.0 { bytes / seconds } else { 0.0 }
    }
}
