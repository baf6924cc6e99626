//! READ TOC/PMA/ATIP (MMC-6 section 6.26).

use super::{Answer, BAD_FIELD, SoftTarget, give, sense, short};
use crate::{
    domain::disc::{Recording, frame::msf},
    optical::virtual_drive::media::Media,
};

/// Number of the lead-out in format 0.
const LEAD_OUT: u8 = 0xaa;

impl SoftTarget {
    pub(super) fn read_toc(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (media, disc) = self.media()?;
        if media.unreadable_toc || disc.script.unreadable_toc {
            // Unable to recover table of contents.
            return Err(sense(3, 0x57, 0));
        }
        let times = cdb[1] & 0x02 != 0;
        // Before MMC the format stood in the upper bits of the control byte.
        let format = match cdb[2] & 0x0f {
            0 => cdb[9] >> 6,
            format => format,
        };
        if media.refuse_toc_formats.contains(&format) || media.tracks.is_empty() && format < 3 {
            return Err(BAD_FIELD);
        }
        let bytes = match format {
            0 => tracks(media, cdb[6], times)?,
            1 => last_session(media, times),
            2 if media.is_cd() => full(media, cdb[6]),
            4 if media.is_cd() && media.profile.recording() != Recording::Pressed => atip(media),
            5 if media.is_cd() && !media.cd_text.is_empty() => with_length([0, 0], &media.cd_text),
            _ => return Err(BAD_FIELD),
        };
        Ok(give(data, short(cdb, 7).into(), &bytes))
    }
}

/// Two bytes of length, two of the header, and what follows.
fn with_length(header: [u8; 2], content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
    [&length, &header, content].concat()
}

/// A position as four bytes: its number, or minute, second and frame.
pub(super) fn position(lba: u64, times: bool) -> [u8; 4] {
    let [minute, second, frame] = msf(lba);
    if times { [0, minute, second, frame] } else { u32::try_from(lba).unwrap_or(u32::MAX).to_be_bytes() }
}

/// Format 0: tracks from a number on, and the lead-out.
fn tracks(media: &Media, from: u8, times: bool) -> Result<Vec<u8>, super::Trouble> {
    let last = media.tracks.last().map_or(0, |track| track.number);
    if from > last && from != LEAD_OUT {
        return Err(BAD_FIELD);
    }
    let mut content = Vec::new();
    for track in media.tracks.iter().filter(|track| track.number >= from) {
        content.extend([0, 0x10 | track.control, track.number, 0]);
        content.extend(position(track.start, times));
    }
    content.extend([0, 0x10 | media.tracks.last().map_or(0, |track| track.control), LEAD_OUT, 0]);
    content.extend(position(media.sectors, times));
    Ok(with_length([1, last], &content))
}

/// Format 1: the first track of the last session.
fn last_session(media: &Media, times: bool) -> Vec<u8> {
    let (Some(session), Some(first)) = (media.sessions.last(), media.sessions.first()) else { return with_length([1, 1], &[]) };
    let control = media.tracks.iter().find(|track| track.number == session.first).map_or(0, |track| track.control);
    let mut content = vec![0, 0x10 | control, session.first, 0];
    content.extend(position(session.start, times));
    with_length([first.number, session.number], &content)
}

/// Format 2: what the lead-ins say.
fn full(media: &Media, from: u8) -> Vec<u8> {
    let mut content = Vec::new();
    let last = media.sessions.last().map_or(1, |session| session.number);
    for session in media.sessions.iter().filter(|session| session.number >= from) {
        let control = |number: u8| media.tracks.iter().find(|track| track.number == number).map_or(0, |track| track.control);
        let mut point = |adr_control: u8, point: u8, time: [u8; 3], place: [u8; 3]| {
            content.extend([session.number, adr_control, 0, point]);
            content.extend(time);
            content.push(0);
            content.extend(place);
        };
        let first_control = 0x10 | control(session.first);
        // Disc type: 0x20 is CD-ROM XA.
        let xa = media.tracks.iter().any(|track| track.session == session.number && track.kind.is_xa());
        point(first_control, 0xa0, [0; 3], [session.first, if xa { 0x20 } else { 0 }, 0]);
        point(0x10 | control(session.last), 0xa1, [0; 3], [session.last, 0, 0]);
        point(first_control, 0xa2, [0; 3], msf(session.lead_out));
        for track in media.tracks.iter().filter(|track| track.session == session.number) {
            point(0x10 | track.control, track.number, [0; 3], msf(track.start));
        }
        if session.number < last {
            // Where the next program area may begin, and the outermost lead-out.
            let next = media.sessions.iter().find(|other| other.number == session.number + 1).map_or(0, |other| other.start);
            point(0x50 | control(session.first), 0xb0, msf(next.saturating_sub(150)), [79, 59, 74]);
        }
    }
    with_length([1, last], &content)
}

/// Format 4: the groove of a recordable disc.
fn atip(media: &Media) -> Vec<u8> {
    let mut content = [0; 24];
    let rewritable = media.profile.recording() == Recording::Rewritable;
    content[0] = 0xd0;
    content[2] = 0x80 | u8::from(rewritable) << 6;
    // Start of the lead-in 97:34:23, last possible start of the lead-out 79:59:74.
    content[4..7].copy_from_slice(&[97, 34, 23]);
    content[8..11].copy_from_slice(&[79, 59, 74]);
    with_length([0, 0], &content)
}
