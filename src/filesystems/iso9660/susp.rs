//! System use fields (SUSP, IEEE P1281) and what Rock Ridge (RRIP, IEEE P1282) writes there: names and moved folders.

use super::{records::Record, volume::Volume};
use crate::filesystems::{
    bytes::{byte, field, le32},
    reader::Bounded,
};

/// Most continuation areas of one record.
const MAX_CONTINUATIONS: usize = 8;
/// Most bytes of a name.
const MAX_NAME: usize = 1024;

/// What the system use field of a record says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SystemUse {
    /// Alternate name, as it is stored (nearly always UTF-8).
    pub(super) name: Vec<u8>,
    /// The folder that belongs here lies elsewhere, in this logical block (it would be too deep for ISO 9660).
    pub(super) child: Option<u32>,
    /// A folder that belongs elsewhere.
    pub(super) is_moved: bool,
    /// An entry of Rock Ridge was seen.
    is_rock_ridge: bool,
    /// Bytes to skip in other fields, if the entry that makes it SUSP was there.
    skip: Option<usize>,
    /// A continuation could not be read.
    pub(super) is_cut: bool,
    /// Continuation areas: first byte on the disc and length.
    pub(super) continuations: Vec<(u64, u64)>,
}

/// Bytes to skip in each system use field, if the root folder's record of itself says that this is Rock Ridge.
pub(super) fn rock_ridge(disc: &mut Bounded<'_>, volume: &Volume, root: &Record) -> Option<usize> {
    // CD-ROM XA has its own 14 bytes first.
    [0, 14].into_iter().find_map(|start| {
        let found = read(disc, volume, root.system_use.get(start..)?);
        found.skip.filter(|_| found.is_rock_ridge)
    })
}

/// Reads a system use field with all its continuations.
pub(super) fn read(disc: &mut Bounded<'_>, volume: &Volume, area: &[u8]) -> SystemUse {
    let mut found = SystemUse::default();
    let mut next = entries(area, &mut found);
    while let Some((block, offset, length)) = next {
        let start = volume.byte_of(block).saturating_add(u64::from(offset));
        if found.continuations.len() >= MAX_CONTINUATIONS || found.continuations.contains(&(start, u64::from(length))) {
            found.is_cut = true;
            break;
        }
        found.continuations.push((start, u64::from(length)));
        let Some(area) = disc.bytes(start, usize::try_from(length).unwrap_or(0).min(4096)) else {
            found.is_cut = true;
            break;
        };
        next = entries(&area, &mut found);
    }
    found
}

/// Reads the entries of an area; the result is the continuation that it names: block, offset and length.
fn entries(area: &[u8], found: &mut SystemUse) -> Option<(u32, u32, u32)> {
    let mut at = 0;
    let mut next = None;
    loop {
        let length = usize::from(byte(area, at + 2));
        let Some(entry) = area.get(at..at + length).filter(|_| length >= 4) else { return next };
        match &entry[..2] {
            b"SP" if field(entry, 4, 2) == [0xbe, 0xef] => found.skip = Some(usize::from(byte(entry, 6))),
            b"CE" => next = Some((le32(entry, 4), le32(entry, 12), le32(entry, 20))),
            b"ST" => return next,
            b"NM" => {
                found.is_rock_ridge = true;
                // Neither the folder itself (2) nor its parent (4).
                if byte(entry, 4) & 0x06 == 0 && found.name.len() < MAX_NAME {
                    found.name.extend_from_slice(entry.get(5..).unwrap_or_default());
                }
            }
            b"CL" => found.child = Some(le32(entry, 4)),
            b"RE" => found.is_moved = true,
            b"PX" | b"RR" => found.is_rock_ridge = true,
            b"ER" => {
                let name = field(entry, 8, usize::from(byte(entry, 4)));
                found.is_rock_ridge |= name.starts_with(b"RRIP_1991A") || name.starts_with(b"IEEE_");
            }
            _ => {}
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_on_in_several_entries_and_stop_is_stop() {
        let mut found = SystemUse::default();
        let area = [&b"NM\x08\x01\x01abc"[..], b"NM\x07\x01\x00de", b"ST\x04\x01", b"NM\x06\x01\x00x"].concat();
        assert_eq!(entries(&area, &mut found), None);
        assert_eq!(found.name, b"abcde");
    }

    #[test]
    fn an_entry_of_no_length_ends_the_field() {
        let mut found = SystemUse::default();
        assert_eq!(entries(b"NM\0\x01\0\0\0\0", &mut found), None);
        assert_eq!(entries(b"NM", &mut found), None);
        assert_eq!(found, SystemUse::default());
    }
}
