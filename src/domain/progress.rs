//! Progress of a job as people see it.

use serde::{Deserialize, Serialize};

/// Live numbers of a job. Broadcast often, stored seldom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes to do; 0 while unknown.
    pub size_total: u64,
    /// Bytes done.
    pub size_processed: u64,
    /// Bytes per second.
    pub speed: f64,
    /// Unreadable sectors so far.
    pub error_count: u64,
}

impl Progress {
    /// 0 to 100. Never 100 before everything is done, however close.
    pub fn percent(&self) -> f64 {
        if self.size_total == 0 {
            return 0.0;
        }
        if self.size_processed >= self.size_total {
            return 100.0;
        }
        #[allow(clippy::cast_precision_loss)]
        let percent = self.size_processed as f64 * 100.0 / self.size_total as f64;
        ((percent * 100.0).floor() / 100.0).min(99.99)
    }

    /// Seconds left at the present speed; `None` when nothing moves.
    pub fn eta_seconds(&self) -> Option<u64> {
        let left = self.size_total.saturating_sub(self.size_processed);
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let seconds = (self.speed > 1.0).then(|| (left as f64 / self.speed).ceil() as u64);
        seconds
    }
}
