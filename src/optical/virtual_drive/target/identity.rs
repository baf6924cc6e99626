//! INQUIRY and REQUEST SENSE.

use super::{Answer, BAD_FIELD, SoftTarget, Trouble, fixed_sense, give, short};
use crate::optical::{Sense, virtual_drive::drive_id};

impl SoftTarget {
    /// INQUIRY with the vital product data pages 0x00, 0x80 and 0x83 (SPC-4 section 6.6).
    pub(super) fn inquiry(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let allocation = usize::from(short(cdb, 3));
        // The name of the folder is what tells one virtual drive from another.
        let serial = drive_id(self.folder()).as_str().trim_start_matches("virtual-").to_owned();
        let page = |code: u8, content: &[u8]| [&[5, code, 0, u8::try_from(content.len()).unwrap_or(u8::MAX)], content].concat();
        Ok(match (cdb[1] & 1, cdb[2]) {
            (0, 0) => {
                let mut bytes = [b' '; 36];
                // A removable CD drive, SPC-3, 31 more bytes.
                bytes[..8].copy_from_slice(&[5, 0x80, 5, 2, 31, 0, 0, 0]);
                bytes[8..16].copy_from_slice(b"disk2iso");
                bytes[16..29].copy_from_slice(b"Virtual drive");
                let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
                for (slot, byte) in bytes[32..36].iter_mut().zip(version.bytes()) {
                    *slot = byte;
                }
                give(data, allocation, &bytes)
            }
            (1, 0x00) => give(data, allocation, &page(0, &[0x00, 0x80, 0x83])),
            (1, 0x80) => give(data, allocation, &page(0x80, serial.as_bytes())),
            (1, 0x83) => {
                // One designator: T10 vendor identification, in ASCII.
                let name = format!("disk2isoVirtual drive   {serial}");
                let designator = [&[0x02, 0x01, 0, u8::try_from(name.len()).unwrap_or(u8::MAX)], name.as_bytes()].concat();
                give(data, allocation, &page(0x83, &designator))
            }
            _ => return Err(BAD_FIELD),
        })
    }

    /// REQUEST SENSE: what the next command would be told. Sense data of the last one went with its reply.
    pub(super) fn request_sense(&mut self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let load = self.store.state().loads;
        let missing = self.media().err();
        let said = match missing {
            Some(Trouble::Sense(said)) => said,
            _ if std::mem::replace(&mut self.noticed, load) != load => Sense { key: 6, asc: 0x28, ascq: 0 },
            _ => Sense::default(),
        };
        Ok(give(data, cdb[4].into(), &fixed_sense(said)))
    }
}
