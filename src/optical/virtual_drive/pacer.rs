//! A speed limit in real time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Time that a reader who was late may catch up: a real drive's read-ahead buffer does the same.
const BURST: Duration = Duration::from_millis(100);

/// Spreads reads over time so that their average is the limit.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    /// When the bytes so far would have been through at the limit.
    due: Option<Instant>,
}

impl Pacer {
    /// Waits until `bytes` more may be delivered at `limit` bytes per second.
    pub(super) fn pace(&mut self, bytes: usize, limit: u64) {
        let now = Instant::now();
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        #[allow(clippy::cast_precision_loss)]
        let cost = Duration::from_secs_f64(bytes as f64 / limit.max(1) as f64);
        let due = self.due.map_or(now, |due| due.max(earliest)) + cost;
        self.due = Some(due);
        thread::sleep(due.saturating_duration_since(now));
    }
}
