//! When to give up on a silent worker. A pure function: the caller has the clock and the process.

use std::time::Duration;

/// How much patience there is at each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchdogLimits {
    /// Silence after which the worker is asked to stop.
    pub silent: Duration,
    /// Time from asking to killing.
    pub terminate: Duration,
    /// Time from killing to abandoning: a process that hangs in the kernel does not die.
    pub kill: Duration,
}

impl Default for WatchdogLimits {
    fn default() -> Self {
        Self { silent: Duration::from_secs(45), terminate: Duration::from_secs(5), kill: Duration::from_secs(5) }
    }
}

/// What has been done to the worker since its last sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Pressure {
    /// Nothing.
    #[default]
    None,
    /// SIGTERM was sent.
    Terminated,
    /// SIGKILL was sent.
    Killed,
    /// Given up: the drive is wedged until the process returns.
    Abandoned,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchdogAction {
    /// Wait.
    Nothing,
    /// Send SIGTERM.
    Terminate,
    /// Send SIGKILL.
    Kill,
    /// Stop waiting for it.
    Abandon,
}

/// Decides by the silence since the last sign of life. Each action is asked for once, provided that the caller stores the
/// pressure that [`WatchdogAction::pressure`] tells. A sign of life starts the time anew only while the pressure is
/// [`Pressure::None`]: after SIGTERM the worker says `done` and ends, or is killed.
pub fn watch(silence: Duration, pressure: Pressure, limits: &WatchdogLimits) -> WatchdogAction {
    let kill_at = limits.silent.saturating_add(limits.terminate);
    let abandon_at = kill_at.saturating_add(limits.kill);
    // Each step is taken after the one before, also when the caller looks so seldom that several are due.
    match pressure {
        Pressure::None if silence >= limits.silent => WatchdogAction::Terminate,
        Pressure::Terminated if silence >= kill_at => WatchdogAction::Kill,
        Pressure::Killed if silence >= abandon_at => WatchdogAction::Abandon,
        _ => WatchdogAction::Nothing,
    }
}

impl WatchdogAction {
    /// The pressure after this action, or the one before if it is none.
    pub fn pressure(self, before: Pressure) -> Pressure {
        match self {
            Self::Nothing => before,
            Self::Terminate => Pressure::Terminated,
            Self::Kill => Pressure::Killed,
            Self::Abandon => Pressure::Abandoned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_worker_is_asked_then_killed_then_abandoned_once_each() {
        let limits = WatchdogLimits::default();
        let mut pressure = Pressure::None;
        let mut actions = Vec::new();
        for second in 0..200 {
            let action = watch(Duration::from_secs(second), pressure, &limits);
            pressure = action.pressure(pressure);
            if action != WatchdogAction::Nothing {
                actions.push((second, action));
            }
        }
        assert_eq!(actions, [(45, WatchdogAction::Terminate), (50, WatchdogAction::Kill), (55, WatchdogAction::Abandon)]);
    }

    #[test]
    fn looking_late_skips_no_step() {
        let late = Duration::from_secs(1000);
        let limits = WatchdogLimits::default();
        assert_eq!(watch(late, Pressure::None, &limits), WatchdogAction::Terminate);
        assert_eq!(watch(late, Pressure::Terminated, &limits), WatchdogAction::Kill);
        assert_eq!(watch(late, Pressure::Killed, &limits), WatchdogAction::Abandon);
        assert_eq!(watch(late, Pressure::Abandoned, &limits), WatchdogAction::Nothing);
    }

    #[test]
    fn a_worker_that_speaks_is_left_alone() {
        assert_eq!(watch(Duration::from_secs(44), Pressure::None, &WatchdogLimits::default()), WatchdogAction::Nothing);
    }
}
