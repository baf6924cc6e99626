//! What is missing in an image, in the terms of its owner: which files.

use super::{protocol::ImageTask, reader::bytes_of, session::Session};
use crate::{
    domain::{disc::Toc, ids::SECTOR, result::Damage, sector_map::BlockStatus, verdict::Verdict},
    filesystems,
};
use std::ops::Range;

/// The damage of a finished image, from its file systems as they are stored; `None` if nothing is missing that should be there.
pub fn of(session: &mut Session<'_>, task: &ImageTask, verdict: Verdict) -> Option<Damage> {
    if verdict.is_good() {
        return None;
    }
    let first = task.first_sector;
    let missing: Vec<Range<u64>> = session
        .map
        .blocks()
        .filter(|(_, status)| *status != BlockStatus::Finished)
        .map(|(range, _)| range.start + first * SECTOR..range.end + first * SECTOR)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let last_session = if first > 0 { first } else { task.medium.toc.as_ref().and_then(Toc::last_data_session).unwrap_or(0) };
    let sectors = first + session.map.len() / SECTOR;
    // Addresses on a disc are those of the disc, also in an image of one of its tracks.
    let mut disc = |lba: u64| read(session, lba.checked_sub(first)?);
    let listing = filesystems::list(&mut disc, Some(sectors), last_session);
    let mut damage = filesystems::damage(&listing, &missing);
    for range in &mut damage.ranges {
        range.start -= first;
    }
    Some(damage)
}

/// One sector of the stored image, if it was read from the disc. A request to stop ends the listing early, and the listing says so.
fn read(session: &mut Session<'_>, sector: u64) -> Option<Vec<u8>> {
    session.reporter.alive();
    session.stop.check().ok()?;
    let start = sector.checked_mul(SECTOR)?;
    if session.map.status_at(start) != BlockStatus::Finished {
        return None;
    }
    let mut bytes = vec![0; bytes_of(1)];
    session.pipeline.sink().read_at(start, &mut bytes).ok()?;
    Some(bytes)
}
