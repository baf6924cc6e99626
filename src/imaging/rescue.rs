//! The native engine's way with what could not be read at once: trim from both ends, scrape what is between, then retry.
//!
//! The order is GNU ddrescue's: the edges of a bad area are found with few requests (error-correction blocks, in which damage comes),
//! and what is between them is read sector by sector only after all edges were. Each request has a time limit; nothing here
//! resets a drive.

use super::{interrupt::Interruption, native::sectors, reader::Unreadable, session::Session};
use crate::domain::{
    ids::{Lba, SECTOR},
    job::Phase,
    sector_map::BlockStatus,
};
use std::{
    ops::{ControlFlow, Range},
    time::{Duration, Instant},
};

/// Longest time for one sector: the service takes a worker that is silent for longer (45 s) for dead.
const LIMIT: Duration = Duration::from_secs(30);

/// Kilobytes per second while sectors are retried: drives correct better when they turn slowly (CD 4x, DVD and Blu-ray 2x).
const SLOW: [(u64, u32); 3] = [(1, 706), (16, 2_770), (32, 8_992)];

/// When rescue ends before everything was tried.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    deadline: Option<Instant>,
    bad_sectors: u64,
}

impl Budget {
    /// What the task allows, from now on.
    pub fn of(session: &Session<'_>) -> Self {
        let seconds = session.options.rescue_seconds.map(Duration::from_secs);
        Self {
            deadline: seconds.and_then(|time| Instant::now().checked_add(time)),
            bad_sectors: session.options.max_bad_sectors.unwrap_or(u64::MAX),
        }
    }

    /// Whether it is used up.
    pub fn is_spent(&self, bad_sectors: u64) -> bool {
        bad_sectors > self.bad_sectors || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// Tries what is `*`, `/` or `-` until nothing is left to try or the task's budget is spent.
///
/// # Errors
/// What ends a run. Sectors that stay unreadable are none.
pub fn run(session: &mut Session<'_>) -> Result<(), Interruption> {
    let unsettled = [BlockStatus::NonTrimmed, BlockStatus::NonScraped];
    let retries = session.options.retries;
    let retried = if retries > 0 { &[BlockStatus::Bad][..] } else { &[] };
    if session.map_without_gaps().ranges(&[&unsettled[..], retried].concat()).is_empty() {
        return Ok(());
    }
    session.phase(Phase::Rescuing);
    session.forget_senses();
    let mut rescue = Rescue::new(session);
    let spent = rescue.trim()?.is_break() || rescue.scrape()?.is_break();
    if !spent && retries > 0 && rescue.bad > 0 {
        rescue.retry(retries)?;
    }
    Ok(())
}

/// Only the first part.
///
/// # Errors
/// As [`run`].
pub fn trim_only(session: &mut Session<'_>) -> Result<(), Interruption> {
    // Whether the budget was spent makes no difference here.
    Rescue::new(session).trim().map(|_| ())
}

struct Rescue<'a, 'b> {
    session: &'a mut Session<'b>,
    budget: Budget,
    /// Unreadable sectors so far.
    bad: u64,
    limit: Duration,
    /// Past the drive's cache.
    again: bool,
    /// Why the last attempt failed.
    failure: Option<Unreadable>,
}

impl<'a, 'b> Rescue<'a, 'b> {
    fn new(session: &'a mut Session<'b>) -> Self {
        Self {
            budget: Budget::of(session),
            bad: session.map_without_gaps().bytes(BlockStatus::Bad).div_ceil(SECTOR),
            limit: LIMIT.min(Duration::from_millis(session.options.read_timeout_ms.max(1)) * 3),
            again: false,
            failure: None,
            session,
        }
    }

    /// One request. `None` when the budget is spent, otherwise whether it was read. A sector that was not is bad; of more than one
    /// nothing is known.
    fn attempt(&mut self, sectors: Range<u64>) -> Result<Option<bool>, Interruption> {
        self.session.stop.check()?;
        if self.budget.is_spent(self.bad) {
            return Ok(None);
        }
        let (place, count) = (Lba(sectors.start), sectors.end - sectors.start);
        let was_bad = count == 1 && self.session.map.status_at(place.byte()) == BlockStatus::Bad;
        let result = match self.again {
            true => self.session.read_again(place, count, self.limit)?,
            false => self.session.read(place, count, self.limit)?,
        };
        match result {
            Ok(()) => self.bad -= u64::from(was_bad),
            Err(failure) if count == 1 => {
                self.session.mark(place, 1, BlockStatus::Bad, failure);
                self.bad += u64::from(!was_bad);
                self.failure = Some(failure);
            }
            Err(_) => {}
        }
        Ok(Some(result.is_ok()))
    }

    /// Reads inwards from both ends of each failed area, up to the first error-correction block that fails; what is between is `/`.
    fn trim(&mut self) -> Result<ControlFlow<()>, Interruption> {
        let unit = self.session.ecc.min(self.session.max_request());
        for range in self.session.map.ranges(&[BlockStatus::NonTrimmed]) {
            let mut rest = sectors(&range);
            let mut failed = 0;
            while !rest.is_empty() && failed == 0 {
                let end = ((rest.start / unit + 1) * unit).min(rest.end);
                match self.attempt(rest.start..end)? {
                    None => return Ok(ControlFlow::Break(())),
                    Some(true) => rest.start = end,
                    Some(false) => failed = end,
                }
            }
            while rest.end > failed.max(rest.start) {
                let start = ((rest.end - 1) / unit * unit).max(failed).max(rest.start);
                match self.attempt(start..rest.end)? {
                    None => return Ok(ControlFlow::Break(())),
                    Some(true) => rest.end = start,
                    Some(false) => break,
                }
            }
            self.session.mark_trimmed(rest);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Reads what is between, one by one.
    fn scrape(&mut self) -> Result<ControlFlow<()>, Interruption> {
        for range in self.session.map.ranges(&[BlockStatus::NonScraped]) {
            for sector in sectors(&range) {
                if self.attempt(sector..sector + 1)?.is_none() {
                    return Ok(ControlFlow::Break(()));
                }
                if let Some(failure) = self.failure.filter(|_| self.session.is_past_end(Lba(sector)))
                    && self.session.lies_about_its_end(self.limit)?
                {
                    self.session.give_up_after(Lba(sector), BlockStatus::Bad, failure);
                    self.bad = self.session.map_without_gaps().bytes(BlockStatus::Bad).div_ceil(SECTOR);
                    return Ok(ControlFlow::Continue(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Reads again what is unreadable, slowly, from the medium and not from the drive's cache.
    fn retry(&mut self, passes: u32) -> Result<(), Interruption> {
        let (limit, ecc) = (self.session.options.speed_kbps, self.session.ecc);
        let slow = SLOW.iter().find(|(sectors, _)| *sectors == ecc).map(|(_, speed)| limit.unwrap_or(u32::MAX).min(*speed));
        self.session.reader.set_speed(slow.or(limit));
        self.again = true;
        let done = self.retry_passes(passes);
        self.session.reader.set_speed(limit);
        done
    }

    fn retry_passes(&mut self, passes: u32) -> Result<(), Interruption> {
        for _ in 0..passes {
            for sector in self.session.map.ranges(&[BlockStatus::Bad]).iter().flat_map(sectors) {
                if !self.session.has_nothing_at(Lba(sector)) && self.attempt(sector..sector + 1)?.is_none() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
