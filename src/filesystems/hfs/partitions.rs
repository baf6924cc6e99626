//! Where HFS may begin: at the start of the disc, or in partitions of an Apple partition map (Inside Macintosh: Devices, chapter 3)
//! or a GUID partition table (UEFI specification, section 5.3). Hybrid discs have them in the 16 sectors before ISO 9660.

use crate::filesystems::{
    bytes::{be16, be32, field, le32, le64},
    reader::Bounded,
};

/// Most entries of a partition map that are looked at.
const MAX_ENTRIES: u64 = 64;
/// Partition type of HFS+ (48465300-0000-11AA-AA11-00306543ECAC), as it is stored.
const HFS_PLUS: [u8; 16] = [0, 0x53, 0x46, 0x48, 0, 0, 0xaa, 0x11, 0xaa, 0x11, 0, 0x30, 0x65, 0x43, 0xec, 0xac];

/// First bytes of what may be HFS, each once.
pub(super) fn candidates(disc: &mut Bounded<'_>) -> Vec<u64> {
    let mut starts = vec![0];
    let Some(first) = disc.sector(0) else { return starts };
    // The driver descriptor record tells the size of the map's blocks; discs for both sizes have two maps.
    let told = u64::from(be16(&first, 2));
    let told = (field(&first, 0, 2) == b"ER" && matches!(told, 512 | 1024 | 2048)).then_some(told);
    for block in told.into_iter().chain([512, 2048]) {
        apple(disc, block, &mut starts);
    }
    for block in [512, 2048] {
        guid(disc, block, &mut starts);
    }
    starts
}

fn add(starts: &mut Vec<u64>, block: u64, size: u64) {
    if let Some(start) = block.checked_mul(size).filter(|start| !starts.contains(start)) {
        starts.push(start);
    }
}

fn apple(disc: &mut Bounded<'_>, block: u64, starts: &mut Vec<u64>) {
    let mut entries = 1;
    let mut index = 1;
    while index <= entries {
        let Some(entry) = disc.bytes(index * block, 512).filter(|entry| field(entry, 0, 2) == b"PM") else { return };
        entries = u64::from(be32(&entry, 4)).min(MAX_ENTRIES);
        if field(&entry, 48, 9) == b"Apple_HFS" {
            add(starts, u64::from(be32(&entry, 8)), block);
        }
        index += 1;
    }
}

fn guid(disc: &mut Bounded<'_>, block: u64, starts: &mut Vec<u64>) {
    let Some(header) = disc.bytes(block, 512).filter(|header| field(header, 0, 8) == b"EFI PART") else { return };
    let (table, size) = (le64(&header, 72), u64::from(le32(&header, 84)));
    if !(128..=4096).contains(&size) {
        return;
    }
    for index in 0..u64::from(le32(&header, 80)).min(MAX_ENTRIES) {
        let Some(place) = table.checked_mul(block).and_then(|start| start.checked_add(index * size)) else { return };
        let Some(entry) = disc.bytes(place, 128) else { return };
        if field(&entry, 0, 16) == HFS_PLUS {
            add(starts, le64(&entry, 32), block);
        }
    }
}
