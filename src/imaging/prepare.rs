//! What to start from: nothing, an unfinished image, or one that a crash left published but not reported.

use super::{
    interrupt::Interruption,
    mapfile::{self, MapHeader},
    protocol::{Halt, ImageTask},
    reader::StopFlag,
    sink::{Existing, Sink, SinkError},
    tuning::Tuning,
};
use crate::domain::{
    ids::SECTOR,
    sector_map::{BlockStatus, SectorMap},
    verdict::run_out_start,
};
use std::time::{Duration, Instant};

/// Where the run begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// A new `.part`, or an unfinished one with what its map claims. Open and locked.
    Image {
        /// What is on disk.
        map: SectorMap,
        /// Comments of the map.
        header: MapHeader,
        /// Whether there was something to go on with.
        resumed: bool,
    },
    /// The image has its final name already and its map proves that it is of this disc.
    Published {
        /// The map.
        map: SectorMap,
        /// Its comments.
        header: MapHeader,
    },
    /// A file of the right length has the final name and there is no map: either ours, complete, and only the report is
    /// missing, or somebody else's. Only the disc can tell.
    Unproven,
}

/// Room for maps and the file system's own needs.
const SPARE: u64 = 1 << 20;

/// Looks at the folder and opens what is to be written.
///
/// # Errors
/// `name_taken`, `wrong_map`, `map_unusable`, `image_busy`, and what the sink says.
pub fn prepare(
    sink: &dyn Sink,
    task: &ImageTask,
    tuning: &Tuning,
    stop: &StopFlag,
    alive: &mut dyn FnMut(),
) -> Result<Start, Interruption> {
    let since = Instant::now();
    loop {
        match attempt(sink, task) {
            // A worker that was told to stop may still be syncing; files may change under us until it has let go.
            Err(Problem::Race(error)) if since.elapsed() >= tuning.lock_patience => return Err(error.into()),
            Err(Problem::Race(_)) => {
                stop.check()?;
                alive();
                std::thread::sleep(tuning.ready_pause.min(Duration::from_millis(100)));
            }
            Err(Problem::Final(interruption)) => return Err(interruption),
            Ok(start) => return Ok(start),
        }
    }
}

enum Problem {
    Race(SinkError),
    Final(Interruption),
}

impl From<SinkError> for Problem {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Busy(_) => Self::Race(error),
            other => Self::Final(other.into()),
        }
    }
}

impl From<Interruption> for Problem {
    fn from(interruption: Interruption) -> Self {
        Self::Final(interruption)
    }
}

fn attempt(sink: &dyn Sink, task: &ImageTask) -> Result<Start, Problem> {
    let mut existing = sink.look()?;
    if existing.linked {
        sink.unlink_part()?;
        existing.part = None;
    }
    match existing {
        Existing { part: None, image: None, map, .. } => fresh(sink, task, map),
        Existing { part: Some(_), image: None, map: Some(_), .. } => resume(sink, task),
        Existing { part: None, image: Some(len), map, .. } => Ok(published(task, len, map)?),
        Existing { part: Some(_), image: None, map: None, .. } => Err(SinkError::NameTaken(task.paths.part.clone()).into()),
        Existing { part: Some(_), image: Some(_), .. } => Err(SinkError::NameTaken(task.paths.image.clone()).into()),
    }
}

/// The map comes first: a `.part` without a map is never ours.
fn fresh(sink: &dyn Sink, task: &ImageTask, leftover: Option<String>) -> Result<Start, Problem> {
    let disc = &task.medium.fingerprint;
    if leftover.is_some_and(|text| MapHeader::parse(&text).fingerprint.as_ref() != Some(disc)) {
        return Err(SinkError::NameTaken(task.paths.map.clone()).into());
    }
    let (map, header) = (SectorMap::new(planned(task)), MapHeader::new(disc));
    sink.write_map(&header.with(&map))?;
    sink.sync_folder()?;
    match sink.create() {
        // It was not there a moment ago: another worker of the same image came between.
        Err(SinkError::NameTaken(path)) => Err(Problem::Race(SinkError::Busy(path))),
        Err(other) => Err(other.into()),
        Ok(()) => {
            // A map whose image's name was lost in a power cut would mean starting over.
            sink.sync_folder()?;
            Ok(Start::Image { map, header, resumed: false })
        }
    }
}

fn resume(sink: &dyn Sink, task: &ImageTask) -> Result<Start, Problem> {
    sink.open()?;
    // Only now does nobody else write the map.
    let existing = sink.look()?;
    let Some(text) = existing.map else { return Err(SinkError::NameTaken(task.paths.part.clone()).into()) };
    let (mut map, mut header) = mapfile::take_up(&text, &task.medium.fingerprint, planned(task))?;
    if header.verify.image_matches == Some(false) {
        // Storage gave back other bytes than it was given: nothing in this file counts as read any more.
        (map, header) = (SectorMap::new(map.len()), MapHeader::new(&task.medium.fingerprint));
    }
    let len = sink.length()?;
    // A file that is shorter than its map was cut by somebody; what is gone was not read.
    let lost = len / SECTOR * SECTOR..map.len();
    for range in map.ranges(&[BlockStatus::Finished]) {
        map.set(range.start.max(lost.start)..range.end, BlockStatus::NonTried);
    }
    // What lies behind the last claimed byte was written but never claimed; it only takes space.
    let end = map.ranges(&[BlockStatus::Finished]).last().map_or(0, |range| range.end);
    if len > end {
        sink.set_len(end)?;
    }
    let header = MapHeader { fingerprint: Some(task.medium.fingerprint.clone()), ..header };
    Ok(Start::Image { map, header, resumed: true })
}

fn published(task: &ImageTask, len: u64, map: Option<String>) -> Result<Start, Interruption> {
    let taken = || Interruption::from(SinkError::NameTaken(task.paths.image.clone()));
    let planned = planned(task);
    let Some(text) = map else {
        let shortest = if task.medium.profile.class() == "cd" { planned.saturating_sub(2 * SECTOR) } else { planned };
        return if (shortest..=planned).contains(&len) && len > 0 && len.is_multiple_of(SECTOR) {
            Ok(Start::Unproven)
        } else {
            Err(taken())
        };
    };
    if MapHeader::parse(&text).fingerprint.as_ref() != Some(&task.medium.fingerprint) {
        return Err(taken());
    }
    let (map, header) = mapfile::take_up(&text, &task.medium.fingerprint, planned)?;
    let settled = map.blocks().all(|(_, status)| matches!(status, BlockStatus::Finished | BlockStatus::Bad));
    let end = run_out_start(&map, &task.medium.size, task.medium.profile).unwrap_or(planned);
    // Nothing is published before its map is settled and on disk, so anything else is not ours.
    if settled && len == end { Ok(Start::Published { map, header }) } else { Err(taken()) }
}

/// # Errors
/// [`Halt::NoSpace`] if what is left to read does not fit.
pub fn check_space(sink: &dyn Sink, map: &SectorMap) -> Result<(), Interruption> {
    match missing_space(sink, map)? {
        0 => Ok(()),
        missing => Err(Interruption::Halted(Halt::NoSpace { missing })),
    }
}

/// How many bytes more the file system would have to have free.
///
/// # Errors
/// What the sink says.
pub fn missing_space(sink: &dyn Sink, map: &SectorMap) -> Result<u64, Interruption> {
    let needed = map.len() - map.bytes(BlockStatus::Finished);
    let needed = if needed == 0 { 0 } else { needed + SPARE };
    Ok(needed.saturating_sub(sink.free_space()?))
}

fn planned(task: &ImageTask) -> u64 {
    task.medium.size.sectors * SECTOR
}
