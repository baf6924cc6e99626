//! Which frames of a CD go where: every track of every session, one after the other, without the gaps between sessions.

use crate::domain::disc::{PRE_GAP, Toc, Track, frame::FRAME};
use std::ops::Range;

/// Stereo samples of 4 bytes in a frame of audio.
pub const SAMPLES: i64 = 588;
/// Bytes of one stereo sample.
const SAMPLE: i64 = 4;
/// Frames that a disc can have at most: times end at 99:59:74.
const MAX_FRAMES: u64 = 100 * 60 * 75;
/// Frames at the end of a track written track-at-once that cannot be read (ddrescue manual, "Optical media").
const RUN_OUT: u64 = 2;

/// One track and what belongs to it in the image: the frames from its index 1 to the next track's index 1, which is where the table of
/// contents draws the border; the first track also has what lies before its index 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The track.
    pub track: Track,
    /// First frame.
    pub from: u64,
    /// First frame that does not belong to it any more.
    pub to: u64,
    /// Frames before it in the image.
    pub offset: u64,
    /// Frames at its end that are no loss if they cannot be read: run-out, and the pre-gap at a border between data and audio.
    pub tail: u64,
    /// First frame in front of it that may hold audio of it when a drive has a read offset.
    reach_from: u64,
    /// First frame behind it that certainly does not.
    reach_to: u64,
}

/// All tracks of a disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In the order of the disc.
    pub parts: Vec<Part>,
    /// Frames of all of them.
    pub frames: u64,
}

impl Plan {
    /// Plans the image of a disc with this table of contents.
    ///
    /// # Errors
    /// Why the table cannot be true: such discs exist on purpose (copy protection), and nothing is guessed about them.
    pub fn new(toc: &Toc) -> Result<Self, String> {
        let tracks = &toc.tracks;
        if tracks.is_empty() || tracks.len() > 99 {
            return Err(format!("the table of contents has {} tracks", tracks.len()));
        }
        if toc.lead_out > MAX_FRAMES {
            return Err(format!("the lead-out at {} is behind the end of every disc", toc.lead_out));
        }
        let mut parts: Vec<Part> = Vec::with_capacity(tracks.len());
        let mut offset = 0;
        for (index, track) in tracks.iter().enumerate() {
            let from = if index == 0 && !track.data { 0 } else { track.start };
            let to = toc.track_end(track);
            let after = tracks.get(index + 1);
            let ordered = after.is_none_or(|next| next.start > track.start && next.number > track.number);
            if !ordered || to <= track.start || to > toc.lead_out || after.is_some_and(|next| to > next.start) {
                return Err(format!("track {} begins at {} and would end at {to}", track.number, track.start));
            }
            let previous = index.checked_sub(1).map(|index| &tracks[index]).filter(|other| other.session == track.session);
            let next = after.filter(|other| other.session == track.session);
            parts.push(Part {
                track: *track,
                from,
                to,
                offset,
                tail: tail(track, next),
                reach_from: reach_back(track, previous, from),
                reach_to: next.map_or(if after.is_none() { to + 10 } else { to }, |next| if next.data { to } else { to + 10 }),
            });
            offset += to - from;
        }
        Ok(Self { parts, frames: offset })
    }

    /// Up to `count` frames at the other end of the disc than `near`: reading them fills a drive's cache with something else.
    pub fn far_from(&self, near: u64, count: u64) -> Range<u64> {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else { return 0..0 };
        if near > u64::midpoint(first.from, last.to) {
            first.from..(first.from + count).min(first.to).min(near)
        } else {
            last.to.saturating_sub(count).max(last.from).max(near + 1).min(last.to)..last.to
        }
    }
}

/// At the end of a data track, up to two run-out frames; where the kind changes within a session also the pre-gap.
fn tail(track: &Track, next: Option<&Track>) -> u64 {
    match next {
        Some(next) if next.data != track.data => PRE_GAP + RUN_OUT,
        None if track.data => RUN_OUT,
        _ => 0,
    }
}

fn reach_back(track: &Track, previous: Option<&Track>, from: u64) -> u64 {
    match previous {
        Some(previous) if !track.data && previous.data => from.saturating_sub(PRE_GAP).max(previous.start + 1),
        Some(_) if !track.data => from.saturating_sub(10),
        _ => from,
    }
}

impl Part {
    /// Number of frames.
    pub fn frames(&self) -> u64 {
        self.to - self.from
    }

    /// Bytes that it takes in the image.
    pub fn bytes(&self) -> Range<u64> {
        self.offset * FRAME as u64..(self.offset + self.frames()) * FRAME as u64
    }

    /// Frames to read for it with a drive that reads audio `read_offset` samples too late. May begin before the disc.
    pub fn raw(&self, read_offset: i32) -> Range<i64> {
        self.raw_of(self.from..self.to, read_offset)
    }

    /// The same for some of its frames.
    pub fn raw_of(&self, frames: Range<u64>, read_offset: i32) -> Range<i64> {
        let shift = self.shift(read_offset);
        let first = (signed(frames.start) * SAMPLES + shift).div_euclid(SAMPLES);
        let last = (signed(frames.end) * SAMPLES + shift + SAMPLES - 1).div_euclid(SAMPLES);
        first..last
    }

    /// Where a frame from the drive goes: its place in the image, and which of its bytes belong there.
    pub fn place(&self, frame: i64, read_offset: i32) -> Option<(u64, Range<usize>)> {
        let at = ((frame - signed(self.from)) * SAMPLES - self.shift(read_offset)) * SAMPLE;
        let (low, high) = (at.max(0), (at + SAMPLES * SAMPLE).min(signed(self.frames()) * FRAME as i64));
        let cut = usize::try_from(low - at).ok()?..usize::try_from(high - at).ok()?;
        (low < high).then_some(())?;
        Some((self.bytes().start + u64::try_from(low).ok()?, cut))
    }

    /// Whether a frame that [`raw`](Self::raw) asks for can be had: not before the disc, not from a gap or a neighbour of another kind.
    pub fn reachable(&self, frame: i64) -> bool {
        u64::try_from(frame).is_ok_and(|frame| (self.reach_from..self.reach_to).contains(&frame))
    }

    /// Whether a frame is the part's own, so that it counts if it cannot be read.
    pub fn owns(&self, frame: i64) -> bool {
        u64::try_from(frame).is_ok_and(|frame| (self.from..self.to).contains(&frame))
    }

    /// Whether a frame lies where unreadable frames are no loss.
    pub fn in_tail(&self, frame: u64) -> bool {
        (self.to.saturating_sub(self.tail).max(self.from)..self.to).contains(&frame)
    }

    fn shift(&self, read_offset: i32) -> i64 {
        if self.track.data { 0 } else { i64::from(read_offset) }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn toc(tracks: Vec<Track>, lead_out: u64) -> Toc {
        Toc { tracks, lead_out, sessions: Vec::new() }
    }

    #[test]
    fn the_gap_between_sessions_is_not_in_the_image() {
        let toc = toc(vec![Track::audio(1, 1, 32), Track::audio(2, 1, 1000), Track::data(3, 2, 20_000)], 20_500);
        let plan = Plan::new(&toc).unwrap();
        let of = |part: &Part| (part.from, part.to, part.offset, part.tail);
        assert_eq!(
            plan.parts.iter().map(of).collect::<Vec<_>>(),
            [(0, 1000, 0, 0), (1000, 8600, 1000, 0), (20_000, 20_500, 8600, 2)]
        );
        assert_eq!(plan.frames, 9100);
        assert!(plan.parts[1].reachable(8599) && !plan.parts[1].reachable(8600), "nothing is read in the gap");
    }

    #[test]
    fn tables_that_contradict_themselves_are_refused() {
        for (tracks, lead_out) in [
            (vec![], 100),
            (vec![Track::audio(1, 1, 100)], 100),
            (vec![Track::audio(1, 1, 0), Track::audio(2, 1, 0)], 100),
            (vec![Track::audio(2, 1, 0), Track::audio(1, 1, 50)], 100),
            (vec![Track::audio(1, 1, 0), Track::data(2, 2, 500)], 400),
            (vec![Track::audio(1, 1, 0)], u64::MAX),
            (vec![Track::audio(1, 1, 5000), Track::data(2, 2, 6000)], 9000),
        ] {
            assert!(Plan::new(&toc(tracks.clone(), lead_out)).is_err(), "{tracks:?}");
        }
    }

    proptest! {
        /// Whatever the offset, the frames read for a part fill it exactly, without overlap.
        #[test]
        fn frames_fill_their_part(from in 0_u64..50, len in 1_u64..40, offset in -5_880_i32..=5_880) {
            let toc = toc(vec![Track::audio(1, 1, 0), Track::audio(2, 1, 60 + from), Track::audio(3, 1, 60 + from + len)], 200);
            let part = Plan::new(&toc).unwrap().parts[1];
            let mut position = part.bytes().start;
            for frame in part.raw(offset) {
                let (at, cut) = part.place(frame, offset).unwrap();
                prop_assert_eq!(at, position);
                position += cut.len() as u64;
            }
            prop_assert_eq!(position, part.bytes().end);
        }
    }
}
