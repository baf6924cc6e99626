//! A moment in the future that several processes agree on, without the wall clock (which people and NTP set).

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A moment on the clock that counts since the machine was started. Void after a restart of the machine: a hang ends
/// when the power goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deadline {
    boot: String,
    milliseconds: u64,
}

impl Deadline {
    /// The moment that is `wait` away.
    pub(super) fn after(wait: Duration) -> Self {
        // Rounded up: never earlier than asked for.
        let milliseconds = u64::try_from((since_boot() + wait).as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        Self { boot: boot_id(), milliseconds }
    }

    /// How long it still is; `None` once it has passed.
    pub(super) fn left(&self) -> Option<Duration> {
        let left = Duration::from_millis(self.milliseconds).checked_sub(since_boot())?;
        (!left.is_zero() && self.boot == boot_id()).then_some(left)
    }
}

fn since_boot() -> Duration {
    // It fails only for a clock that the kernel does not know; Linux has had this one since 2.6.39.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}
