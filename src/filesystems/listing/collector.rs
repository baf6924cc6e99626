//! Gathers what several trees on one disc say into one listing, within bounds.

use super::{ListedFile, Listing, ranges};
use std::{collections::HashMap, ops::Range};

/// Most files in a listing.
pub(in crate::filesystems) const MAX_FILES: usize = 200_000;
/// Most folders below each other.
pub(in crate::filesystems) const MAX_DEPTH: usize = 64;
/// Most extents of one file.
pub(in crate::filesystems) const MAX_EXTENTS: usize = 100_000;
/// Most ranges of the metadata of all trees together: UDF may have one for each file.
const MAX_METADATA: usize = 600_000;
/// Most extents of all files, and most bytes of all paths: 32 MiB and 64 MiB.
const MAX_ALL_EXTENTS: usize = 1 << 21;
const MAX_TEXT: usize = 64 << 20;
/// Counted for each folder beside its path, so that their number is bounded, too.
const FOLDER_OVERHEAD: usize = 256;

/// A listing that is being made.
pub(in crate::filesystems) struct Collector {
    listing: Listing,
    extents: usize,
    text: usize,
    /// Bytes of the paths of all folders: they are kept until the folder is listed.
    folder_text: usize,
    /// Files of the trees before this one: by first byte and size, and by path.
    by_place: HashMap<(u64, u64), usize>,
    by_path: HashMap<String, usize>,
    is_first_tree: bool,
}

impl Collector {
    /// Nothing yet, and complete until somebody says otherwise.
    pub(in crate::filesystems) fn new() -> Self {
        let listing = Listing { complete: true, ..Listing::default() };
        Self {
            listing,
            extents: 0,
            text: 0,
            folder_text: 0,
            by_place: HashMap::new(),
            by_path: HashMap::new(),
            is_first_tree: true,
        }
    }

    /// Another tree follows, which may name files of the trees before it once more.
    pub(in crate::filesystems) fn next_tree(&mut self) {
        self.is_first_tree = self.listing.files.is_empty();
        let files = self.listing.files.iter().enumerate();
        self.by_place = files.clone().filter_map(|(index, file)| Some((place(file)?, index))).collect();
        self.by_path = files.map(|(index, file)| (file.path.clone(), index)).collect();
    }

    /// Whether a byte of the disc belongs to a file.
    pub(in crate::filesystems) fn has_byte(&self, byte: u64) -> bool {
        self.listing.files.iter().any(|file| file.extents.iter().any(|extent| extent.contains(&byte)))
    }

    /// Something is missing from the listing.
    pub(in crate::filesystems) fn incomplete(&mut self) {
        self.listing.complete = false;
    }

    /// Whether there is room for another file.
    pub(in crate::filesystems) fn is_full(&self) -> bool {
        self.listing.files.len() >= MAX_FILES || self.extents >= MAX_ALL_EXTENTS || self.text.max(self.folder_text) >= MAX_TEXT
    }

    /// Bytes of folders and tables.
    pub(in crate::filesystems) fn metadata(&mut self, range: Range<u64>) {
        let known = &mut self.listing.metadata;
        if let Some(last) = known.last_mut()
            && (last.start..=last.end).contains(&range.start)
        {
            last.end = last.end.max(range.end);
        } else if known.len() >= MAX_METADATA {
            self.listing.complete = false;
        } else if !range.is_empty() {
            known.push(range);
        }
    }

    /// Path of a folder that will be listed; `None` if that would be too deep or too much.
    pub(in crate::filesystems) fn folder(&mut self, parent: &str, name: &str, depth: usize) -> Option<String> {
        let path = join(parent, name);
        self.folder_text += path.len() + FOLDER_OVERHEAD;
        if depth > MAX_DEPTH || self.folder_text > MAX_TEXT {
            self.incomplete();
            return None;
        }
        Some(path)
    }

    /// A file. One that a tree before had, with the same bytes or the same path, is the same file.
    pub(in crate::filesystems) fn file(&mut self, path: String, size: u64, mut extents: Vec<Range<u64>>) {
        self.extents += extents.len();
        extents.retain(|extent| !extent.is_empty());
        merge_touching(&mut extents);
        let mut file = ListedFile { path, size, extents };
        if !self.is_first_tree {
            // Empty files have different names in different trees and cannot be damaged.
            if file.extents.is_empty() {
                return;
            }
            let same_bytes = place(&file).and_then(|place| self.by_place.get(&place));
            if same_bytes.is_some_and(|known| self.listing.files[*known].extents == file.extents) {
                return;
            }
            if let Some(known) = self.by_path.get(&file.path) {
                let known = &mut self.listing.files[*known];
                if self.extents < MAX_ALL_EXTENTS {
                    known.extents.append(&mut file.extents);
                    known.size = known.size.max(file.size);
                    ranges::normalize(&mut known.extents);
                }
                return;
            }
        }
        if self.is_full() {
            self.incomplete();
            return;
        }
        self.text += file.path.len();
        self.listing.files.push(file);
    }

    /// The listing.
    pub(in crate::filesystems) fn finish(mut self) -> Listing {
        ranges::normalize(&mut self.listing.metadata);
        self.listing
    }
}

/// A path below another, which is empty for the root.
pub(in crate::filesystems) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") }
}

/// Where a file begins, and its size.
fn place(file: &ListedFile) -> Option<(u64, u64)> {
    file.extents.first().map(|first| (first.start, file.size))
}

/// Joins extents that follow each other; files in several sections usually lie in one piece.
fn merge_touching(extents: &mut Vec<Range<u64>>) {
    extents.dedup_by(|next, before| {
        let follows = next.start == before.end;
        if follows {
            before.end = next.end;
        }
        follows
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_share_files_by_bytes_or_path() {
        let mut collector = Collector::new();
        collector.next_tree();
        collector.file("long name.txt".to_owned(), 10, vec![2048..2058]);
        collector.file("link to it".to_owned(), 10, vec![2048..2058]);
        collector.file("notes".to_owned(), 5, vec![4096..4101]);
        collector.next_tree();
        collector.file("LONGNAME.TXT".to_owned(), 10, vec![2048..2058]);
        collector.file("notes".to_owned(), 6, vec![8192..8198]);
        collector.file("NEW".to_owned(), 1, vec![9000..9001]);
        let listing = collector.finish();
        let paths: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["long name.txt", "link to it", "notes", "NEW"]);
        assert_eq!((listing.files[2].size, listing.files[2].extents.as_slice()), (6, &[4096..4101, 8192..8198][..]));
    }
}
