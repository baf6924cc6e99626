//! Every file on a disc and where its bytes are: what turns unreadable sectors into names.

mod collector;
mod names;
mod ranges;

pub(super) use collector::{Collector, MAX_DEPTH, MAX_EXTENTS, MAX_FILES, join};
pub(super) use names::clean_name;
pub(super) use ranges::{cut, normalize, total};

use super::{
    ReadSectors, hfs, iso9660, plausible,
    reader::{Bounded, Patience},
    udf,
};
use std::ops::Range;

/// Appended to the path of a file for its resource fork, which HFS keeps apart (macOS uses the same path).
pub(super) const RESOURCE_FORK: &str = "..namedfork/rsrc";

/// A file on a disc.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedFile {
    /// Path without leading `/`; its parts are cleaned.
    pub path: String,
    /// Size in bytes, as its folder says.
    pub size: u64,
    /// Where its bytes are on the disc, in their order, as ranges of bytes. Holes of sparse files have none.
    pub extents: Vec<Range<u64>>,
}

/// All files on a disc.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Each once, however many trees name it: by UDF's name, then by ISO 9660's, then by HFS'. Hard links within a tree are
    /// files of their own with the same extents. At most 200,000.
    pub files: Vec<ListedFile>,
    /// Bytes of folders and tables, ascending and without overlaps.
    pub metadata: Vec<Range<u64>>,
    /// Whether there was a file system and all of it could be read: otherwise there may be more files.
    pub complete: bool,
}

/// Lists the files of the session that starts at sector `session`, of all file systems there. `sectors` is the disc's size if known.
/// Reads at most 1,000,000 sectors; an unreadable folder only makes the listing incomplete.
pub fn list(disc: &mut dyn ReadSectors, sectors: Option<u64>, session: u64) -> Listing {
    let (sectors, session) = plausible(sectors, session);
    let mut reader = Bounded::new(disc, Patience::LIST);
    let mut collector = Collector::new();
    let found = [
        udf::list(&mut reader, sectors, session, &mut collector),
        iso9660::list(&mut reader, sectors, session, &mut collector),
        hfs::list(&mut reader, &mut collector),
    ];
    if !found.contains(&true) || reader.is_exhausted() {
        collector.incomplete();
    }
    collector.finish()
}
