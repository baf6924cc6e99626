//! Every file of a UDF volume: file set → file entry → its data → file identifiers.

use super::{
    Found,
    descriptors::{LongAd, characters, tag},
    entry::{Entry, content},
    find,
    space::Space,
};
use crate::{
    domain::ids::SECTOR,
    filesystems::{
        bytes::{byte, field, le16},
        listing::{Collector, MAX_EXTENTS, clean_name, join},
        reader::Bounded,
    },
};
use std::collections::HashSet;

/// Most bytes of a folder: for 200,000 files with long names.
const MAX_FOLDER: usize = 64 << 20;

/// A name in a folder and what it stands for (ECMA-167 4/14.4).
pub(super) struct Identifier {
    /// As it is stored, not cleaned.
    pub(super) name: String,
    is_folder: bool,
    icb: LongAd,
}

/// A folder that is still to be listed.
struct Folder {
    icb: LongAd,
    path: String,
    depth: usize,
}

/// Adds the files of the volume; whether there is one.
pub(in crate::filesystems) fn list(
    disc: &mut Bounded<'_>,
    sectors: Option<u64>,
    session: u64,
    collector: &mut Collector,
) -> bool {
    let found = match find(disc, sectors, session) {
        Ok(found) => found,
        Err(is_announced) => {
            if is_announced {
                collector.incomplete();
            }
            return is_announced;
        }
    };
    collector.next_tree();
    tables(&found, collector);
    let Some(root) = root(disc, &found, collector) else {
        collector.incomplete();
        return true;
    };
    let mut visited = HashSet::new();
    let mut folders = vec![Folder { icb: root, path: String::new(), depth: 0 }];
    while let Some(folder) = folders.pop() {
        if collector.is_full() || disc.is_exhausted() {
            collector.incomplete();
            break;
        }
        let Some(lba) = found.space.locate(folder.icb.map, folder.icb.block) else {
            collector.incomplete();
            continue;
        };
        if visited.insert(lba) {
            list_folder(disc, &found.space, collector, &folder, lba, &mut folders);
        }
    }
    true
}

/// The volume's own tables.
fn tables(found: &Found, collector: &mut Collector) {
    let sectors = found.announced.iter().chain(&found.volume.sectors).chain([&found.anchor]);
    sectors.for_each(|lba| collector.metadata(lba * SECTOR..(lba + 1) * SECTOR));
    found.space.tables.iter().for_each(|table| collector.metadata(table.clone()));
    if let Some(logical) = &found.volume.logical {
        let start = (found.origin + u64::from(logical.integrity.0)) * SECTOR;
        collector.metadata(start..start + u64::from(logical.integrity.1));
    }
    for partition in &found.volume.partitions {
        let (length, block) = partition.bitmap;
        let start = (found.origin + u64::from(partition.start) + u64::from(block)) * SECTOR;
        collector.metadata(start..start + u64::from(length));
    }
}

/// Where the entry of the root folder is.
pub(super) fn root(disc: &mut Bounded<'_>, found: &Found, collector: &mut Collector) -> Option<LongAd> {
    let logical = found.volume.logical.as_ref().filter(|logical| u64::from(logical.block_size) == SECTOR)?;
    let lba = found.space.locate(logical.file_set.map, logical.file_set.block)?;
    let file_set = disc.sector(lba).filter(|sector| tag(sector) == Some(256))?;
    collector.metadata(lba * SECTOR..(lba + 1) * SECTOR);
    Some(LongAd::parse(&file_set, 400))
}

fn list_folder(
    disc: &mut Bounded<'_>,
    space: &Space,
    collector: &mut Collector,
    folder: &Folder,
    lba: u64,
    folders: &mut Vec<Folder>,
) {
    let Some(entry) = entry(disc, space, collector, lba, folder.icb.map) else { return };
    let sector = disc.sector(lba).unwrap_or_default();
    entry.places(space, lba).into_iter().for_each(|place| collector.metadata(place));
    let (bytes, is_whole) = content(disc, space, &entry, &sector, MAX_FOLDER);
    if !is_whole {
        collector.incomplete();
    }
    for identifier in identifiers(&bytes) {
        if collector.is_full() || disc.is_exhausted() {
            return collector.incomplete();
        }
        let name = clean_name(&identifier.name);
        if identifier.is_folder {
            let depth = folder.depth + 1;
            if let Some(path) = collector.folder(&folder.path, &name, depth) {
                folders.push(Folder { icb: identifier.icb, path, depth });
            }
            continue;
        }
        let path = join(&folder.path, &name);
        let lba = space.locate(identifier.icb.map, identifier.icb.block);
        match lba.and_then(|lba| Some((lba, self::entry(disc, space, collector, lba, identifier.icb.map)?))) {
            Some((lba, entry)) => collector.file(path, entry.length, entry.places(space, lba)),
            // Its name at least is known.
            None => {
                collector.incomplete();
                collector.file(path, 0, Vec::new());
            }
        }
    }
}

/// Reads an entry and counts it as metadata.
fn entry(disc: &mut Bounded<'_>, space: &Space, collector: &mut Collector, lba: u64, map: u16) -> Option<Entry> {
    collector.metadata(lba * SECTOR..(lba + 1) * SECTOR);
    let Some((entry, is_whole)) = Entry::read(disc, space, lba, map) else {
        collector.incomplete();
        return None;
    };
    entry.continuations.iter().for_each(|lba| collector.metadata(lba * SECTOR..(lba + 1) * SECTOR));
    let extents = match &entry.data {
        super::entry::Located::Extents(extents) => extents.len(),
        super::entry::Located::Inline(_) => 1,
    };
    if !is_whole || extents >= MAX_EXTENTS {
        collector.incomplete();
    }
    Some(entry)
}

/// The names in a folder. Where some of it could not be read, they go on at the next identifier that is whole.
pub(super) fn identifiers(folder: &[u8]) -> impl Iterator<Item = Identifier> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(rest) = folder.get(at..).filter(|rest| rest.len() >= 38) {
            if tag(rest) != Some(257) {
                at += 4;
                continue;
            }
            let (flags, length) = (byte(rest, 18), usize::from(byte(rest, 19)));
            let before = 38 + usize::from(le16(rest, 36));
            at += (before + length).next_multiple_of(4);
            // Neither deleted (4) nor the parent (8).
            if flags & 0x0c == 0 {
                let name = characters(field(rest, before, length));
                return Some(Identifier { name, is_folder: flags & 0x02 != 0, icb: LongAd::parse(rest, 20) });
            }
        }
        None
    })
}
