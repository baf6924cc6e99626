//! Back-off: how long a failed child waits before its next start. Pure: failures in, delay out.

use std::time::Duration;

/// The delays between the restarts of one child, and what happens after the last of them.
///
/// A child with a back-off does not count against its supervisor's restart intensity: its delays are its own budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackOff {
    delays: Vec<Duration>,
    gives_up: bool,
    healthy_after: Duration,
}

impl BackOff {
    /// How long a child must have run for its earlier failures to be forgotten, unless [`BackOff::healthy_after`] says otherwise.
    pub const HEALTHY_AFTER: Duration = Duration::from_secs(600);

    /// Waits as listed; the last delay repeats for ever. An empty list means one second each time, so that a failing child
    /// can never spin.
    pub fn repeating(delays: impl Into<Vec<Duration>>) -> Self {
        let mut delays = delays.into();
        if delays.is_empty() {
            delays.push(Duration::from_secs(1));
        }
        Self { delays, gives_up: false, healthy_after: Self::HEALTHY_AFTER }
    }

    /// Waits as listed; the failure after the last delay is final, and health shows the child as `failed`.
    pub fn giving_up(delays: impl Into<Vec<Duration>>) -> Self {
        Self { delays: delays.into(), gives_up: true, healthy_after: Self::HEALTHY_AFTER }
    }

    /// Sets how long a child must have run for its earlier failures to be forgotten.
    #[must_use]
    pub fn healthy_after(mut self, duration: Duration) -> Self {
        self.healthy_after = duration;
        self
    }

    /// The number of consecutive failures, given that of before and how long the child ran this time.
    pub fn failures(&self, before: usize, ran_for: Duration) -> usize {
        if ran_for >= self.healthy_after { 1 } else { before.saturating_add(1) }
    }

    /// The delay before the restart after the given number of consecutive failures (from 1), or `None` to give up.
    pub fn delay(&self, failures: usize) -> Option<Duration> {
        let listed = self.delays.get(failures.saturating_sub(1));
        let repeated = if self.gives_up { None } else { self.delays.last() };
        listed.or(repeated).copied()
    }
}
