//! Every file of an HFS or HFS+ volume.

use super::{
    btree::BTree,
    catalog::{Entry, Overflow},
    volume::{Extent, Fork, Volume},
};
use crate::filesystems::{
    listing::{Collector, MAX_DEPTH, MAX_EXTENTS, MAX_FILES, RESOURCE_FORK, clean_name, cut, join},
    reader::Bounded,
};
use std::collections::HashMap;

/// The catalogue's own number as a file.
const CATALOG: u32 = 4;
/// The root folder, and the parent that it has by definition.
const ROOT: u32 = 2;

/// Most records of the catalogue: every file and folder has one or two.
const MAX_RECORDS: usize = 4 * MAX_FILES;

/// Extents beyond a fork's first ones, by file and kind of fork, each with the block of the file at which it begins.
type Overflows = HashMap<(u32, bool), Vec<(u32, Vec<Extent>)>>;

/// Adds the files of the volume; whether there is one.
pub(in crate::filesystems) fn list(disc: &mut Bounded<'_>, collector: &mut Collector) -> bool {
    let Some(volume) = Volume::find(disc) else { return false };
    collector.next_tree();
    volume.tables.iter().for_each(|table| collector.metadata(table.clone()));
    let overflows = overflows(disc, &volume, collector);
    let extents = all_extents(&volume, &volume.catalog, CATALOG, false, &overflows, collector);
    extents.iter().filter_map(|extent| volume.place(*extent)).for_each(|place| collector.metadata(place));
    let Some(tree) = BTree::open(disc, &volume, &volume.catalog, &extents) else {
        collector.incomplete();
        return true;
    };
    let (mut folders, mut files) = (HashMap::new(), Vec::new());
    let mut records = 0;
    let is_whole = tree.leaves(disc, usize::MAX, |record| {
        records += 1;
        let entry = if volume.is_plus { Entry::plus(record) } else { Entry::plain(record) };
        match entry {
            Some(entry) if entry.is_folder => {
                folders.insert(entry.id, (entry.parent, clean_name(&entry.name)));
            }
            Some(entry) => files.push(entry),
            None => {}
        }
        files.len() + folders.len() < MAX_FILES && records < MAX_RECORDS
    });
    if !is_whole {
        collector.incomplete();
    }
    for file in files {
        if collector.is_full() {
            collector.incomplete();
            break;
        }
        let path = path(&file, &folders, collector);
        for (fork, is_resource) in [(&file.data, false), (&file.resource, true)] {
            // Every file has data, though it may be empty; few have a resource fork.
            if !is_resource || fork.size > 0 {
                let path = if is_resource { join(&path, RESOURCE_FORK) } else { path.clone() };
                let extents = all_extents(&volume, fork, file.id, is_resource, &overflows, collector);
                let mut places = extents.iter().filter_map(|extent| volume.place(*extent)).collect();
                cut(&mut places, fork.size);
                collector.file(path, fork.size, places);
            }
        }
    }
    true
}

/// Reads the tree of the extents that have no room in the catalogue.
fn overflows(disc: &mut Bounded<'_>, volume: &Volume, collector: &mut Collector) -> Overflows {
    let mut overflows = Overflows::new();
    let file = &volume.overflow;
    file.extents.iter().filter_map(|extent| volume.place(*extent)).for_each(|place| collector.metadata(place));
    let Some(tree) = BTree::open(disc, volume, file, &file.extents) else {
        collector.incomplete();
        return overflows;
    };
    let mut records = 0;
    let is_whole = tree.leaves(disc, usize::MAX, |record| {
        let found = if volume.is_plus { Overflow::plus(record) } else { Overflow::plain(record) };
        overflows.entry((found.file, found.is_resource)).or_default().push((found.start, found.extents));
        records += 1;
        records < MAX_EXTENTS
    });
    if !is_whole {
        collector.incomplete();
    }
    overflows
}

/// The extents of a fork, with those that have no room in the catalogue.
fn all_extents(
    volume: &Volume,
    fork: &Fork,
    file: u32,
    is_resource: bool,
    overflows: &Overflows,
    collector: &mut Collector,
) -> Vec<Extent> {
    let needed = fork.size.div_ceil(volume.block);
    let (mut all, mut blocks) = (fork.extents.clone(), fork.blocks());
    for (start, extents) in overflows.get(&(file, is_resource)).map(Vec::as_slice).unwrap_or_default() {
        // The tree is in the order of the file's blocks.
        if blocks >= needed || u64::from(*start) != blocks || extents.is_empty() {
            break;
        }
        all.extend(extents);
        blocks += extents.iter().map(|(_, count)| u64::from(*count)).sum::<u64>();
    }
    if blocks < needed {
        collector.incomplete();
    }
    all
}

/// Path of a file by way of its folders. A file whose folders are unknown, too many or within each other keeps what is known of it.
fn path(file: &Entry, folders: &HashMap<u32, (u32, String)>, collector: &mut Collector) -> String {
    let mut names = vec![clean_name(&file.name)];
    let mut parent = file.parent;
    while parent != ROOT {
        let Some((above, name)) = folders.get(&parent).filter(|_| names.len() <= MAX_DEPTH) else {
            collector.incomplete();
            break;
        };
        names.push(name.clone());
        parent = *above;
    }
    names.reverse();
    names.join("/")
}
