//! READ CD and READ CD MSF: raw frames, C2 marks and sub-channels (MMC-6 sections 6.17 and 6.18).

use super::{Answer, BAD_FIELD, SoftTarget, Trouble, long, sense};
use crate::domain::disc::frame::{FRAME, FrameKind, MSF_OFFSET, kind};

/// C2 bits of a frame: one per byte.
const C2: usize = 294;

/// What of each frame is wanted.
#[derive(Debug, Clone, Copy)]
struct Fields {
    /// Expected sector type: 0 any, 1 audio, 2 mode 1, 3 mode 2 formless, 4 form 1, 5 form 2.
    expected: u8,
    /// Sync, sub-header, header, user data, EDC and ECC: the upper five bits of byte 9.
    main: u8,
    /// 0 none, 1 the C2 bits, 2 those and their sum in two bytes before.
    errors: u8,
    /// 0 none, 1 raw P to W, 2 Q in 16 bytes, 4 R to W.
    sub: u8,
}

impl SoftTarget {
    /// READ CD.
    pub(super) fn read_cd(&mut self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let count = u32::from_be_bytes([0, cdb[6], cdb[7], cdb[8]]);
        let lba = long(cdb, 2);
        // Negative addresses are the lead-in, which is not stored.
        if i32::try_from(lba).is_err() {
            return Err(sense(5, 0x21, 0));
        }
        self.read_frames(cdb, lba.into(), count.into(), data)
    }

    /// READ CD MSF: from one time up to another.
    pub(super) fn read_cd_msf(&mut self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let frames = |at: usize| (u64::from(cdb[at]) * 60 + u64::from(cdb[at + 1])) * 75 + u64::from(cdb[at + 2]);
        let (from, to) = (frames(3), frames(6));
        if from > to || cdb[4] > 59 || cdb[5] > 74 || cdb[7] > 59 || cdb[8] > 74 {
            return Err(BAD_FIELD);
        }
        self.read_frames(cdb, from.checked_sub(MSF_OFFSET).ok_or(sense(5, 0x21, 0))?, to - from, data)
    }

    fn read_frames(&mut self, cdb: &[u8; 12], start: u64, count: u64, data: &mut [u8]) -> Answer {
        let fields = Fields { expected: cdb[1] >> 2 & 7, main: cdb[9] >> 3, errors: cdb[9] >> 1 & 3, sub: cdb[10] & 7 };
        if fields.expected > 5 || fields.errors == 3 || !matches!(fields.sub, 0 | 1 | 2 | 4) {
            return Err(BAD_FIELD);
        }
        if !self.media()?.0.is_cd() {
            return Err(sense(5, 0x30, 0x02));
        }
        if count == 0 {
            return Ok(0);
        }
        self.pass(start, count)?;
        let mut written = 0;
        let mut last = start;
        for lba in start..start + count {
            if written >= data.len() {
                break;
            }
            let bytes = self.frame_bytes(lba, fields)?;
            if bytes.is_empty() {
                // Nothing of such a frame was asked for, and so of all others.
                break;
            }
            let room = &mut data[written..];
            let part = bytes.len().min(room.len());
            room[..part].copy_from_slice(&bytes[..part]);
            written += part;
            last = lba;
        }
        self.count(start, last + 1 - start)?;
        self.pace(written);
        Ok(written)
    }

    /// One frame with everything that was asked for, and with its faults.
    fn frame_bytes(&mut self, lba: u64, fields: Fields) -> Result<Vec<u8>, Trouble> {
        let (media, disc) = self.media()?;
        let mut frame = media.frame(lba)?;
        let track = media.track_at(lba).ok_or(sense(5, 0x21, 0))?;
        let jitter = disc.jitter(lba);
        if jitter > 0 && !track.kind.is_data() {
            let next = media.frame(lba + 1).unwrap_or([0; FRAME]);
            frame.copy_within(jitter.., 0);
            frame[FRAME - jitter..].copy_from_slice(&next[..jitter]);
        }
        let wrong = disc.c2_bytes(lba);
        frame[..wrong.min(FRAME)].iter_mut().for_each(|byte| *byte ^= 0xa5);
        let mut bytes = Vec::with_capacity(FRAME + C2 + 98);
        main_channel(&frame, track.kind.is_data(), fields, &mut bytes)?;
        let mut marks = [0; C2];
        for byte in 0..wrong.min(FRAME) {
            marks[byte / 8] |= 0x80 >> (byte % 8);
        }
        match fields.errors {
            1 => bytes.extend(marks),
            2 => bytes.extend([&[marks.iter().fold(0, |all, byte| all | byte), 0], marks.as_slice()].concat()),
            _ => {}
        }
        match fields.sub {
            1 => bytes.extend(media.subchannels(lba)?),
            // 10 bytes, their CRC, three zeros, and the P bit.
            2 => {
                let pause = media.subchannels(lba)?[0] & 0x80;
                bytes.extend([media.q(lba)?.as_slice(), &[0, 0, 0, pause]].concat());
            }
            4 => bytes.extend(media.subchannels(lba)?.map(|byte| byte & 0x3f)),
            _ => {}
        }
        if fields.main != 0 {
            self.spoil(lba, 1, &mut bytes, FRAME)?;
        }
        Ok(bytes)
    }
}

/// The wanted fields of a frame in their order.
fn main_channel(frame: &[u8; FRAME], is_data: bool, fields: Fields, bytes: &mut Vec<u8>) -> Result<(), Trouble> {
    let kind = if is_data { kind(frame) } else { None };
    let fits = match fields.expected {
        0 => true,
        1 => !is_data,
        2 => kind == Some(FrameKind::Mode1),
        4 => kind == Some(FrameKind::Mode2Form1),
        5 => kind == Some(FrameKind::Mode2Form2),
        _ => false,
    };
    if !fits {
        return Err(sense(5, 0x64, 0));
    }
    let wanted = |bit: u8| fields.main & bit != 0;
    if !is_data {
        // All of it is user data.
        if wanted(0x02) {
            bytes.extend(frame);
        }
        return Ok(());
    }
    // Where each field begins and ends: sync, header, sub-header, user data, EDC and ECC.
    let ends = match kind {
        Some(FrameKind::Mode2Form1) => [12, 16, 24, 2072, FRAME],
        Some(FrameKind::Mode2Form2) => [12, 16, 24, 2348, FRAME],
        _ => [12, 16, 16, 2064, FRAME],
    };
    let mut from = 0;
    // Sync, header, sub-header, user data, EDC and ECC by their bits.
    for (bit, to) in [0x10, 0x04, 0x08, 0x02, 0x01].into_iter().zip(ends) {
        if wanted(bit) {
            bytes.extend(&frame[from..to]);
        }
        from = to;
    }
    Ok(())
}
