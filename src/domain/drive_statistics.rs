//! What a drive has done in its life, and how fast and how well it reads at which radius.

use super::{
    ids::SECTOR,
    result::{ReadStatistics, SpeedPoint},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rings that a disc is divided into.
pub const ZONES: u8 = 10;

/// Sums over a drive's life.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DriveStatistics {
    /// Media that were seen to arrive.
    pub discs: u64,
    /// Jobs that ended with a verdict.
    pub jobs: u64,
    /// Of them by verdict; every verdict is there.
    pub verdicts: BTreeMap<String, u64>,
    /// Sectors that were read.
    pub sectors: u64,
    /// Errors that the drive reported as recovered.
    pub recovered: u64,
    /// Sectors that could not be read.
    pub unreadable: u64,
    /// Resets and hangs that were noticed while reading.
    pub resets: u64,
    /// Times that the drive did not answer any more and was given up until it did.
    pub wedged: u64,
    /// Seconds of all jobs.
    pub seconds: f64,
    /// Rings of the disc by class (`cd`, `dvd`, `bd`, `other`).
    pub zones: BTreeMap<String, Vec<Zone>>,
}

/// One ring of the discs of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// Number, 0 is the innermost.
    pub zone: u8,
    /// Sectors that were read here.
    pub sectors: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Sectors that could not be read.
    pub bad: u64,
}

impl DriveStatistics {
    /// Mean length of a job in seconds, `None` before the first.
    #[allow(clippy::cast_precision_loss, reason = "a mean for people")]
    pub fn seconds_per_job(&self) -> Option<f64> {
        (self.jobs > 0).then(|| self.seconds / self.jobs as f64)
    }
}

impl Zone {
    /// Mean speed in bytes per second, `None` if nothing was read here.
    #[allow(clippy::cast_precision_loss, reason = "a mean for people")]
    pub fn bytes_per_second(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| (self.sectors.saturating_mul(SECTOR)) as f64 / self.seconds)
    }
}

/// The ring that a sector lies in. Data has the same density everywhere, so the area up to a sector grows with its number.
///
/// Radii in millimetres and sectors per layer: CD 25 to 58 (ECMA-130), 360,000 (80 minutes); DVD 24 to 58 (ECMA-267), 2,295,104;
/// BD 24 to 58, 12,219,392. A second layer is counted from the outside in, as opposite track path has it; where the layers
/// really meet on a disc is not asked, so its middle may be a ring off.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
pub fn zone_of(class: &str, sector: u64) -> u8 {
    let (inner, layer) = match class {
        "cd" => (25.0_f64, 360_000_u64),
        "bd" => (24.0, 12_219_392),
        _ => (24.0, 2_295_104),
    };
    let outer = 58.0_f64;
    let (turn, rest) = (sector / layer, sector % layer);
    let along = if class == "cd" {
        // Overburned discs go on where others end.
        sector.min(layer - 1)
    } else if turn % 2 == 0 {
        rest
    } else {
        layer - 1 - rest
    };
    let area = along as f64 / layer as f64;
    let radius = (inner * inner + area * (outer * outer - inner * inner)).sqrt();
    let ring = (radius - inner) / (outer - inner) * f64::from(ZONES);
    (ring as u8).min(ZONES - 1)
}

/// A job's curve as rings; only those that were touched.
pub fn zones(class: &str, statistics: &ReadStatistics) -> Vec<Zone> {
    let mut rings: BTreeMap<u8, Zone> = BTreeMap::new();
    for point in &statistics.curve {
        let number = zone_of(class, point.start.saturating_add(point.sectors / 2));
        let ring = rings.entry(number).or_insert(Zone { zone: number, ..Zone::default() });
        ring.bad = ring.bad.saturating_add(point.bad);
        if let Some(seconds) = seconds(point) {
            ring.sectors = ring.sectors.saturating_add(point.sectors.saturating_sub(point.bad));
            ring.seconds += seconds;
        }
    }
    rings.into_values().collect()
}

/// How long a stretch took. A speed that no drive has is no measurement.
#[allow(clippy::cast_precision_loss, reason = "a mean for people")]
fn seconds(point: &SpeedPoint) -> Option<f64> {
    let read = point.sectors.saturating_sub(point.bad).saturating_mul(SECTOR) as f64;
    let plausible = point.bytes_per_second.is_finite() && point.bytes_per_second > 0.0;
    plausible.then(|| read / point.bytes_per_second).filter(|seconds| seconds.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_grow_outwards_and_a_second_layer_comes_back() {
        assert_eq!((zone_of("cd", 0), zone_of("cd", 359_999), zone_of("cd", u64::MAX)), (0, 9, 9));
        assert_eq!((zone_of("dvd", 0), zone_of("dvd", 2_295_103)), (0, 9));
        assert_eq!((zone_of("dvd", 2_295_104), zone_of("dvd", 4_590_207)), (9, 0));
        assert_eq!((zone_of("bd", 12_219_391), zone_of("bd", u64::MAX)), (9, zone_of("bd", u64::MAX)));
        // Half of a CD's data ends at a radius of 44.7 mm, which is in the sixth ring.
        assert_eq!(zone_of("cd", 180_000), 5);
        let all: Vec<u8> = (0..360_000).step_by(1_000).map(|sector| zone_of("cd", sector)).collect();
        assert!(all.is_sorted() && (0..ZONES).all(|ring| all.contains(&ring)));
    }

    #[test]
    fn a_curve_becomes_rings_and_nonsense_is_no_speed() {
        let point = |start, bytes_per_second, bad| SpeedPoint { start, sectors: 1_000, bytes_per_second, bad };
        let curve = vec![
            point(0, 2_048_000.0, 0),
            point(1_000, 2_048_000.0, 500),
            point(350_000, f64::NAN, 1_000),
            point(351_000, 0.0, 0),
            point(352_000, -1.0, 0),
        ];
        let rings = zones("cd", &ReadStatistics { curve, ..ReadStatistics::default() });
        assert_eq!(rings.len(), 2);
        assert_eq!(rings[0], Zone { zone: 0, sectors: 1_500, seconds: 1.5, bad: 500 });
        assert_eq!(rings[0].bytes_per_second(), Some(2_048_000.0));
        assert_eq!((rings[1].sectors, rings[1].bad, rings[1].bytes_per_second()), (0, 1_000, None));
    }
}
