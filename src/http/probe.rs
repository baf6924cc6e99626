//! Looks at the machine: processor, memory, space.

use super::wire::{Cpu, Memory, Space};
use crate::telemetry::Clock;
use chrono::{DateTime, Utc};
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};
use sysinfo::System;

/// The machine as it was last looked at.
pub struct Probe {
    clock: Clock,
    /// When the web server started.
    pub started_at: DateTime<Utc>,
    system: Mutex<Option<System>>,
}

impl Probe {
    /// A probe whose uptime begins now.
    pub fn new(clock: Clock) -> Self {
        Self { started_at: clock.now(), clock, system: Mutex::new(None) }
    }

    /// Seconds since the start.
    pub fn uptime_seconds(&self) -> u64 {
        u64::try_from((self.clock.now() - self.started_at).num_seconds()).unwrap_or(0)
    }

    /// Processor and memory. Blocks for some milliseconds. The load is that since the last call.
    pub fn machine(&self) -> (Cpu, Memory) {
        let mut guard = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            *guard = System::new().ok();
        }
        let load = System::load_average().map_or([0.0; 3], |load| [load.one, load.five, load.fifteen]);
        let mut cpu = Cpu { percent: 0.0, cores: 0, load };
        let mut memory = Memory { total: 0, available: 0, service: resident() };
        if let Some(system) = guard.as_mut() {
            system.refresh_cpu_usage();
            system.refresh_memory();
            cpu.percent = (f64::from(system.global_cpu_usage()) * 10.0).round() / 10.0;
            cpu.cores = system.cpus().len();
            (memory.total, memory.available) = (system.total_memory(), system.available_memory());
        }
        (cpu, memory)
    }
}

/// Space for the service in the file system of this folder. Blocks, on a dead network mount for long.
pub fn space(folder: &Path) -> Space {
    let stat = nix::sys::statvfs::statvfs(folder).ok();
    let bytes = |blocks: u64, size: u64| blocks.saturating_mul(size);
    Space {
        path: folder.display().to_string(),
        total: stat.as_ref().map(|stat| bytes(stat.blocks(), stat.fragment_size())),
        available: stat.as_ref().map(|stat| bytes(stat.blocks_available(), stat.fragment_size())),
    }
}

/// Resident memory of this process: the second number of `statm`, in pages.
fn resident() -> u64 {
    let pages =
        std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok());
    pages.unwrap_or(0).saturating_mul(page.unwrap_or(4096))
}
