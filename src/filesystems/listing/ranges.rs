//! Sets of bytes as ranges.

use std::ops::Range;

/// Ascending, without empty, overlapping or touching ranges.
pub(in crate::filesystems) fn normalize(ranges: &mut Vec<Range<u64>>) {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, before| {
        let touches = next.start <= before.end;
        if touches {
            before.end = before.end.max(next.end);
        }
        touches
    });
}

/// Bytes in normalized ranges.
pub(in crate::filesystems) fn total(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().fold(0, |sum, range| sum.saturating_add(range.end.saturating_sub(range.start)))
}

/// The first `length` bytes of ranges, in their order.
pub(in crate::filesystems) fn cut(ranges: &mut Vec<Range<u64>>, length: u64) {
    let mut left = length;
    ranges.retain_mut(|range| {
        let bytes = range.end.saturating_sub(range.start).min(left);
        range.end = range.start.saturating_add(bytes);
        left -= bytes;
        bytes > 0
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_a_set() {
        let mut ranges = vec![30..40, 0..10, 5..12, 12..20, 50..50, 35..36];
        normalize(&mut ranges);
        assert_eq!(ranges, [0..20, 30..40]);
        assert_eq!(total(&ranges), 30);
    }

    #[test]
    fn the_last_sector_of_a_file_is_not_all_its_own() {
        let mut ranges = vec![4096..8192, 0..2048, 9000..9001];
        cut(&mut ranges, 5000);
        assert_eq!(ranges, [4096..8192, 0..904]);
    }
}
