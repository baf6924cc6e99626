//! GET CONFIGURATION: what the drive can do, and with what is in it (MMC-6 sections 5.3 and 6.5).

use super::{Answer, BAD_FIELD, SoftTarget, give, short};
use crate::domain::disc::{MediaProfile, Protection};

/// Profiles that the drive knows: CD-ROM, CD-R, CD-RW, DVD-ROM, DVD-R, DVD-RAM, DVD-RW, DVD-R DL, DVD+RW, DVD+R, DVD+R DL, BD-ROM,
/// BD-R, BD-RE.
const PROFILES: [u16; 17] =
    [0x43, 0x42, 0x41, 0x40, 0x2b, 0x1b, 0x1a, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x10, 0x0a, 0x09, 0x08];

impl SoftTarget {
    /// Features from the one asked for on: all, those that apply to the medium, or that one only.
    pub(super) fn get_configuration(&mut self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (wanted, first, allocation) = (cdb[1] & 3, short(cdb, 2), usize::from(short(cdb, 7)));
        if wanted == 3 {
            return Err(BAD_FIELD);
        }
        let media = self.media().ok().map(|(media, _)| media);
        let profile = media.map_or(MediaProfile(0), |media| media.profile);
        let class = media.map_or("", |_| profile.class());
        let protection = media.and_then(|media| media.protection);
        let mut list = Vec::new();
        for known in PROFILES {
            list.extend(known.to_be_bytes());
            list.extend([u8::from(known == profile.0), 0]);
        }
        // Code, version, always there, current, content.
        let features: [(u16, u8, bool, bool, &[u8]); 12] = [
            (0x0000, 0, true, true, &list),
            // Core: ATAPI, device busy events.
            (0x0001, 2, true, true, &[0, 0, 0, 2, 1, 0, 0, 0]),
            // Removable medium: a tray that can be locked and opens and closes by command.
            (0x0003, 2, true, true, &[0x39, 0, 0, 0]),
            // Random readable: sectors of 2048 bytes, one per block, with the page for error recovery.
            (0x0010, 0, false, media.is_some(), &[0, 0, 8, 0, 0, 1, 1, 0]),
            // CD read: C2 and CD-Text.
            (0x001e, 2, false, class == "cd", &[0x03, 0, 0, 0]),
            (0x001f, 1, false, class == "dvd", &[1, 0, 1, 0]),
            (0x0040, 1, false, class == "bd", &[0; 28]),
            (0x0100, 0, true, true, &[]),
            (0x0105, 1, true, true, &[0, 0, 0, 0]),
            (0x0106, 0, false, protection == Some(Protection::Css), &[0, 0, 0, 1]),
            // Real time streaming: SET STREAMING, SET CD SPEED.
            (0x0107, 4, true, true, &[0x08, 0, 0, 0]),
            (0x010d, 2, false, protection == Some(Protection::Aacs), &[0, 1, 1, 1]),
        ];
        let mut bytes = vec![0; 8];
        bytes[6..8].copy_from_slice(&profile.0.to_be_bytes());
        for (code, version, persistent, current, content) in features {
            let asked = match wanted {
                0 => code >= first,
                1 => code >= first && current,
                _ => code == first,
            };
            if asked {
                bytes.extend(code.to_be_bytes());
                let flags = version << 2 | u8::from(persistent) << 1 | u8::from(current);
                bytes.extend([flags, u8::try_from(content.len()).unwrap_or(0)]);
                bytes.extend(content);
            }
        }
        let length = u32::try_from(bytes.len() - 4).unwrap_or(0);
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        Ok(give(data, allocation, &bytes))
    }
}
