//! READ SUB-CHANNEL: position, catalogue number, recording codes (MMC-3 section 6.24).

use super::{Answer, BAD_FIELD, SoftTarget, give, sense, short, toc::position};

/// Nothing is being played.
const NO_AUDIO_STATUS: u8 = 0x15;

impl SoftTarget {
    pub(super) fn read_subchannel(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (media, _) = self.media()?;
        if !media.is_cd() || media.tracks.is_empty() {
            return Err(sense(5, 0x30, 0x02));
        }
        let (times, wanted, format, number) = (cdb[1] & 0x02 != 0, cdb[2] & 0x40 != 0, cdb[3], cdb[6]);
        let mut content = Vec::new();
        match format {
            _ if !wanted => {}
            1 => {
                // The head rests at the start of the disc.
                let track = media.track_at(0).ok_or(BAD_FIELD)?;
                content = vec![1, 0x10 | track.control, track.number, u8::from(track.start == 0)];
                content.extend(position(0, times));
                content.extend([0; 4]);
            }
            2 => {
                content = vec![0; 20];
                content[0] = 2;
                if let Some(catalogue) = &media.catalogue_number {
                    content[4] = 0x80;
                    content[5..18].copy_from_slice(catalogue.as_bytes());
                }
            }
            3 => {
                let track = media.tracks.iter().find(|track| track.number == number).ok_or(BAD_FIELD)?;
                content = vec![0; 20];
                content[..3].copy_from_slice(&[3, 0x10 | track.control, number]);
                if let Some(isrc) = &track.isrc {
                    content[4] = 0x80;
                    content[5..17].copy_from_slice(isrc.as_bytes());
                }
            }
            _ => return Err(BAD_FIELD),
        }
        let length = u16::try_from(content.len()).unwrap_or(0).to_be_bytes();
        Ok(give(data, short(cdb, 7).into(), &[&[0, NO_AUDIO_STATUS], length.as_slice(), &content].concat()))
    }
}
