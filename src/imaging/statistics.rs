//! What reading costs, collected while it happens: how fast each stretch of the disc was, and what the drive had trouble with.

use crate::domain::{
    ids::SECTOR,
    result::{BadRange, MAX_POINTS, ReadStatistics, SpeedPoint},
    sector_map::{BlockStatus, SectorMap},
};
use std::time::Duration;

/// A meter over a disc.
#[derive(Debug, Clone)]
pub struct Meter {
    /// Sectors of one point of the curve.
    width: u64,
    sectors: u64,
    points: Vec<Point>,
    read: u64,
    resets: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Point {
    sectors: f64,
    seconds: f64,
}

impl Meter {
    /// For a disc of so many sectors; memory is bounded whatever a disc claims.
    pub fn new(sectors: u64) -> Self {
        let width = sectors.div_ceil(MAX_POINTS as u64).max(1);
        // At most MAX_POINTS of them, which fits.
        let points = usize::try_from(sectors.div_ceil(width)).unwrap_or(MAX_POINTS).min(MAX_POINTS);
        Self { width, sectors, points: vec![Point::default(); points], read: 0, resets: 0 }
    }

    /// A request that came back: `good` if it brought its sectors. Its time is spread evenly over them.
    pub fn request(&mut self, start: u64, count: u64, took: Duration, good: bool) {
        if good {
            self.read += count;
        }
        let end = start.saturating_add(count).min(self.sectors);
        let mut position = start;
        while position < end {
            let index = position / self.width;
            let until = (index + 1).saturating_mul(self.width).min(end);
            #[allow(clippy::cast_precision_loss)]
            let (here, all) = ((until - position) as f64, count as f64);
            if let Some(point) = usize::try_from(index).ok().and_then(|index| self.points.get_mut(index)) {
                point.seconds += took.as_secs_f64() * here / all;
                point.sectors += if good { here } else { 0.0 };
            }
            position = until;
        }
    }

    /// A reset, or a command that did not come back in time.
    pub fn reset(&mut self) {
        self.resets += 1;
    }

    /// The result; what is unreadable comes from the map.
    pub fn statistics(&self, map: &SectorMap, recovered: u64) -> ReadStatistics {
        let bad: Vec<_> = bad_ranges(map).collect();
        let mut next = 0;
        let mut curve = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let start = index as u64 * self.width;
            let end = start.saturating_add(self.width).min(self.sectors);
            while bad.get(next).is_some_and(|range| range.start + range.count <= start) {
                next += 1;
            }
            let here = bad[next..].iter().take_while(|range| range.start < end);
            let bad_here = here.map(|range| end.min(range.start + range.count) - start.max(range.start)).sum();
            if point.seconds > 0.0 || bad_here > 0 {
                #[allow(clippy::cast_precision_loss)]
                let bytes = point.sectors * SECTOR as f64;
                let bytes_per_second = if point.seconds > 0.0 { bytes / point.seconds } else { 0.0 };
                curve.push(SpeedPoint { start, sectors: end - start, bytes_per_second, bad: bad_here });
            }
        }
        let unreadable = map.bytes(BlockStatus::Bad).div_ceil(SECTOR);
        ReadStatistics { sectors: self.read, recovered, unreadable, resets: self.resets, curve }
    }
}

/// Unreadable ranges in ascending order.
pub fn bad_ranges(map: &SectorMap) -> impl Iterator<Item = BadRange> + '_ {
    let bad = map.blocks().filter(|(_, status)| *status == BlockStatus::Bad);
    bad.map(|(range, _)| BadRange { start: range.start / SECTOR, count: range.end.div_ceil(SECTOR) - range.start / SECTOR })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_has_the_speed_and_the_errors_of_each_stretch() {
        let sectors = 4 * MAX_POINTS as u64;
        let mut meter = Meter::new(sectors);
        // Two points of four sectors each, read in one second.
        meter.request(0, 8, Duration::from_secs(1), true);
        meter.request(8, 4, Duration::from_secs(2), false);
        meter.reset();
        let mut map = SectorMap::new(sectors * SECTOR);
        map.set(8 * SECTOR..11 * SECTOR, BlockStatus::Bad);
        map.set(13 * SECTOR..14 * SECTOR, BlockStatus::Bad);
        let found = meter.statistics(&map, 5);
        let curve: Vec<_> = found.curve.iter().map(|p| (p.start, p.sectors, p.bytes_per_second, p.bad)).collect();
        assert_eq!(curve, [(0, 4, 16_384.0, 0), (4, 4, 16_384.0, 0), (8, 4, 0.0, 3), (12, 4, 0.0, 1)]);
        assert_eq!((found.sectors, found.recovered, found.unreadable, found.resets), (8, 5, 4, 1));
    }

    proptest::proptest! {
        #[test]
        fn no_disc_makes_it_large_and_no_request_makes_it_panic(
            sectors in proptest::prelude::any::<u64>(), start in proptest::prelude::any::<u64>(), count in 1_u64..1000,
        ) {
            let mut meter = Meter::new(sectors);
            meter.request(start, count, Duration::from_millis(1), true);
            let found = meter.statistics(&SectorMap::new(2048), 0);
            proptest::prop_assert!(meter.points.len() <= MAX_POINTS && found.curve.len() <= MAX_POINTS);
        }
    }
}
