//! Where the pre-gap of a track begins: index 0, which the table of contents does not tell and the Q sub-channel does.

use super::{copy::deinterleave, drive::Drive, plan::Part};
use crate::{
    domain::disc::frame::{bcd, crc16},
    imaging::interrupt::Interruption,
    optical::RawLayout,
};

/// How often a frame is asked for its Q: it has a checksum and no correction.
const TRIES: u32 = 3;

/// Frames before index 1 of an audio track that are its own, and not the end of `previous`. 0 where the sub-channel does not tell.
///
/// # Errors
/// The run is over.
pub fn length(drive: &mut Drive<'_>, part: &Part, previous: &Part) -> Result<u64, Interruption> {
    let comparable = !part.track.data && !previous.track.data && part.track.session == previous.track.session;
    if !comparable || !drive.sub {
        return Ok(0);
    }
    // Between the two: the first frame that says the number of this track.
    let (mut before, mut within) = (previous.track.start, part.track.start);
    if within - before < 2 || belongs(drive, within - 1, part.track.number)? != Some(true) {
        return Ok(0);
    }
    within -= 1;
    while within - before > 1 {
        let middle = u64::midpoint(before, within);
        match belongs(drive, middle, part.track.number)? {
            Some(true) => within = middle,
            Some(false) => before = middle,
            None => return Ok(0),
        }
    }
    Ok(part.track.start - within)
}

/// Whether a frame says that it is before index 1 of the track; `None` if it says nothing that can be relied on.
fn belongs(drive: &mut Drive<'_>, lba: u64, track: u8) -> Result<Option<bool>, Interruption> {
    let mut answer = None;
    for _ in 0..TRIES {
        drive.each(lba..lba + 1, 1, RawLayout::MainSub, &mut |_, frame| {
            if let Some(sub) = frame.ok().and_then(|frame| frame.sub) {
                let channels = deinterleave(sub);
                let q = &channels[12..24];
                // Only one kind of Q tells positions; catalogue numbers and recording codes come in between.
                let sound = crc16(&q[..10]).to_be_bytes() == q[10..] && q[0] & 0x0f == 1;
                answer = sound.then_some(q[1] == bcd(track) && q[2] == 0);
            }
            Ok(())
        })?;
        if answer.is_some() {
            break;
        }
    }
    Ok(answer)
}
