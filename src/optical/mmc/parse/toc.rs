//! READ TOC/PMA/ATIP: tracks, sessions, the groove of recordable discs, CD-Text (MMC-6 section 6.26).

use super::{content, implausible, number};
use crate::{
    domain::disc::{
        MediaProfile, Session, Toc, Track,
        frame::{MSF_OFFSET, from_bcd},
    },
    optical::DeviceError,
};

/// Track number of the lead-out in a table of contents.
const LEAD_OUT: u8 = 0xaa;
/// Bytes of a CD-Text pack.
const PACK: usize = 18;

/// READ TOC/PMA/ATIP format 0: all tracks, and the lead-out of the last session; MMC-6 section 6.26.2.4.
/// All tracks are in session 1 until [`sessions`] says otherwise.
///
/// # Errors
/// [`DeviceError::Other`] without tracks or without a lead-out behind one of them.
pub fn toc(bytes: &[u8]) -> Result<Toc, DeviceError> {
    let mut tracks = Vec::new();
    let mut lead_out = None;
    for entry in content(bytes).chunks_exact(8) {
        let (Some(start), number) = (number::<4>(entry, 4), entry[2]) else { continue };
        match number {
            LEAD_OUT => lead_out = Some(start),
            1..=99 => tracks.push(Track { number, session: 1, data: entry[1] & 0x04 != 0, start, control: entry[1] & 0x0f }),
            _ => {}
        }
    }
    tracks.sort_by_key(|track| track.number);
    tracks.dedup_by_key(|track| track.number);
    match lead_out {
        Some(lead_out) if !tracks.is_empty() && tracks.iter().any(|track| track.start < lead_out) => {
            Ok(Toc { tracks, lead_out, sessions: Vec::new() })
        }
        _ => Err(implausible("table of contents", bytes)),
    }
}

/// READ TOC format 2 (raw Q sub-channel of the lead-ins): in which session each track is and where each session ends;
/// MMC-6 section 6.26.2.6. Session ends are taken over only if they agree with the tracks.
pub fn sessions(bytes: &[u8], toc: &mut Toc) {
    let entries: Vec<&[u8]> = content(bytes).chunks_exact(11).filter(|entry| (1..=99).contains(&entry[0])).collect();
    for entry in &entries {
        if let Some(track) = toc.tracks.iter_mut().find(|track| track.number == entry[3]) {
            track.session = entry[0];
        }
    }
    // Numbers are binary, and two decimal digits on some drives. The tracks' starts are known, so they tell which it is.
    let agrees = |decode: fn(&[u8]) -> Option<u64>| {
        let starts = entries.iter().filter(|entry| {
            toc.tracks.iter().any(|track| track.number == entry[3] && decode(&entry[8..11]) == Some(track.start))
        });
        starts.count()
    };
    let decode: fn(&[u8]) -> Option<u64> = if agrees(decimal) > agrees(binary) { decimal } else { binary };
    let mut found = Vec::new();
    let last = toc.tracks.iter().map(|track| track.session).max().unwrap_or(0);
    for number in 1..=last {
        let members = || toc.tracks.iter().filter(|track| track.session == number);
        let told = entries.iter().find(|entry| entry[0] == number && entry[3] == 0xa2).and_then(|entry| decode(&entry[8..11]));
        let (Some(first), Some(end), Some(lead_out)) = (members().next(), members().next_back(), told) else { return };
        let next = toc.tracks.iter().find(|track| track.session == number + 1);
        if lead_out <= end.start || lead_out > next.map_or(toc.lead_out, |next| next.start) {
            return;
        }
        found.push(Session { number, first_track: first.number, last_track: end.number, lead_out });
    }
    toc.sessions = found;
}

fn binary(time: &[u8]) -> Option<u64> {
    let [minute, second, frame] = time else { return None };
    ((u64::from(*minute) * 60 + u64::from(*second)) * 75 + u64::from(*frame)).checked_sub(MSF_OFFSET)
}

fn decimal(time: &[u8]) -> Option<u64> {
    let [minute, second, frame] = time else { return None };
    binary(&[from_bcd(*minute)?, from_bcd(*second)?, from_bcd(*frame)?])
}

/// READ TOC format 1: number of sessions, and the first track of the last one. For drives that do not know format 2: exact
/// with two sessions.
pub fn last_session(bytes: &[u8], toc: &mut Toc) {
    let (Some(last), Some(track)) = (bytes.get(3).copied(), content(bytes).get(2).copied()) else { return };
    let known = toc.tracks.iter().any(|known| known.number == track);
    if (2..=99).contains(&last) && known && track > 1 {
        toc.tracks.iter_mut().filter(|member| member.number >= track).for_each(|member| member.session = last);
    }
}

/// READ TOC format 4 (ATIP): what kind of recordable CD it is; `None` for a pressed one.
pub fn atip_profile(bytes: &[u8]) -> Option<MediaProfile> {
    let fields = content(bytes);
    // The groove's lead-in starts at minute 97 on all of them (Orange Book), which nothing else looks like.
    match (fields.get(2)?, fields.get(4)?) {
        (flags, 97 | 0x97) if flags & 0x40 != 0 => Some(MediaProfile(0x0a)),
        (_, 97 | 0x97) => Some(MediaProfile(0x09)),
        _ => None,
    }
}

/// READ TOC format 5: CD-Text packs without what is cut off at the end.
pub fn cd_text(bytes: &[u8]) -> Vec<u8> {
    let packs = content(bytes);
    packs[..packs.len() - packs.len() % PACK].to_vec()
}
