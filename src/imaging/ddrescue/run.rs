//! One pass under supervision.

use super::{Ddrescue, Pass, Scratch, bad_sectors};
use crate::{
    domain::{
        ids::SECTOR,
        result::ToolRun,
        sector_map::{BlockStatus, SectorMap},
    },
    imaging::{
        interrupt::{Interruption, code},
        prepare,
        process::Tool,
        protocol::Halt,
        rescue::Budget,
        session::Session,
    },
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Pause between two looks at the mapfile.
const POLL: Duration = Duration::from_millis(100);
/// After so long ddrescue is stopped and started anew: in between, the disc is checked. What was read since the last check is all
/// that a disc exchanged in mid-run can cost.
const SLICE: Duration = Duration::from_secs(600);
/// The kernel tries an unreadable sector several times for 30 s each. A mapfile that does not move for longer is no sign of life.
const SILENCE: Duration = Duration::from_secs(300);
/// Time to save its map and end after SIGINT, and again after SIGKILL.
const PATIENCE: Duration = Duration::from_secs(3);
/// Lines of its output that go into a message.
const LINES: usize = 3;

/// How a pass ended without trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// It tried everything that it is for.
    Done,
    /// Time or errors are used up.
    BudgetSpent,
    /// The source ends here, said the kernel; ddrescue cannot read what is behind.
    EndsAt(u64),
}

/// One pass.
pub struct Run<'a> {
    pub tool: &'a Ddrescue,
    pub pass: Pass,
    pub image: &'a Path,
    pub scratch: &'a Scratch,
    pub budget: Budget,
    /// Bytes to copy: all, or up to where the kernel says that the disc ends.
    pub end: u64,
}

/// So many bytes less than planned are believed to be the kernel's doing: it takes away up to 75 sectors when a sector near the
/// end is unreadable (sr.c), from then on reads there end early instead of failing.
const KERNEL_END: u64 = 128 * SECTOR;

/// Why watching ended.
enum Seen {
    Exited,
    SliceOver,
    BudgetSpent,
}

impl Run<'_> {
    /// Runs it, in slices.
    ///
    /// # Errors
    /// What ends a run. What was read is claimed, unless the disc is not the right one any more.
    pub fn to_its_end(&self, session: &mut Session<'_>) -> Result<RunEnd, Interruption> {
        self.scratch.write(&session.map_without_gaps())?;
        let limits = (session.options.block_sectors, session.options.speed_kbps);
        let command = self.pass.command(self.tool, (self.image, &self.scratch.map()), self.end, limits);
        session.tools.push(ToolRun::new("ddrescue", self.tool.version.clone(), &command));
        loop {
            let before = session.map.clone();
            let mut tool = Tool::start(&self.tool.launcher, &command)
                .map_err(|error| Interruption::failed(code::READ_FAILED, format!("cannot start ddrescue: {error}")))?;
            let seen = self.watch(session, &mut tool);
            let gone = match &seen {
                Ok(Seen::Exited) => true,
                _ => {
                    let reporter = &mut session.reporter;
                    tool.stop(PATIENCE, &mut || reporter.alive())
                }
            };
            let last = self.take_over(session);
            if gone {
                self.check_disc(session, &before)?;
            } else {
                session.reader.leave_alone();
            }
            session.pipeline.checkpoint()?;
            match seen? {
                Seen::Exited => return self.judge(session, &tool, last),
                // It hangs in the kernel: the drive does not answer. Nobody may ask the drive anything now.
                _ if !gone => return Err(Interruption::Halted(Halt::DriveGone)),
                Seen::BudgetSpent => return Ok(RunEnd::BudgetSpent),
                Seen::SliceOver => {}
            }
        }
    }

    /// Looks at the mapfile until ddrescue ends or has to.
    fn watch(&self, session: &mut Session<'_>, tool: &mut Tool) -> Result<Seen, Interruption> {
        let began = Instant::now();
        let (mut moved, mut known) = (began, None);
        loop {
            session.stop.check()?;
            let exit = tool
                .exit()
                .map_err(|error| Interruption::failed(code::READ_FAILED, format!("cannot wait for ddrescue: {error}")))?;
            if exit.is_some() {
                return Ok(Seen::Exited);
            }
            // What it says is left for `judge`; here it only must not fill the pipe.
            let stamp = std::fs::metadata(self.scratch.map()).and_then(|meta| meta.modified()).ok();
            if stamp != known {
                (known, moved) = (stamp, Instant::now());
                // A map that is being written is looked at again when its time changes.
                let _ = self.take_over(session);
                session.pipeline.ledger().check()?;
                session.moved();
            } else if moved.elapsed() < SILENCE {
                session.reporter.alive();
            }
            if self.budget.is_spent(bad_sectors(session)) {
                return Ok(Seen::BudgetSpent);
            }
            if began.elapsed() >= SLICE {
                return Ok(Seen::SliceOver);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Takes over what the mapfile says, if it can be true: a byte that the file does not have was not read.
    /// Returns how many bytes the mapfile speaks of.
    fn take_over(&self, session: &mut Session<'_>) -> Result<u64, String> {
        let mut found = self.scratch.read(session.map.len())?;
        let end = found.ranges(&[BlockStatus::Finished]).last().map_or(0, |range| range.end);
        let length = session.pipeline.sink().length().map_err(|error| error.to_string())?;
        if length < end {
            return Err(format!("it claims {end} bytes of a file that has {length}"));
        }
        for gap in &session.gaps {
            found.set(gap.start.saturating_mul(SECTOR)..gap.end.saturating_mul(SECTOR), BlockStatus::Bad);
        }
        session.adopt(&found).map_err(|interruption| format!("{interruption:?}"))?;
        Ok(found.len())
    }

    /// Whether it was the right disc all the time; if not, or if nobody can tell, what came from it is taken back.
    fn check_disc(&self, session: &mut Session<'_>, before: &SectorMap) -> Result<(), Interruption> {
        let Session { reader, reporter, .. } = session;
        reader.still_there(&mut || reporter.alive()).inspect_err(|_| session.disown(before))
    }

    /// What a run that ended by itself has done. Its exit code is for the message only.
    fn judge(&self, session: &Session<'_>, tool: &Tool, last: Result<u64, String>) -> Result<RunEnd, Interruption> {
        let end = last.clone().unwrap_or(self.end);
        let left = match self.pass {
            Pass::Retry(_) => None,
            pass => session.map.ranges(pass.wanted()).first().cloned().filter(|range| range.start < end),
        };
        let planned = session.map.len();
        let problem = match (last, left) {
            (Ok(found), None) if found == planned => return Ok(RunEnd::Done),
            (Ok(found), None) if found > 0 && planned - found <= KERNEL_END => return Ok(RunEnd::EndsAt(found)),
            (Ok(found), None) => format!("its mapfile cannot be used: it covers {found} bytes instead of {planned}"),
            (Err(problem), _) => format!("its mapfile cannot be used: {problem}"),
            (Ok(_), Some(range)) => format!("it ended and had not tried what begins at byte {}", range.start),
        };
        let missing = prepare::missing_space(session.pipeline.sink(), &session.map)?;
        if missing > 0 {
            return Err(Interruption::Halted(Halt::NoSpace { missing }));
        }
        let said: Vec<String> = tool.lines().collect();
        let said = said[said.len().saturating_sub(LINES)..].join("; ");
        Err(Interruption::failed(
            code::READ_FAILED,
            format!("ddrescue failed: {problem} ({said}); try again, or with the native engine"),
        ))
    }
}
