//! What one run of ddrescue does, and how that is said on its command line.

use super::{Ddrescue, phase_of};
use crate::domain::{job::Phase, sector_map::BlockStatus};
use std::{ffi::OsString, path::Path};

/// A pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Everything that was never tried, round what is unreadable.
    Fast,
    /// Inwards from the edges of what failed.
    Trim,
    /// What is between, sector by sector.
    Scrape,
    /// What is unreadable, once more; the number decides the direction.
    Retry(u32),
}

impl Pass {
    /// All of them, in order.
    pub fn all(retries: u32) -> impl Iterator<Item = Self> {
        [Self::Fast, Self::Trim, Self::Scrape].into_iter().chain((0..retries).map(Self::Retry))
    }

    /// What it works on. A run that ends by itself and leaves any of it has failed (a retry leaves what stays unreadable).
    pub fn wanted(self) -> &'static [BlockStatus] {
        match self {
            Self::Fast => &[BlockStatus::NonTried],
            Self::Trim => &[BlockStatus::NonTrimmed],
            Self::Scrape => &[BlockStatus::NonScraped],
            Self::Retry(_) => &[BlockStatus::Bad],
        }
    }

    /// What people are told.
    pub fn phase(self) -> Phase {
        phase_of(self)
    }

    /// The command, program first. `bytes` is the exact size to copy.
    pub fn command(
        self,
        tool: &Ddrescue,
        (image, map): (&Path, &Path),
        bytes: u64,
        (block_sectors, speed_kbps): (Option<u32>, Option<u32>),
    ) -> Vec<OsString> {
        let mut command: Vec<OsString> = vec![tool.program.clone().into()];
        // Quiet: what it prints is for people. The map is saved each second and synced seldom: ours is the one that counts.
        command.extend(["-q", "-b2048", "--mapfile-interval=1,3600"].map(OsString::from));
        command.push(format!("-s{bytes}").into());
        if tool.direct {
            command.push("-d".into());
        }
        if let Some(sectors) = block_sectors {
            command.push(format!("-c{}", sectors.max(1)).into());
        }
        if let Some(kilobytes) = speed_kbps {
            command.push(format!("-Z{}", u64::from(kilobytes.max(1)) * 1000).into());
        }
        let how: &[&str] = match self {
            Self::Fast => &["-n", "-N"],
            Self::Trim => &["-n"],
            Self::Scrape => &[],
            Self::Retry(number) if number % 2 == 0 => &["-r1"],
            Self::Retry(_) => &["-r1", "-R"],
        };
        command.extend(how.iter().map(OsString::from));
        // Names may begin with a dash.
        command.push("--".into());
        command.extend([&tool.source, image, map].map(|path| path.as_os_str().to_owned()));
        command
    }
}
