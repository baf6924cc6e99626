//! What is missing in an image, in the terms of its owner.

use super::{protocol::ImageTask, session::Session};
use crate::domain::{
    ids::SECTOR,
    result::{BadRange, Damage, MAX_POINTS},
    sector_map::BlockStatus,
    verdict::Verdict,
};

/// The damage of a finished image; `None` if nothing is missing that should be there.
pub fn of(session: &Session<'_>, _task: &ImageTask, verdict: Verdict) -> Option<Damage> {
    if verdict.is_good() {
        return None;
    }
    let missing: Vec<_> = session.map.blocks().filter(|(_, status)| *status != BlockStatus::Finished).collect();
    let ranges = missing
        .iter()
        .map(|(range, _)| BadRange { start: range.start / SECTOR, count: range.end.div_ceil(SECTOR) - range.start / SECTOR });
    let ranges: Vec<_> = ranges.take(MAX_POINTS).collect();
    (!ranges.is_empty()).then(|| Damage { ranges, ..Damage::default() })
}
