//! Radii: the area up to a sector grows with its number.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places in a drawing; sectors of a disc have 32 bits"
)]

use crate::domain::picture::Picture;
use std::ops::Range;

/// Inner and outer radius of the recorded area in millimetres (ECMA-130, ECMA-267, Blu-ray white paper), and sectors of a layer.
fn medium(class: &str) -> (f64, f64, u64) {
    match class {
        "cd" => (25.0, 58.0, 360_000),
        "bd" => (24.0, 58.0, 12_219_392),
        _ => (24.0, 58.0, 2_295_104),
    }
}

/// Where the sectors of a disc lie in a drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    /// Radius at which the recording begins.
    pub hub: f64,
    /// Radius at which the longest layer ends.
    pub rim: f64,
    layers: Vec<Range<u64>>,
}

impl Geometry {
    /// The recorded area of a disc, drawn so that it ends at `rim`.
    pub fn new(picture: &Picture, rim: f64) -> Self {
        let (inner, outer, _) = medium(picture.class);
        let ends = picture.layers.iter().skip(1).copied().chain([picture.sectors]);
        let layers = picture.layers.iter().copied().zip(ends).map(|(start, end)| start..end.max(start)).collect();
        Self { hub: rim * inner / outer, rim, layers }
    }

    /// Layers, at least one.
    pub fn layers(&self) -> usize {
        self.layers.len().max(1)
    }

    /// Sectors of the longest layer.
    fn longest(&self) -> f64 {
        self.layers.iter().map(|layer| layer.end - layer.start).max().unwrap_or(0).max(1) as f64
    }

    /// Layer and radius of a sector.
    pub fn place(&self, sector: u64) -> (usize, f64) {
        let layer = self.layers.iter().rposition(|layer| layer.start <= sector).unwrap_or(0);
        let along = sector.saturating_sub(self.layers.get(layer).map_or(0, |layer| layer.start)) as f64 / self.longest();
        // Every second layer is read from the rim inwards (opposite track path).
        let share = if layer.is_multiple_of(2) { along } else { 1.0 - along };
        (layer, self.radius(share.clamp(0.0, 1.0)))
    }

    fn radius(&self, share: f64) -> f64 {
        (self.hub * self.hub + share * (self.rim * self.rim - self.hub * self.hub)).sqrt()
    }

    /// Sectors of a layer between two radii.
    pub fn sectors(&self, layer: usize, inner: f64, outer: f64) -> Range<u64> {
        let Some(range) = self.layers.get(layer) else { return 0..0 };
        let share = |radius: f64| {
            let area = (radius * radius - self.hub * self.hub) / (self.rim * self.rim - self.hub * self.hub);
            area.clamp(0.0, 1.0)
        };
        let (from, to) =
            if layer.is_multiple_of(2) { (share(inner), share(outer)) } else { (1.0 - share(outer), 1.0 - share(inner)) };
        let at = |share: f64| range.start.saturating_add((share * self.longest()).round() as u64).min(range.end);
        at(from)..at(to)
    }

    /// First and last angle of a layer's wedge, in degrees clockwise from the top.
    pub fn wedge(&self, layer: usize) -> (f64, f64) {
        let each = 360.0 / self.layers() as f64;
        (each * layer as f64, each * (layer + 1) as f64)
    }
}

/// How far from the centre of a real disc a sector lies, in millimetres: where to look for a scratch.
pub fn millimetres(picture: &Picture, sector: u64) -> f64 {
    let (inner, outer, full) = medium(picture.class);
    let starts = &picture.layers;
    let layer = starts.iter().rposition(|start| *start <= sector).unwrap_or(0);
    let along = sector - starts.get(layer).copied().unwrap_or(0).min(sector);
    // The second layer goes back from where the first one ended.
    let from_hub = if layer.is_multiple_of(2) { along } else { starts[1].saturating_sub(along) };
    let share = (from_hub as f64 / full as f64).clamp(0.0, 1.0);
    (inner * inner + share * (outer * outer - inner * inner)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(sectors: u64, layers: Vec<u64>, class: &'static str) -> Picture {
        Picture::part(sectors, sectors).shaped(layers, class)
    }

    #[test]
    fn equal_numbers_of_sectors_cover_equal_areas() {
        let geometry = Geometry::new(&disc(330_000, vec![0], "cd"), 190.0);
        let area = |from: u64, to: u64| geometry.place(to).1.powi(2) - geometry.place(from).1.powi(2);
        let first = area(0, 33_000);
        for step in 1..10 {
            let other = area(step * 33_000, (step + 1) * 33_000);
            assert!((other - first).abs() < 1e-6, "{step}: {other} against {first}");
        }
        assert!((geometry.place(0).1 - geometry.hub).abs() < 1e-9 && (geometry.place(330_000).1 - 190.0).abs() < 1e-9);
        assert!((geometry.hub / geometry.rim - 25.0 / 58.0).abs() < 1e-9, "the hub of a CD");
    }

    #[test]
    fn radii_lead_back_to_the_same_sectors_without_a_gap() {
        for layers in [vec![0], vec![0, 2_000_000]] {
            let picture = disc(3_900_000, layers, "dvd");
            let geometry = Geometry::new(&picture, 190.0);
            let steps = 100;
            let radius = |step: i32| geometry.hub + (geometry.rim - geometry.hub) * f64::from(step) / f64::from(steps);
            let mut seen = 0;
            for layer in 0..geometry.layers() {
                seen += (0..steps)
                    .map(|step| geometry.sectors(layer, radius(step), radius(step + 1)))
                    .map(|range| range.end - range.start)
                    .sum::<u64>();
            }
            assert_eq!(seen, 3_900_000);
        }
    }

    #[test]
    fn a_second_layer_comes_back_from_the_rim_and_lies_over_the_first() {
        let geometry = Geometry::new(&disc(4_000_000, vec![0, 2_000_000], "dvd"), 190.0);
        assert_eq!((geometry.place(1_999_999).0, geometry.place(2_000_000).0), (0, 1));
        assert!((geometry.place(2_000_000).1 - geometry.rim).abs() < 1e-6);
        let (below, above) = (geometry.place(500_000).1, geometry.place(3_500_000).1);
        assert!((below - above).abs() < 1e-6, "the same radius on both layers");
        assert_eq!((geometry.wedge(0), geometry.wedge(1)), ((0.0, 180.0), (180.0, 360.0)));
    }

    #[test]
    fn a_scratch_is_looked_for_in_millimetres() {
        let cd = disc(330_000, vec![0], "cd");
        assert!((millimetres(&cd, 0) - 25.0).abs() < 1e-9);
        assert!((millimetres(&cd, 180_000) - 44.7).abs() < 0.1);
        let dvd = disc(4_590_208, vec![0, 2_295_104], "dvd");
        assert!((millimetres(&dvd, 2_295_104) - 58.0).abs() < 1e-6 && (millimetres(&dvd, 4_590_207) - 24.0).abs() < 0.01);
        assert!(millimetres(&disc(0, vec![0], "bd"), u64::MAX).is_finite());
    }
}
