//! The native engine's way with what could not be read at once: trim from both ends, scrape what is between, then retry.
//!
//! The order is GNU ddrescue's: the edges of a bad area are found with few requests, and what is between them is read sector by
//! sector only after all edges were. Each request is one sector and has a time limit; nothing here resets a drive.

use super::{interrupt::Interruption, native::sectors, reader::Unreadable, session::Session};
use crate::domain::{
    ids::{Lba, SECTOR},
    job::Phase,
    sector_map::BlockStatus,
};
use std::{
    ops::ControlFlow,
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
    if session.map.ranges(&[&unsettled[..], retried].concat()).is_empty() {
        return Ok(());
    }
    session.phase(Phase::Rescuing);
    session.forget_senses();
    let limit = LIMIT.min(Duration::from_millis(session.options.read_timeout_ms.max(1)) * 3);
    let mut rescue = Rescue {
        budget: Budget::of(session),
        bad: session.map.bytes(BlockStatus::Bad).div_ceil(SECTOR),
        limit,
        again: false,
        failure: None,
        session,
    };
    let spent = rescue.trim()?.is_break() || rescue.scrape()?.is_break();
    if !spent && retries > 0 && rescue.bad > 0 {
        rescue.retry(retries)?;
    }
    Ok(())
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

impl Rescue<'_, '_> {
    /// One sector. `None` when the budget is spent, otherwise whether it was read.
    fn attempt(&mut self, sector: u64) -> Result<Option<bool>, Interruption> {
        self.session.stop.check()?;
        if self.budget.is_spent(self.bad) {
            return Ok(None);
        }
        let place = Lba(sector);
        let was_bad = self.session.map.status_at(place.byte()) == BlockStatus::Bad;
        let result = match self.again {
            true => self.session.read_again(place, 1, self.limit)?,
            false => self.session.read(place, 1, self.limit)?,
        };
        match result {
            Ok(()) => self.bad -= u64::from(was_bad),
            Err(failure) => {
                self.session.mark(place, 1, BlockStatus::Bad, failure);
                self.bad += u64::from(!was_bad);
                self.failure = Some(failure);
            }
        }
        Ok(Some(result.is_ok()))
    }

    /// Reads inwards from both ends of each failed area, up to the first sector that fails; what is between is `/`.
    fn trim(&mut self) -> Result<ControlFlow<()>, Interruption> {
        for range in self.session.map.ranges(&[BlockStatus::NonTrimmed]) {
            let mut rest = sectors(&range);
            while let Some(sector) = rest.next() {
                match self.attempt(sector)? {
                    None => return Ok(ControlFlow::Break(())),
                    Some(true) => {}
                    Some(false) => break,
                }
            }
            while let Some(sector) = rest.next_back() {
                match self.attempt(sector)? {
                    None => return Ok(ControlFlow::Break(())),
                    Some(true) => {}
                    Some(false) => break,
                }
            }
            if !rest.is_empty() {
                self.session.mark_trimmed(rest);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Reads what is between, one by one.
    fn scrape(&mut self) -> Result<ControlFlow<()>, Interruption> {
        for range in self.session.map.ranges(&[BlockStatus::NonScraped]) {
            for sector in sectors(&range) {
                if self.attempt(sector)?.is_none() {
                    return Ok(ControlFlow::Break(()));
                }
                if let Some(failure) = self.failure.filter(|_| self.session.is_past_end(Lba(sector)))
                    && self.session.is_past_end(self.session.last_sector())
                {
                    self.session.give_up_after(Lba(sector), BlockStatus::Bad, failure);
                    self.bad = self.session.map.bytes(BlockStatus::Bad).div_ceil(SECTOR);
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
                if !self.session.has_nothing_at(Lba(sector)) && self.attempt(sector)?.is_none() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
