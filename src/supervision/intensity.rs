//! Restart intensity: how many restarts in how much time a supervisor accepts before it gives up (as in Erlang/OTP).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// At most `max_restarts` within `within`; one more means that restarting does not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intensity {
    max_restarts: usize,
    within: Duration,
}

impl Intensity {
    /// `Intensity::new(3, 60 s)`: the fourth restart within 60 s is refused. `max_restarts` 0 refuses every restart.
    pub const fn new(max_restarts: usize, within: Duration) -> Self {
        Self { max_restarts, within }
    }
}

impl std::fmt::Display for Intensity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} restarts in {:?}", self.max_restarts, self.within)
    }
}

/// The restarts that still count. Time is handed in, never read.
#[derive(Debug)]
pub struct RestartWindow {
    intensity: Intensity,
    restarts: VecDeque<Instant>,
}

impl RestartWindow {
    /// An empty window.
    pub fn new(intensity: Intensity) -> Self {
        Self { intensity, restarts: VecDeque::new() }
    }

    /// May one more child be restarted at `now`? Counts the restart if so. A restart counts until it is *older* than the period.
    pub fn allows(&mut self, now: Instant) -> bool {
        let within = self.intensity.within;
        while self.restarts.front().is_some_and(|&at| now.saturating_duration_since(at) > within) {
            self.restarts.pop_front();
        }
        let allowed = self.restarts.len() < self.intensity.max_restarts;
        if allowed {
            self.restarts.push_back(now);
        }
        allowed
    }

    /// The limit that this window guards.
    pub fn intensity(&self) -> Intensity {
        self.intensity
    }
}
