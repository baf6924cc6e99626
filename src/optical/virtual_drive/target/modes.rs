//! MODE SENSE and MODE SELECT (SPC-4 sections 6.11 to 6.14; pages of MMC-6 section 7).

use super::{Answer, SoftTarget, give, sense, short};

/// Bit of the error recovery page: corrected errors are reported.
const PER: u8 = 0x04;

impl SoftTarget {
    pub(super) fn mode_sense(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (control, wanted, small) = (cdb[2] >> 6, cdb[2] & 0x3f, cdb[0] == 0x1a);
        let pages: &[u8] = match wanted {
            0x01 | 0x0d | 0x0e | 0x2a => &[wanted],
            0x3f => &[0x01, 0x0d, 0x0e, 0x2a],
            _ => return Err(super::BAD_FIELD),
        };
        // Saving parameters is not supported.
        if control == 3 {
            return Err(sense(5, 0x39, 0));
        }
        let content: Vec<u8> = pages.iter().flat_map(|code| self.page(*code, control)).collect();
        Ok(if small {
            let length = u8::try_from(content.len() + 3).unwrap_or(u8::MAX);
            give(data, cdb[4].into(), &[&[length, 0, 0, 0], content.as_slice()].concat())
        } else {
            let length = u16::try_from(content.len() + 6).unwrap_or(u16::MAX).to_be_bytes();
            give(data, short(cdb, 7).into(), &[&[length[0], length[1], 0, 0, 0, 0, 0, 0], content.as_slice()].concat())
        })
    }

    /// One page; `control` 1 asks for what can be changed, which is PER.
    fn page(&self, code: u8, control: u8) -> Vec<u8> {
        let mut page = match code {
            // Error recovery: no flags, 16 retries.
            0x01 => vec![0x01, 10, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0],
            // CD device parameters: 60 seconds, 75 frames.
            0x0d => vec![0x0d, 6, 0, 1, 0, 60, 0, 75],
            // CD audio control: port 0 and 1 at full volume.
            0x0e => vec![0x0e, 14, 4, 0, 0, 0, 0, 75, 1, 255, 2, 255, 0, 0, 0, 0],
            _ => self.capabilities(),
        };
        match (control, code) {
            (1, 0x01) => (page[2], page[3]) = (PER, 0),
            (1, _) => page[2..].fill(0),
            (0, 0x01) if self.post_errors => page[2] = PER,
            _ => {}
        }
        page
    }

    /// CD capabilities and mechanical status, as before MMC-4: reads CD-R, CD-RW, DVD-ROM, DVD-R, DVD-RAM.
    fn capabilities(&self) -> Vec<u8> {
        let speed = 16_u16 * 1385;
        let [high, low] = speed.to_be_bytes();
        let locked = u8::from(self.store.state().locked) << 1;
        let mut page =
            vec![0x2a, 20, 0x3b, 0, 0x71, 0x7f, 0x29 | locked, 0x03, high, low, 0, 2, 2, 0, high, low, 0, 0, 0, 0, 0, 0];
        // Buffer of 512 kilobytes, two volume levels.
        (page[10], page[11], page[12], page[13]) = (0, 2, 2, 0);
        page
    }

    /// Takes the page for error recovery and passes the others over.
    pub(super) fn mode_select(&mut self, cdb: &[u8; 12], out: &[u8]) -> Answer {
        let small = cdb[0] == 0x15;
        let length = if small { usize::from(cdb[4]) } else { usize::from(short(cdb, 7)) };
        let header = if small { 4 } else { 8 };
        if length == 0 {
            return Ok(0);
        }
        let list_error = sense(5, 0x1a, 0);
        let list = out.get(..length).ok_or(list_error.clone())?;
        let blocks = match small {
            true => usize::from(*list.get(3).ok_or(list_error.clone())?),
            false => {
                usize::from(u16::from_be_bytes([list.get(6).copied().unwrap_or(0), *list.get(7).ok_or(list_error.clone())?]))
            }
        };
        let mut rest = list.get(header + blocks..).ok_or(list_error.clone())?;
        while let [code, size, content @ ..] = rest {
            let content = content.get(..usize::from(*size)).ok_or(list_error.clone())?;
            if code & 0x3f == 0x01 {
                let flags = *content.first().ok_or(sense(5, 0x26, 0))?;
                self.post_errors = flags & PER != 0;
            }
            rest = rest.get(2 + content.len()..).unwrap_or_default();
        }
        Ok(0)
    }
}
