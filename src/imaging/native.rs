//! The native engine: fast over what is readable, round what is not, and then back to it sector by sector.
//!
//! 1. **Sweep**, ascending, in large requests. A request that fails is marked `*` and left alone. Within a bad area requests
//!    shrink to one error-correction block; after several failures in a row the sweep jumps further and further, at most 1 % of
//!    the disc at once. What was jumped over stays `?`.
//! 2. **Sweep of what was jumped over**, ascending, without jumps.
//! 3. **Rescue** of what is `*` (or `/`, from ddrescue), sector by sector: each ends as `+` or `-`; then as many passes over what
//!    is `-` as the task allows.

use super::{
    engine::Engine,
    interrupt::{Interruption, code},
    session::Session,
};
use crate::domain::{
    ids::{Lba, SECTOR},
    job::Phase,
    sector_map::BlockStatus,
};
use std::{ops::Range, time::Duration};

/// Requests in a bad area are one error-correction block, but at least so many sectors: on a CD (block of 1) the sweep would
/// become a rescue.
const MIN_STEP: u64 = 16;

/// So many failures in a row before the sweep jumps.
const PATIENCE: u32 = 3;

/// Longest time for one sector in rescue: the service takes a worker that is silent for longer (45 s) for dead.
const RESCUE_LIMIT: Duration = Duration::from_secs(30);

/// See the module's documentation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Engine for Native {
    fn image(&self, session: &mut Session<'_>) -> Result<(), Interruption> {
        session.phase(Phase::Reading);
        sweep(session, true)?;
        sweep(session, false)?;
        rescue(session)?;
        session.flush();
        if matches!(session.failures, (1.., 0)) && session.map.bytes(BlockStatus::Finished) == 0 {
            let message = "every sector is refused as copy-protected; this program does not circumvent protection";
            return Err(Interruption::failed(code::COPY_PROTECTED, message));
        }
        session.report_bad();
        Ok(())
    }
}

/// Reads what was never tried, in ascending order.
fn sweep(session: &mut Session<'_>, jumping: bool) -> Result<(), Interruption> {
    let limit = Duration::from_millis(session.options.read_timeout_ms.max(1));
    let mut pace = Pace::new(session);
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

/// Reads what failed, one sector at a time.
fn rescue(session: &mut Session<'_>) -> Result<(), Interruption> {
    let limit = RESCUE_LIMIT.min(Duration::from_millis(session.options.read_timeout_ms.max(1)) * 3);
    let first = [BlockStatus::NonTrimmed, BlockStatus::NonScraped];
    let passes =
        std::iter::once(&first[..]).chain(std::iter::repeat_n(&[BlockStatus::Bad][..], session.options.retries as usize));
    let mut entered = false;
    for wanted in passes {
        let ranges = session.map.ranges(wanted);
        if ranges.is_empty() {
            continue;
        }
        if !std::mem::replace(&mut entered, true) {
            session.phase(Phase::Rescuing);
        }
        session.forget_senses();
        for sector in ranges.iter().flat_map(sectors) {
            session.stop.check()?;
            if let Err(failure) = session.read(Lba(sector), 1, limit)? {
                session.mark(Lba(sector), 1, BlockStatus::Bad, failure);
            }
        }
    }
    Ok(())
}

/// The sectors that a byte range touches. Maps made by ddrescue may have other boundaries than ours.
fn sectors(range: &Range<u64>) -> Range<u64> {
    range.start / SECTOR..range.end.div_ceil(SECTOR)
}

/// How much to ask for and how far to jump.
struct Pace {
    most: u64,
    step: u64,
    size: u64,
    failures: u32,
    longest_jump: u64,
}

impl Pace {
    fn new(session: &Session<'_>) -> Self {
        let most = session.max_request();
        let most = if most > session.ecc { most - most % session.ecc } else { most };
        let step = session.ecc.max(MIN_STEP).min(most);
        Self { most, step, size: most, failures: 0, longest_jump: session.map.len() / SECTOR / 100 }
    }

    /// Number of sectors to ask for at `position`, ending where an error-correction block ends if it can.
    fn request(&self, position: u64, end: u64) -> u64 {
        let aligned = (position + self.size) / self.step * self.step;
        let stop = if aligned > position { aligned } else { position + self.size };
        stop.min(end) - position
    }

    fn succeeded(&mut self) {
        self.failures = 0;
        self.size = (self.size * 2).min(self.most);
    }

    /// Returns how many sectors to jump over.
    fn failed(&mut self) -> u64 {
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
