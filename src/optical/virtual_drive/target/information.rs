//! READ DISC INFORMATION, READ TRACK INFORMATION, READ HEADER (MMC-6 sections 6.21, 6.27; MMC-3 for the last).

use super::{Answer, BAD_FIELD, SoftTarget, give, long, sense, short, toc::position};
use crate::{
    domain::disc::{DiscState, frame::msf},
    optical::virtual_drive::description::TrackKind,
};

impl SoftTarget {
    pub(super) fn disc_information(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (media, _) = self.media()?;
        if cdb[1] & 0x07 != 0 {
            return Err(BAD_FIELD);
        }
        let mut bytes = [0; 34];
        bytes[1] = 32;
        // State of the disc; the last session is complete, or empty where more can be written.
        let (disc, session) = match media.state {
            DiscState::Empty => (0, 0),
            DiscState::Appendable => (1, 0),
            DiscState::Complete => (2, 3),
            DiscState::Other => (3, 3),
        };
        let open = u8::from(media.state == DiscState::Appendable);
        let sessions = u8::try_from(media.sessions.len()).unwrap_or(99) + open;
        let last = media.tracks.last().map_or(0, |track| track.number) + open;
        let first_of_last = if open == 1 { last } else { media.sessions.last().map_or(1, |session| session.first) };
        bytes[2] = u8::from(media.erasable) << 4 | session << 2 | disc;
        bytes[3] = 1;
        bytes[4] = sessions.max(1);
        (bytes[5], bytes[6]) = (first_of_last.max(1), last.max(1));
        let xa = media.tracks.iter().any(|track| track.kind.is_xa());
        bytes[8] = if xa { 0x20 } else { 0 };
        // Lead-in of the last session and last possible start of a lead-out: unknown on discs that nobody can write on.
        let writable = matches!(media.state, DiscState::Empty | DiscState::Appendable);
        let end = if writable { msf(359_700) } else { [0xff; 3] };
        bytes[16] = if writable { 0 } else { 0xff };
        bytes[17..20].fill(if writable { 0 } else { 0xff });
        bytes[20] = if writable { 0 } else { 0xff };
        bytes[21..24].copy_from_slice(&end);
        Ok(give(data, short(cdb, 7).into(), &bytes))
    }

    pub(super) fn track_information(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (media, _) = self.media()?;
        let number = long(cdb, 2);
        let open = media.state == DiscState::Appendable || media.state == DiscState::Empty;
        let count = u32::try_from(media.tracks.len()).unwrap_or(99);
        let track = match cdb[1] & 0x03 {
            0 => media.tracks.iter().find(|track| (track.gap..track.end).contains(&number.into())),
            1 => media.tracks.iter().find(|track| u32::from(track.number) == number),
            2 => media.tracks.iter().find(|track| u32::from(track.session) == number),
            _ => return Err(BAD_FIELD),
        };
        let mut bytes = [0; 36];
        bytes[1] = 34;
        if let Some(track) = track {
            let size = u32::try_from(track.end - track.start).unwrap_or(u32::MAX);
            (bytes[2], bytes[3]) = (track.number, track.session);
            bytes[5] = track.control;
            bytes[6] = match track.kind {
                TrackKind::Audio => 0x0f,
                TrackKind::Mode1 => 0x01,
                TrackKind::Mode2Form1 | TrackKind::Mode2Form2 => 0x02,
            };
            // The last recorded address is valid.
            bytes[7] = 0x02;
            bytes[8..12].copy_from_slice(&position(track.start, false));
            bytes[24..28].copy_from_slice(&size.to_be_bytes());
            bytes[28..32].copy_from_slice(&position(track.end - 1, false));
        } else if open && cdb[1] & 0x03 == 1 && (number == 0xff || number == count + 1) {
            // The invisible track that would be written next.
            let start = media.sectors;
            (bytes[2], bytes[3]) = (u8::try_from(count + 1).unwrap_or(99), u8::try_from(media.sessions.len() + 1).unwrap_or(99));
            bytes[5] = 0x04;
            bytes[6] = 0x4f;
            // The next writable address is valid.
            bytes[7] = 0x01;
            bytes[8..12].copy_from_slice(&position(start, false));
            bytes[12..16].copy_from_slice(&position(start, false));
            let free = u32::try_from(359_700_u64.saturating_sub(start)).unwrap_or(0);
            bytes[16..20].copy_from_slice(&free.to_be_bytes());
            bytes[24..28].copy_from_slice(&free.to_be_bytes());
        } else {
            return Err(BAD_FIELD);
        }
        Ok(give(data, short(cdb, 7).into(), &bytes))
    }

    pub(super) fn read_header(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (media, _) = self.media()?;
        let lba = u64::from(long(cdb, 2));
        let track = media.track_at(lba).ok_or(sense(5, 0x21, 0))?;
        let mode = match track.kind {
            TrackKind::Audio => return Err(sense(5, 0x64, 0)),
            TrackKind::Mode1 => 1,
            TrackKind::Mode2Form1 | TrackKind::Mode2Form2 => 2,
        };
        let address = position(lba, cdb[1] & 0x02 != 0);
        Ok(give(data, short(cdb, 7).into(), &[&[mode, 0, 0, 0], address.as_slice()].concat()))
    }
}
