//! The bytes of a disc's sectors, as user data and as raw frames.

use super::{
    super::target::{Trouble, sense},
    Media, Span,
};
use crate::{
    domain::{
        disc::frame::{self, FRAME, FrameKind},
        ids::SECTOR,
    },
    optical::{DeviceError, virtual_drive::description::TrackKind},
};
use std::os::unix::fs::FileExt;

/// Sub-header of made XA sectors: data, so that form 1 and form 2 differ by one bit only.
const SUB_HEADER: [u8; 4] = [0, 0, 0x08, 0];

/// Which part of a track a sector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// In the track's file, at this byte.
    Stored(u64),
    /// Silence or zeros.
    Void,
    /// Counted, and never readable.
    RunOut,
}

impl Span {
    fn part(&self, lba: u64) -> Part {
        match &self.source {
            _ if lba >= self.run_out => Part::RunOut,
            source if source.file.is_some() && lba >= source.first => Part::Stored((lba - source.first) * source.unit),
            _ => Part::Void,
        }
    }

    fn stored(&self, buffer: &mut [u8], at: u64) -> Result<(), Trouble> {
        let Some(file) = &self.source.file else { return Ok(()) };
        file.read_exact_at(buffer, at).map_err(|error| {
            let track = self.number;
            Trouble::Device(DeviceError::Other(format!(
                "track {track}, byte {at}: {error}; was its file changed while inserted?"
            )))
        })
    }

    /// One frame as it is on the disc.
    fn frame(&self, lba: u64) -> Result<[u8; FRAME], Trouble> {
        let mut frame = [0; FRAME];
        let mut data = [0; FRAME];
        match self.part(lba) {
            Part::RunOut => return Err(sense(3, 0x11, 0x05)),
            Part::Stored(at) if self.source.raw || self.kind == TrackKind::Audio => {
                self.stored(&mut frame, at)?;
                return Ok(frame);
            }
            Part::Stored(at) => self.stored(data.get_mut(..self.unit()).unwrap_or_default(), at)?,
            Part::Void => {}
        }
        let data = data.get(..self.unit()).unwrap_or_default();
        Ok(match self.kind {
            TrackKind::Audio => frame,
            TrackKind::Mode1 => frame::encode_mode1(lba, data),
            TrackKind::Mode2Form1 => frame::encode_mode2_form1(lba, SUB_HEADER, data),
            TrackKind::Mode2Form2 => frame::encode_mode2_form2(lba, SUB_HEADER, data),
        })
    }

    fn unit(&self) -> usize {
        usize::try_from(self.source.unit).unwrap_or(FRAME).min(FRAME)
    }

    /// How many of the `most` sectors from `lba` on lie one after the other in a file of user data.
    fn run(&self, lba: u64, most: u64) -> Option<(u64, u64)> {
        let plain = !self.source.raw && self.source.unit == SECTOR;
        match self.part(lba) {
            Part::Stored(at) if plain => Some((at, most.min(self.run_out - lba))),
            _ => None,
        }
    }
}

impl Media {
    /// User data of `buffer.len() / 2048` sectors, as READ(10) gives them.
    pub(in super::super) fn read(&self, start: u64, buffer: &mut [u8]) -> Result<(), Trouble> {
        let mut lba = start;
        let mut rest = buffer;
        while !rest.is_empty() {
            let track = self.track_at(lba).ok_or(sense(5, 0x21, 0))?;
            if !track.kind.is_data() {
                return Err(sense(5, 0x64, 0));
            }
            let left = (rest.len() as u64).div_ceil(SECTOR);
            let (count, bytes) = match track.run(lba, left) {
                Some((at, count)) => {
                    let bytes = usize::try_from(count * SECTOR).unwrap_or(rest.len()).min(rest.len());
                    track.stored(&mut rest[..bytes], at)?;
                    (count, bytes)
                }
                None => {
                    let frame = track.frame(lba)?;
                    let bytes = rest.len().min(SECTOR as usize);
                    match frame::kind(&frame) {
                        Some(FrameKind::Mode1 | FrameKind::Mode2Form1) if !frame::edc_ok(&frame) => {
                            return Err(sense(3, 0x11, 0x05));
                        }
                        Some(FrameKind::Mode1 | FrameKind::Mode2Form1) => {
                            rest[..bytes].copy_from_slice(&frame::user_data(&frame).unwrap_or_default()[..bytes]);
                        }
                        _ => return Err(sense(5, 0x64, 0)),
                    }
                    (1, bytes)
                }
            };
            lba += count;
            rest = &mut rest[bytes..];
        }
        Ok(())
    }

    /// One raw frame, as READ CD gives it.
    pub(in super::super) fn frame(&self, lba: u64) -> Result<[u8; FRAME], Trouble> {
        self.track_at(lba).ok_or(sense(5, 0x21, 0))?.frame(lba)
    }
}
