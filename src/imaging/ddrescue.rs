//! GNU ddrescue as an engine: it reads what a map says is missing straight into the image file.
//!
//! One run per pass (fast, trim, scrape, each retry), each under supervision and each resumable. ddrescue gets a mapfile of its own in
//! a scratch folder, made from our map; ours is never touched by it. What it says there is taken over again and again: checked, then
//! claimed like anything we have written ourselves (image synced first, map second). Its exit code and its output decide nothing.
//! A mapfile that cannot be read or does not fit means "unknown".

mod pass;
mod run;
mod scratch;

use super::{
    engine::Engine,
    interrupt::Interruption,
    native,
    process::WorkerProgram,
    rescue::{self, Budget},
    session::Session,
};
use crate::domain::{ids::SECTOR, job::Phase, sector_map::BlockStatus};
use pass::Pass;
use run::{Run, RunEnd};
use scratch::Scratch;
use std::path::PathBuf;

/// The program and what it reads from.
#[derive(Debug, Clone)]
pub struct Ddrescue {
    /// Starts it (see [`Tool`](super::process::Tool)).
    pub launcher: WorkerProgram,
    /// Its path, or its name to be looked up in `PATH`.
    pub program: PathBuf,
    /// First line of what it says of its version.
    pub version: String,
    /// Node of the drive, or an image file.
    pub source: PathBuf,
    /// Read past the system's cache (O_DIRECT); not for regular files, which may want larger blocks than a sector.
    pub direct: bool,
}

/// From the first sector on, with GNU ddrescue.
impl Engine for Ddrescue {
    fn image(&self, session: &mut Session<'_>) -> Result<(), Interruption> {
        self.fill(session)?;
        native::conclude(session)
    }
}

/// Round what is unreadable with the native engine; what is left goes to GNU ddrescue.
pub struct Handover(pub Ddrescue);

impl Engine for Handover {
    fn image(&self, session: &mut Session<'_>) -> Result<(), Interruption> {
        native::read_around(session)?;
        if session.options.rescue && !session.map.is_finished() {
            self.0.fill(session)?;
        }
        native::conclude(session)
    }
}

impl Ddrescue {
    /// Reads what is not finished, pass by pass, until all is tried or the task's budget is spent.
    ///
    /// # Errors
    /// What ends a run; what was read until then is claimed.
    pub fn fill(&self, session: &mut Session<'_>) -> Result<(), Interruption> {
        let Some(image) = session.pipeline.sink().file() else {
            // Only files can be given to another program.
            native::read_around(session)?;
            return rescue::run(session);
        };
        session.flush();
        session.pipeline.checkpoint()?;
        let budget = Budget::of(session);
        let scratch = Scratch::create(&image)?;
        session.reader.lock(true);
        let done = self.passes(session, (&image, &scratch), budget);
        session.reader.lock(false);
        done
    }

    fn passes(
        &self,
        session: &mut Session<'_>,
        (image, scratch): (&std::path::Path, &Scratch),
        budget: Budget,
    ) -> Result<(), Interruption> {
        let (mut phase, mut end) = (None, session.map.len());
        for pass in Pass::all(session.options.retries) {
            if session.map.ranges(pass.wanted()).first().is_none_or(|range| range.start >= end) {
                continue;
            }
            if phase.replace(pass.phase()) != Some(pass.phase()) {
                session.phase(pass.phase());
            }
            let run = Run { tool: self, pass, image, scratch, budget, end };
            match run.to_its_end(session)? {
                RunEnd::Done => {}
                RunEnd::EndsAt(found) => end = found,
                RunEnd::BudgetSpent => return Ok(()),
            }
        }
        read_behind(session, end)
    }
}

/// What the kernel takes for the end of the disc is none for commands to the drive.
fn read_behind(session: &mut Session<'_>, end: u64) -> Result<(), Interruption> {
    if end >= session.map.len() {
        return Ok(());
    }
    native::read_around(session)?;
    // Retries were made where ddrescue could make them.
    let retries = std::mem::take(&mut session.options.retries);
    let done = rescue::run(session);
    session.options.retries = retries;
    done
}

/// Sectors that are known to be unreadable.
fn bad_sectors(session: &Session<'_>) -> u64 {
    session.map.bytes(BlockStatus::Bad).div_ceil(SECTOR)
}

/// The phase of a pass, for people.
fn phase_of(pass: Pass) -> Phase {
    if pass == Pass::Fast { Phase::Reading } else { Phase::Rescuing }
}
