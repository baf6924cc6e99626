//! Boot images of El Torito (specification 1.0, section 2) that no folder names.

use super::volume::Volume;
use crate::{
    domain::ids::SECTOR,
    filesystems::{
        bytes::{byte, field, le16, le32},
        listing::Collector,
        reader::Bounded,
    },
};

/// Bytes of an entry of the catalogue.
const ENTRY: usize = 32;
/// Bytes of the sectors in which it counts.
const VIRTUAL_SECTOR: u64 = 512;

/// Adds the boot catalogue and its images; those that are files already are left out.
pub(super) fn list(disc: &mut Bounded<'_>, volume: &Volume, collector: &mut Collector) {
    let Some(lba) = volume.boot_catalog.map(u64::from) else { return };
    collector.metadata(lba * SECTOR..(lba + 1) * SECTOR);
    // The validation entry begins with 1 and ends with 55 AA.
    let Some(catalog) = disc.sector(lba).filter(|sector| byte(sector, 0) == 1 && field(sector, 30, 2) == [0x55, 0xaa]) else {
        return collector.incomplete();
    };
    let mut number = 0;
    for entry in catalog.chunks_exact(ENTRY).skip(1) {
        match byte(entry, 0) {
            // Bootable or not; anything else is a header, an extension or the end.
            0x88 | 0x00 if le32(entry, 8) != 0 => {
                number += 1;
                let (start, size) = (u64::from(le32(entry, 8)) * SECTOR, size(entry));
                if !collector.has_byte(start) {
                    collector.file(format!("El Torito boot image {number}"), size, vec![start..start + size]);
                }
            }
            0x90 | 0x91 | 0x44 => {}
            _ => break,
        }
    }
}

/// Bytes of an image: of a floppy disc by its type, otherwise what is loaded.
fn size(entry: &[u8]) -> u64 {
    match byte(entry, 1) & 0x0f {
        1 => 1200 << 10,
        2 => 1440 << 10,
        3 => 2880 << 10,
        _ => u64::from(le16(entry, 6)) * VIRTUAL_SECTOR,
    }
}
