//! Every file of an ISO 9660 volume, by its best names.

use super::{
    boot, plain_name,
    records::{Record, records},
    susp::{self, SystemUse},
    volume::{Tree, Volume},
};
use crate::{
    domain::ids::SECTOR,
    filesystems::{
        bytes::{latin1, utf16_be},
        listing::{Collector, MAX_EXTENTS, RESOURCE_FORK, clean_name, join},
        reader::Bounded,
    },
};
use std::{collections::HashSet, ops::Range};

/// Where a tree's names are.
#[derive(Debug, Clone, Copy)]
enum Names {
    /// In system use fields, after so many bytes.
    RockRidge(usize),
    /// In the identifiers, big-endian UTF-16.
    Joliet,
    /// In the identifiers, with versions.
    Plain,
}

/// A folder that is still to be listed.
struct Folder {
    /// First byte on the disc and length in bytes; a moved folder says its length itself.
    start: u64,
    length: Option<u32>,
    path: String,
    depth: usize,
}

/// A file whose sections are being gathered.
struct File {
    name: Vec<u8>,
    path: String,
    size: u64,
    extents: Vec<Range<u64>>,
}

/// Adds the files of the session that starts at `session`; whether there is such a file system.
pub(in crate::filesystems) fn list(
    disc: &mut Bounded<'_>,
    sectors: Option<u64>,
    session: u64,
    collector: &mut Collector,
) -> bool {
    let volume = Volume::read(disc, session).or_else(|| (session != 0).then(|| Volume::read(disc, 0)).flatten());
    let Some(volume) = volume else { return false };
    collector.metadata(volume.descriptors.clone());
    let primary = (&volume.primary, volume.rock_ridge.map_or(Names::Plain, Names::RockRidge));
    let joliet = volume.joliet.as_ref().map(|tree| (tree, Names::Joliet));
    // The tree with the better names first. The other one may have files that are hidden in this one.
    let trees = if volume.rock_ridge.is_some() { [Some(primary), joliet] } else { [joliet, Some(primary)] };
    for (tree, names) in trees.into_iter().flatten() {
        collector.next_tree();
        path_tables(&volume, tree, collector);
        let end = sectors.map(|sectors| sectors.saturating_mul(SECTOR));
        Walk { disc, volume: &volume, collector, names, end, visited: HashSet::new(), folders: Vec::new() }.walk(tree);
    }
    boot::list(disc, &volume, collector);
    true
}

fn path_tables(volume: &Volume, tree: &Tree, collector: &mut Collector) {
    for block in tree.path_tables.into_iter().filter(|block| *block != 0) {
        let start = volume.byte_of(block);
        collector.metadata(start..start.saturating_add(u64::from(tree.path_table_size)));
    }
}

struct Walk<'a, 'b> {
    disc: &'a mut Bounded<'b>,
    volume: &'a Volume,
    collector: &'a mut Collector,
    names: Names,
    /// Bytes on the disc, if known.
    end: Option<u64>,
    /// First bytes of folders that were listed: a folder is listed once, even if it contains itself.
    visited: HashSet<u64>,
    folders: Vec<Folder>,
}

impl Walk<'_, '_> {
    fn walk(mut self, tree: &Tree) {
        let start = self.volume.byte_of(tree.root.data_block());
        self.folders.push(Folder { start, length: Some(tree.root.length), path: String::new(), depth: 0 });
        while let Some(folder) = self.folders.pop() {
            if self.collector.is_full() || self.disc.is_exhausted() {
                self.collector.incomplete();
                return;
            }
            if self.visited.insert(folder.start) {
                self.folder(&folder);
            }
        }
    }

    fn folder(&mut self, folder: &Folder) {
        let length = folder.length.or_else(|| self.own_length(folder.start));
        let Some(length) = length.map(u64::from) else { return self.collector.incomplete() };
        self.collector.metadata(folder.start..folder.start.saturating_add(length));
        let mut file = None;
        for offset in (0..length).step_by(SECTOR as usize) {
            let at = folder.start.saturating_add(offset);
            if self.end.is_some_and(|end| at >= end) || self.disc.is_exhausted() || self.collector.is_full() {
                self.collector.incomplete();
                break;
            }
            match self.disc.bytes(at, (length - offset).min(SECTOR) as usize) {
                Some(sector) => records(&sector).for_each(|record| self.record(folder, record, &mut file)),
                None => self.collector.incomplete(),
            }
        }
        // Its last section was not there.
        if let Some(file) = file {
            self.collector.incomplete();
            self.finish(file);
        }
    }

    /// Length of a folder by its record of itself.
    fn own_length(&mut self, start: u64) -> Option<u32> {
        let sector = self.disc.bytes(start, SECTOR as usize)?;
        records(&sector).next().filter(|record| record.name == [0] && record.is_folder()).map(|record| record.length)
    }

    fn record(&mut self, folder: &Folder, record: Record, file: &mut Option<File>) {
        if record.is_dot() {
            return;
        }
        let system_use = self.system_use(&record);
        if system_use.is_moved {
            return;
        }
        let name = clean_name(&self.name(&record, &system_use));
        if system_use.child.is_some() || record.is_folder() {
            let depth = folder.depth + 1;
            let Some(path) = self.collector.folder(&folder.path, &name, depth) else { return };
            let (start, length) = match system_use.child {
                Some(block) => (self.volume.byte_of(block), None),
                None => (self.volume.byte_of(record.data_block()), Some(record.length)),
            };
            self.folders.push(Folder { start, length, path, depth });
            return;
        }
        let fork = if record.is_associated() { format!("{name}/{RESOURCE_FORK}") } else { name };
        self.section(&record, join(&folder.path, &fork), file);
    }

    /// Adds a section to the file that is being gathered, or begins the next.
    fn section(&mut self, record: &Record, path: String, file: &mut Option<File>) {
        if file.as_ref().is_some_and(|file| file.name != record.name || file.extents.len() >= MAX_EXTENTS)
            && let Some(other) = file.take()
        {
            self.collector.incomplete();
            self.finish(other);
        }
        let gathered = file.get_or_insert_with(|| File { name: record.name.clone(), path, size: 0, extents: Vec::new() });
        let start = self.volume.byte_of(record.data_block());
        gathered.extents.push(start..start.saturating_add(record.span(self.volume.block)));
        gathered.size += u64::from(record.length);
        if !record.goes_on()
            && let Some(file) = file.take()
        {
            self.finish(file);
        }
    }

    fn finish(&mut self, file: File) {
        self.collector.file(file.path, file.size, file.extents);
    }

    fn system_use(&mut self, record: &Record) -> SystemUse {
        let Names::RockRidge(skip) = self.names else { return SystemUse::default() };
        let area = record.system_use.get(skip..).unwrap_or_default();
        let found = susp::read(self.disc, self.volume, area);
        if found.is_cut {
            self.collector.incomplete();
        }
        for (start, length) in &found.continuations {
            self.collector.metadata(*start..start.saturating_add(*length));
        }
        found
    }

    fn name(&self, record: &Record, system_use: &SystemUse) -> String {
        match self.names {
            Names::Joliet => {
                let name = utf16_be(&record.name);
                name.split(';').next().unwrap_or_default().to_owned()
            }
            Names::RockRidge(_) if !system_use.name.is_empty() => {
                String::from_utf8(system_use.name.clone()).unwrap_or_else(|error| latin1(error.as_bytes()))
            }
            Names::RockRidge(_) | Names::Plain => plain_name(&record.name),
        }
    }
}
