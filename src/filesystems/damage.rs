//! From unreadable bytes to the files that they belong to.

use super::listing::{Listing, normalize, total};
use crate::domain::{
    ids::SECTOR,
    result::{BadRange, Damage, DamagedFile, MAX_POINTS},
};
use std::ops::Range;

/// Most bytes of all paths in a result.
const MAX_TEXT: usize = 1 << 20;

/// What the unreadable ranges of bytes `bad` (in any order) mean for the files of a disc. A byte that several files share is
/// missing in each of them.
pub fn damage(listing: &Listing, bad: &[Range<u64>]) -> Damage {
    let bad = Bad::new(bad);
    let mut files = Vec::new();
    let mut known = listing.metadata.clone();
    for file in &listing.files {
        let mut extents = file.extents.clone();
        normalize(&mut extents);
        let missing = bad.within(&extents).min(file.size);
        if missing > 0 {
            files.push(DamagedFile { path: file.path.clone(), size: file.size, missing });
        }
        // Whatever misses the damage does not matter for what is left of it.
        known.extend(extents.into_iter().filter(|extent| bad.before(extent.end) > bad.before(extent.start)));
    }
    let mut metadata = listing.metadata.clone();
    normalize(&mut metadata);
    normalize(&mut known);
    files.sort_by(|a, b| b.missing.cmp(&a.missing).then_with(|| a.path.cmp(&b.path)));
    let files_hit = files.len() as u64;
    files.truncate(shown(&files));
    Damage {
        ranges: bad.sectors(),
        files,
        files_hit,
        metadata: bad.within(&metadata),
        unused: total(&bad.ranges).saturating_sub(bad.within(&known)),
        listing_complete: listing.complete,
    }
}

/// How many of the files are kept. Paths on a hostile disc can be 64 KiB long, and a result must fit into one message.
fn shown(files: &[DamagedFile]) -> usize {
    let lengths = files.iter().scan(0_usize, |sum, file| {
        *sum += file.path.len();
        Some(*sum)
    });
    lengths.take(MAX_POINTS).take_while(|sum| *sum <= MAX_TEXT).count()
}

/// Unreadable bytes, normalized, with their number before each range.
struct Bad {
    ranges: Vec<Range<u64>>,
    sums: Vec<u64>,
}

impl Bad {
    fn new(ranges: &[Range<u64>]) -> Self {
        let mut ranges = ranges.to_vec();
        normalize(&mut ranges);
        let sums = ranges.iter().scan(0_u64, |sum, range| {
            let before = *sum;
            *sum = sum.saturating_add(range.end - range.start);
            Some(before)
        });
        Self { sums: sums.collect(), ranges }
    }

    /// Unreadable bytes before a place.
    fn before(&self, place: u64) -> u64 {
        let index = self.ranges.partition_point(|range| range.start < place);
        let Some(last) = index.checked_sub(1) else { return 0 };
        self.sums[last].saturating_add(place.min(self.ranges[last].end) - self.ranges[last].start)
    }

    /// Unreadable bytes in normalized ranges.
    fn within(&self, ranges: &[Range<u64>]) -> u64 {
        ranges.iter().fold(0, |sum, range| sum.saturating_add(self.before(range.end).saturating_sub(self.before(range.start))))
    }

    /// The sectors they are in.
    fn sectors(&self) -> Vec<BadRange> {
        let mut sectors: Vec<Range<u64>> =
            self.ranges.iter().map(|range| range.start / SECTOR..range.end.div_ceil(SECTOR)).collect();
        normalize(&mut sectors);
        let ranges = sectors.into_iter().take(MAX_POINTS);
        ranges.map(|range| BadRange { start: range.start, count: range.end - range.start }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filesystems::ListedFile;
    use proptest::prelude::*;

    /// Bytes of the disc that the property is about.
    const DISC: u64 = 9 * SECTOR;

    fn range() -> impl Strategy<Value = Range<u64>> {
        (0..DISC, 0..DISC / 3).prop_map(|(start, length)| start..(start + length).min(DISC))
    }

    fn listing() -> impl Strategy<Value = Listing> {
        let file = prop::collection::vec(range(), 0..4);
        (prop::collection::vec(file, 0..6), prop::collection::vec(range(), 0..4), any::<bool>()).prop_map(
            |(files, metadata, complete)| {
                let file =
                    |(index, extents): (usize, Vec<Range<u64>>)| ListedFile { path: index.to_string(), size: DISC, extents };
                Listing { files: files.into_iter().enumerate().map(file).collect(), metadata, complete }
            },
        )
    }

    #[test]
    fn a_result_stays_small_whatever_the_files_are_called() {
        let file = |index: u64| ListedFile {
            path: format!("{index:0>60000}"),
            size: SECTOR,
            extents: std::iter::once(index * SECTOR..(index + 1) * SECTOR).collect(),
        };
        let listing = Listing { files: (0..100).map(file).collect(), metadata: Vec::new(), complete: true };
        let whole = 0..100 * SECTOR;
        let damage = damage(&listing, std::slice::from_ref(&whole));
        assert_eq!((damage.files_hit, damage.files.len()), (100, MAX_TEXT / 60_000));
    }

    proptest! {
        #[test]
        fn damage_is_what_counting_every_byte_gives(listing in listing(), bad in prop::collection::vec(range(), 0..6)) {
            let within = |ranges: &[Range<u64>], place: u64| ranges.iter().any(|range| range.contains(&place));
            let missing = |ranges: &[Range<u64>]| (0..DISC).filter(|at| within(&bad, *at) && within(ranges, *at)).count() as u64;
            let found = damage(&listing, &bad);

            for file in &listing.files {
                let told = found.files.iter().find(|hit| hit.path == file.path).map_or(0, |hit| hit.missing);
                prop_assert_eq!(told, missing(&file.extents));
            }
            prop_assert_eq!(found.files_hit, found.files.len() as u64);
            prop_assert!(found.files.is_sorted_by(|a, b| a.missing >= b.missing));
            prop_assert_eq!(found.metadata, missing(&listing.metadata));
            let owned = |at: u64| within(&listing.metadata, at) || listing.files.iter().any(|file| within(&file.extents, at));
            prop_assert_eq!(found.unused, (0..DISC).filter(|at| within(&bad, *at) && !owned(*at)).count() as u64);
            let told = |lba: u64| found.ranges.iter().any(|range| (range.start..range.start + range.count).contains(&lba));
            for lba in 0..DISC / SECTOR {
                prop_assert_eq!(told(lba), (lba * SECTOR..(lba + 1) * SECTOR).any(|at| within(&bad, at)));
            }
            prop_assert_eq!(found.listing_complete, listing.complete);
        }

        #[test]
        fn any_numbers_are_survived(
            extents in prop::collection::vec((any::<u64>(), any::<u64>()), 0..9),
            bad in prop::collection::vec((any::<u64>(), any::<u64>()), 0..9),
            size in any::<u64>(),
        ) {
            let ranges = |numbers: Vec<(u64, u64)>| numbers.into_iter().map(|(a, b)| a..b).collect::<Vec<_>>();
            let (extents, bad) = (ranges(extents), ranges(bad));
            let file = ListedFile { path: "x".to_owned(), size, extents: extents.clone() };
            let found = damage(&Listing { files: vec![file], metadata: extents, complete: true }, &bad);
            prop_assert!(found.files.iter().all(|file| file.missing <= size));
        }
    }

    #[test]
    fn what_is_told_is_limited_but_counted() {
        let file = |index: u64| ListedFile { path: index.to_string(), size: 1, extents: vec![index * 4096..index * 4096 + 1] };
        let listing = Listing { files: (0..5000).map(file).collect(), metadata: Vec::new(), complete: true };
        let bad: Vec<Range<u64>> = (0..5000).map(|index| index * 4096..index * 4096 + 2).collect();
        let found = damage(&listing, &bad);
        assert_eq!((found.files.len(), found.ranges.len(), found.files_hit, found.unused), (MAX_POINTS, MAX_POINTS, 5000, 5000));
    }
}
