//! The native engine: fast over what is readable, round what is not, and then back to it sector by sector.
//!
//! 1. **Sweep**, ascending, in large requests. A request that fails is marked `*` and left alone. Within a bad area requests
//!    shrink to a few error-correction blocks; after two failures in a row the sweep jumps further and further, at most 1 % of
//!    the disc at once. What was jumped over stays `?`. Near the end, where the run-out of a CD spoils requests that reach
//!    into it, sectors are read one by one.
//! 2. **Sweep of what was jumped over**, ascending, in large requests without jumps: most of it is bad, and a request that fails costs
//!    the same time whatever its size.
//! 3. **Rescue** (`rescue.rs`) of what is `*` (or `/`, from ddrescue): each sector ends as `+` or `-`.
//!
//! Sizes and patience were chosen by modelled time against GNU ddrescue's `-n` on the same damage (`tests/it/imaging/first_pass.rs`,
//! which keeps them honest).

use super::{
    engine::Engine,
    interrupt::{Interruption, code},
    rescue,
    session::Session,
};
use crate::domain::{
    ids::{Lba, SECTOR},
    job::Phase,
    sector_map::BlockStatus,
};
use std::{ops::Range, time::Duration};

/// Sectors of a request in a bad area: one error-correction block of a Blu-ray, two of a DVD.
const STEP: u64 = 32;

/// So many failures in a row before the sweep jumps.
const PATIENCE: u32 = 2;

/// Sectors at the end that are tried one by one when a request fails there, on CDs always: drives fail whole requests that
/// reach into the run-out (libburn, linux-scsi), and the kernel reads pages of two sectors.
pub const TAIL: u64 = 32;

/// See the module's documentation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Engine for Native {
    fn image(&self, session: &mut Session<'_>) -> Result<(), Interruption> {
        read_around(session)?;
        if session.options.rescue {
            rescue::run(session)?;
        }
        conclude(session)
    }
}

/// Both sweeps: afterwards nothing is `?` any more.
///
/// # Errors
/// What ends a run.
pub fn read_around(session: &mut Session<'_>) -> Result<(), Interruption> {
    session.phase(Phase::Reading);
    sweep(session, true)?;
    sweep(session, false)
}

/// Trims what the sweeps left, and no more: with [`read_around`] it is what `ddrescue -n` does.
///
/// # Errors
/// What ends a run.
pub fn trim_only(session: &mut Session<'_>) -> Result<(), Interruption> {
    rescue::trim_only(session)
}

/// Says what stayed unreadable.
///
/// # Errors
/// `copy_protected` if that is why nothing could be read.
pub fn conclude(session: &mut Session<'_>) -> Result<(), Interruption> {
    session.flush();
    if matches!(session.failures, (1.., 0)) && session.map.bytes(BlockStatus::Finished) == 0 {
        let message = "every sector is refused as copy-protected; this program does not circumvent protection";
        return Err(Interruption::failed(code::COPY_PROTECTED, message));
    }
    session.report_bad();
    Ok(())
}

/// Reads what was never tried, in ascending order.
fn sweep(session: &mut Session<'_>, jumping: bool) -> Result<(), Interruption> {
    let limit = Duration::from_millis(session.options.read_timeout_ms.max(1));
    let mut pace = Pace::new(session);
    if !jumping {
        pace.step = pace.most;
    }
    for range in session.map.ranges(&[BlockStatus::NonTried]) {
        let Range { start: mut position, end } = sectors(&range);
        while position < end {
            session.stop.check()?;
            let count = pace.request(position, end);
            match session.read(Lba(position), count, limit)? {
                Ok(()) => {
                    pace.succeeded();
                    position += count;
                }
                Err(failure) if failure.is_past_end() && session.lies_about_its_end(limit)? => {
                    // What begins before the end is found again when this is trimmed.
                    session.give_up_after(Lba(position), BlockStatus::NonTrimmed, failure);
                    return Ok(());
                }
                Err(_) if count > 1 && pace.is_near_end(position + count) => {
                    one_by_one(session, position..position + count, limit)?;
                    position += count;
                }
                Err(failure) => {
                    session.mark(Lba(position), count, BlockStatus::NonTrimmed, failure);
                    position += count + if jumping { pace.failed() } else { 0 };
                }
            }
        }
    }
    session.flush();
    Ok(())
}

/// The sectors of a request that failed as a whole.
fn one_by_one(session: &mut Session<'_>, sectors: Range<u64>, limit: Duration) -> Result<(), Interruption> {
    for sector in sectors {
        session.stop.check()?;
        if let Err(failure) = session.read(Lba(sector), 1, limit)? {
            session.mark(Lba(sector), 1, BlockStatus::NonTrimmed, failure);
        }
    }
    Ok(())
}

/// The sectors that a byte range touches. Maps made by ddrescue may have other boundaries than ours.
pub fn sectors(range: &Range<u64>) -> Range<u64> {
    range.start / SECTOR..range.end.div_ceil(SECTOR)
}

/// How much to ask for and how far to jump. The sweep and the surface scan ask in the same way.
pub struct Pace {
    most: u64,
    step: u64,
    size: u64,
    failures: u32,
    longest_jump: u64,
    /// First sector of the tail.
    tail: u64,
    /// Whether the tail is read in single sectors from the start.
    careful: bool,
    layer_break: Option<u64>,
}

impl Pace {
    fn new(session: &Session<'_>) -> Self {
        let length = session.map.len() / SECTOR;
        let layout = (length, session.layer_break, session.is_cd);
        Self::with((session.max_request(), session.ecc), layout)
    }

    /// For requests of at most `most` sectors on a medium with error-correction blocks of `ecc` sectors, of that length, with
    /// that layer break, that is a CD or not.
    pub fn with((most, ecc): (u64, u64), (length, layer_break, is_cd): (u64, Option<u64>, bool)) -> Self {
        let most = if most > ecc { most - most % ecc } else { most };
        let step = ecc.max(STEP).min(most);
        Self {
            most,
            step,
            size: most,
            failures: 0,
            longest_jump: length / 100,
            tail: length.saturating_sub(TAIL),
            careful: is_cd,
            layer_break,
        }
    }

    /// Number of sectors to ask for at `position`, ending where an error-correction block ends if it can.
    pub fn request(&self, position: u64, end: u64) -> u64 {
        if self.careful && position >= self.tail {
            return 1;
        }
        let aligned = (position + self.size) / self.step * self.step;
        let mut stop = if aligned > position { aligned } else { position + self.size };
        if self.careful {
            stop = stop.min(self.tail);
        }
        // Some drives fail requests across the layer break (redumper #357).
        if let Some(place) = self.layer_break.filter(|place| (position + 1..stop).contains(place)) {
            stop = place;
        }
        stop.min(end) - position
    }

    /// Whether a request that ends there touches the tail.
    pub fn is_near_end(&self, end: u64) -> bool {
        end > self.tail
    }

    /// Requests grow again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
        self.size = (self.size * 2).min(self.most);
    }

    /// Returns how many sectors to jump over.
    pub fn failed(&mut self) -> u64 {
        self.size = self.step;
        self.failures += 1;
        match self.failures.checked_sub(PATIENCE) {
            None => 0,
            Some(doublings) => {
                self.step.checked_shl(doublings.min(32)).unwrap_or(u64::MAX).min(self.longest_jump) / self.step * self.step
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(mut pace: Pace, length: u64) -> Vec<(u64, u64)> {
        let (mut position, mut asked) = (0, Vec::new());
        while position < length {
            let count = pace.request(position, length);
            asked.push((position, count));
            pace.succeeded();
            position += count;
        }
        asked
    }

    #[test]
    fn the_end_of_a_cd_is_read_in_single_sectors() {
        let asked = requests(Pace::with((64, 1), (100, None, true)), 100);
        assert_eq!(asked[..3], [(0, 64), (64, 4), (68, 1)]);
        assert_eq!(asked.len(), 2 + 32);
    }

    #[test]
    fn no_request_crosses_the_layer_break() {
        let asked = requests(Pace::with((64, 16), (400, Some(100), false)), 400);
        assert_eq!(asked[..4], [(0, 64), (64, 36), (100, 60), (160, 64)]);
        assert!(asked.iter().all(|(start, count)| *start >= 100 || start + count <= 100));
    }

    #[test]
    fn after_an_error_requests_are_a_few_whole_error_correction_blocks_and_then_jump() {
        for ecc in [1, 16, 32] {
            let mut pace = Pace::with((64, ecc), (100_000, None, false));
            assert_eq!(pace.failed(), 0);
            assert_eq!((pace.request(64, 1000), pace.request(70, 1000)), (32, 26));
            assert_eq!([pace.failed(), pace.failed(), pace.failed()], [32, 64, 128]);
            assert_eq!((0..20).map(|_| pace.failed()).last(), Some(992), "at most 1 % of the disc");
            pace.succeeded();
            assert_eq!(pace.failed(), 0);
        }
    }
}
