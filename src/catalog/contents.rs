//! Which files lie in which sectors, read from the file systems as they are stored: of a finished image, or of one that grows.

use crate::{
    domain::{
        disc::{Medium, Toc},
        ids::SECTOR,
        result::Damage,
        sector_map::{BlockStatus, SectorMap},
    },
    filesystems::{self, Listing},
};
use std::{
    fs::File,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::Path,
    time::{Duration, Instant},
};

/// A person waits for the answer, so that a hostile disc must not keep it long; what was found until then is told as a part.
const PATIENCE: Duration = Duration::from_secs(3);

/// How much is known about what lies where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Every folder was read.
    All,
    /// Some folders could not be read (yet), or the disc was too large to look through.
    Part,
    /// There is no file system that could be read (yet).
    Nothing,
}

impl Known {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Part => "part",
            Self::Nothing => "nothing",
        }
    }
}

/// A file that lies in the sectors that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Path on the disc, cleaned.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its first sector.
    pub start: u64,
}

/// What lies in some sectors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Files, in the order of their places; as many as were asked for.
    pub files: Vec<FoundFile>,
    /// Number of all of them.
    pub all: usize,
    /// Folders and tables of the file system are among it.
    pub system: bool,
}

/// What lies where on a disc.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    listing: Listing,
    /// Sectors and the index of their file, by their start, with the furthest end up to each.
    places: Vec<(Range<u64>, usize, u64)>,
}

impl Contents {
    /// Looks at an image of 2048-byte sectors. Of one that is not finished, only what the map says to be there is looked at. Blocks.
    pub fn of_image(image: &Path, map: Option<&SectorMap>, medium: Option<&Medium>) -> Self {
        let Some(file) = open(image) else { return Self::default() };
        let session = medium.and_then(|medium| medium.toc.as_ref()).and_then(Toc::last_data_session).unwrap_or(0);
        let sectors = map.map(SectorMap::len).or_else(|| file.metadata().ok().map(|meta| meta.len())).map(|len| len / SECTOR);
        let began = Instant::now();
        let mut disc = |lba: u64| {
            let start = lba.checked_mul(SECTOR)?;
            if began.elapsed() > PATIENCE || map.is_some_and(|map| map.status_at(start) != BlockStatus::Finished) {
                return None;
            }
            let mut bytes = vec![0; usize::try_from(SECTOR).ok()?];
            file.read_exact_at(&mut bytes, start).ok()?;
            Some(bytes)
        };
        let mut listing = filesystems::list(&mut disc, sectors, session);
        listing.complete &= began.elapsed() <= PATIENCE;
        Self::new(listing)
    }

    fn new(listing: Listing) -> Self {
        let sectors = |bytes: &Range<u64>| bytes.start / SECTOR..bytes.end.div_ceil(SECTOR);
        let of_file = |(index, file): (usize, &filesystems::ListedFile)| {
            file.extents.iter().map(|extent| (sectors(extent), index, 0)).collect::<Vec<_>>()
        };
        let mut places: Vec<_> = listing.files.iter().enumerate().flat_map(of_file).collect();
        places.sort_by_key(|(range, index, _)| (range.start, *index));
        let mut furthest = 0;
        for (range, _, end) in &mut places {
            furthest = range.end.max(furthest);
            *end = furthest;
        }
        Self { listing, places }
    }

    /// How much is known.
    pub fn known(&self) -> Known {
        match (self.listing.complete, self.listing.files.is_empty() && self.listing.metadata.is_empty()) {
            (true, _) => Known::All,
            (false, false) => Known::Part,
            (false, true) => Known::Nothing,
        }
    }

    /// What lies in these sectors, with at most `most` files.
    pub fn within(&self, sectors: &Range<u64>, most: usize) -> Found {
        let first = self.places.partition_point(|(_, _, furthest)| *furthest <= sectors.start);
        let mut found = Found::default();
        let mut seen = std::collections::BTreeSet::new();
        let touching = self.places[first..].iter().take_while(|(range, ..)| range.start < sectors.end);
        for (range, index, _) in touching.filter(|(range, ..)| range.end > sectors.start) {
            if !seen.insert(*index) {
                continue;
            }
            found.all += 1;
            if let Some(file) = self.listing.files.get(*index).filter(|_| found.files.len() < most) {
                found.files.push(FoundFile { path: file.path.clone(), size: file.size, start: range.start });
            }
        }
        let bytes = sectors.start.saturating_mul(SECTOR)..sectors.end.saturating_mul(SECTOR);
        let at = self.listing.metadata.partition_point(|range| range.end <= bytes.start);
        found.system = self.listing.metadata.get(at).is_some_and(|range| range.start < bytes.end);
        found
    }

    /// Files whose path has this text in it (upper and lower case are the same), by their paths: as many as asked for after the
    /// first `skip`, and the number of all of them.
    pub fn search(&self, text: &str, skip: usize, most: usize) -> (Vec<FoundFile>, usize) {
        let wanted = text.to_lowercase();
        let hit = |file: &&filesystems::ListedFile| wanted.is_empty() || file.path.to_lowercase().contains(&wanted);
        let mut files: Vec<_> = self.listing.files.iter().filter(hit).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let start = |file: &filesystems::ListedFile| file.extents.first().map_or(0, |extent| extent.start / SECTOR);
        let found = |file: &&filesystems::ListedFile| FoundFile { path: file.path.clone(), size: file.size, start: start(file) };
        (files.iter().skip(skip).take(most).map(found).collect(), files.len())
    }

    /// What these missing sectors mean for the files.
    pub fn damage(&self, missing: impl Iterator<Item = Range<u64>>) -> Damage {
        let bytes: Vec<_> = missing.map(|range| range.start.saturating_mul(SECTOR)..range.end.saturating_mul(SECTOR)).collect();
        filesystems::damage(&self.listing, &bytes)
    }
}

fn open(image: &Path) -> Option<File> {
    // What is looked at is a file and nothing that a link leads to or that waits for a writer.
    let meta = image.symlink_metadata().ok()?;
    if meta.is_file() { File::open(image).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filesystems::ListedFile;

    fn file(path: &str, sectors: &[Range<u64>]) -> ListedFile {
        let extents: Vec<_> = sectors.iter().map(|range| range.start * SECTOR..range.end * SECTOR).collect();
        let size = extents.iter().map(|extent| extent.end - extent.start).sum();
        ListedFile { path: path.to_owned(), size, extents }
    }

    fn contents() -> Contents {
        Contents::new(Listing {
            files: vec![file("LONG", &[10..100]), file("SHORT", &[20..21]), file("TWO", &[100..110, 200..210])],
            metadata: vec![2 * SECTOR..5 * SECTOR],
            complete: true,
        })
    }

    #[test]
    fn sectors_lead_to_all_files_that_touch_them() {
        let contents = contents();
        let names = |range: Range<u64>| contents.within(&range, 10).files.into_iter().map(|file| file.path).collect::<Vec<_>>();
        assert_eq!(names(20..21), ["LONG", "SHORT"]);
        assert_eq!(names(50..51), ["LONG"], "a long file that begins far before");
        assert_eq!(names(99..101), ["LONG", "TWO"]);
        assert_eq!(names(205..206), ["TWO"]);
        assert_eq!(names(0..300), ["LONG", "SHORT", "TWO"], "each once");
        assert!(names(110..200).is_empty() && names(300..u64::MAX).is_empty());
        assert!(contents.within(&(4..6), 1).system && !contents.within(&(5..6), 1).system);
        let few = contents.within(&(0..300), 1);
        assert_eq!((few.files.len(), few.all), (1, 3));
    }

    #[test]
    fn files_are_found_by_a_part_of_their_path_a_page_at_a_time() {
        let contents = contents();
        let paths = |text: &str, skip, most| {
            let (files, all) = contents.search(text, skip, most);
            (files.into_iter().map(|file| file.path).collect::<Vec<_>>().join(" "), all)
        };
        assert_eq!(paths("", 0, 2), ("LONG SHORT".to_owned(), 3));
        assert_eq!(paths("", 2, 2), ("TWO".to_owned(), 3));
        assert_eq!(paths("o", 0, 9).1, 3);
        assert_eq!(paths("hor", 0, 9), ("SHORT".to_owned(), 1));
        assert_eq!(paths("nothing", 5, 9), (String::new(), 0));
    }

    #[test]
    fn what_cannot_be_read_is_nothing_and_no_error() {
        let none = Contents::of_image(Path::new("/nowhere/at/all.iso"), None, None);
        assert_eq!((none.known(), none.within(&(0..10), 5)), (Known::Nothing, Found::default()));
        let folder = tempfile::tempdir().expect("folder");
        let empty = folder.path().join("empty.iso");
        std::fs::write(&empty, b"short").expect("file");
        assert_eq!(Contents::of_image(&empty, None, None).known(), Known::Nothing);
        assert_eq!(Contents::of_image(folder.path(), None, None).known(), Known::Nothing);
    }

    #[test]
    fn missing_sectors_are_told_by_the_names_of_their_files() {
        let damage = contents().damage([20..21_u64, 300..301].into_iter());
        let names: Vec<_> = damage.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((names, damage.unused), (vec!["LONG", "SHORT"], SECTOR));
    }
}
