//! Sub-channels P to W of a disc: from a file, or made as the standard says (ECMA-130 section 22).

use super::{super::target::Trouble, Media, Span};
use crate::{
    domain::disc::frame::{bcd, crc16, msf},
    optical::DeviceError,
};
use std::os::unix::fs::FileExt;

/// Every how many frames the Q sub-channel tells something else than the time: at least one in a hundred.
const PERIOD: u64 = 98;
/// Frame of a period that carries the catalogue number.
const CATALOGUE: u64 = 49;
/// Frame of a period that carries the recording code.
const RECORDING: u64 = 73;

impl Media {
    /// All eight sub-channels of a sector, interleaved: each byte has one bit of each, P in the highest.
    pub(in super::super) fn subchannels(&self, lba: u64) -> Result<[u8; 96], Trouble> {
        let mut raw = [0; 96];
        if let Some(file) = &self.subchannel {
            let read = file.read_exact_at(&mut raw, lba * 96);
            return read
                .map(|()| raw)
                .map_err(|error| Trouble::Device(DeviceError::Other(format!("sub-channel of sector {lba}: {error}"))));
        }
        let (pause, q) = (self.is_pause(lba), self.made_q(lba));
        for (index, byte) in raw.iter_mut().enumerate() {
            let q = q[index / 8] >> (7 - index % 8) & 1;
            *byte = u8::from(pause) << 7 | q << 6;
        }
        Ok(raw)
    }

    /// The Q sub-channel of a sector: 10 bytes and their CRC.
    pub(in super::super) fn q(&self, lba: u64) -> Result<[u8; 12], Trouble> {
        if self.subchannel.is_none() {
            return Ok(self.made_q(lba));
        }
        let raw = self.subchannels(lba)?;
        let mut q = [0; 12];
        for (index, byte) in raw.iter().enumerate() {
            q[index / 8] |= (byte >> 6 & 1) << (7 - index % 8);
        }
        Ok(q)
    }

    fn is_pause(&self, lba: u64) -> bool {
        self.track_at(lba).is_some_and(|track| lba < track.start)
    }

    fn made_q(&self, lba: u64) -> [u8; 12] {
        let mut q = [0; 12];
        if let Some(track) = self.track_at(lba) {
            let frame = bcd(u8::try_from(lba.wrapping_add(150) % 75).unwrap_or(0));
            match (lba % PERIOD, &self.catalogue_number, &track.isrc) {
                (CATALOGUE, Some(number), _) => catalogue(&mut q, track, number, frame),
                (RECORDING, _, Some(isrc)) => recording(&mut q, track, isrc, frame),
                _ => position(&mut q, track, lba),
            }
        }
        let crc = crc16(&q[..10]);
        q[10..].copy_from_slice(&crc.to_be_bytes());
        q
    }
}

fn position(q: &mut [u8; 12], track: &Span, lba: u64) {
    let pause = lba < track.start;
    // Time counts down to 0 in a pause.
    let relative = if pause { track.start - lba } else { lba - track.start };
    // `msf` adds the two seconds before sector 0, which relative times do not have.
    let [minute, second, part] =
        [relative / 4500, relative / 75 % 60, relative % 75].map(|value| bcd(u8::try_from(value).unwrap_or(0)));
    let [abs_minute, abs_second, abs_part] = msf(lba).map(bcd);
    q[..10].copy_from_slice(&[
        track.control << 4 | 1,
        bcd(track.number),
        u8::from(!pause),
        minute,
        second,
        part,
        0,
        abs_minute,
        abs_second,
        abs_part,
    ]);
}

/// Mode 2: 13 digits of four bits each.
fn catalogue(q: &mut [u8; 12], track: &Span, number: &str, frame: u8) {
    q[0] = track.control << 4 | 2;
    for (index, digit) in number.bytes().take(13).enumerate() {
        q[1 + index / 2] |= (digit & 0x0f) << (4 - 4 * (index % 2));
    }
    q[9] = frame;
}

/// Mode 3: five characters of six bits, two bits of zeros, seven digits of four bits.
fn recording(q: &mut [u8; 12], track: &Span, isrc: &str, frame: u8) {
    q[0] = track.control << 4 | 3;
    let six = |byte: u8| u64::from(if byte.is_ascii_digit() { byte & 0x0f } else { (byte & 0x3f) + 0x10 });
    let letters = isrc.bytes().take(5).fold(0, |bits, byte| bits << 6 | six(byte));
    let digits = isrc.bytes().skip(5).take(7).fold(0_u64, |bits, byte| bits << 4 | u64::from(byte & 0x0f));
    // 30 + 2 + 28 bits, and four bits of zeros.
    let bits = (letters << 2) << 32 | digits << 4;
    q[1..9].copy_from_slice(&bits.to_be_bytes());
    q[9] = frame;
}
