//! A disc as it can be drawn: which of its sectors are what. Made of a sector map, of damage, or of a curve; exact where there is
//! little to tell, and coarser, never milder, where there is much.

use super::{
    disc::Medium,
    ids::SECTOR,
    result::{BadRange, SpeedPoint},
    sector_map::{BlockStatus, SectorMap},
};
use serde::Serialize;
use std::ops::Range;

/// Most areas of a picture.
pub const MAX_AREAS: usize = 2_048;
/// Fewer points of a curve tell nothing about what is slow.
const MIN_POINTS: usize = 16;

/// What is known about sectors. Ordered: of several in one place, the greatest is what has to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AreaState {
    /// Not tried yet.
    Untried,
    /// Between two sessions: nothing to read.
    Gap,
    /// Read, and on disk.
    Read,
    /// Unreadable run-out of the recording, cut off.
    Trimmed,
    /// Read, at less than a quarter of the usual speed: the drive had to try again.
    Slow,
    /// Tried once without success and left for later.
    Skipped,
    /// Tried one by one and unreadable.
    Bad,
}

impl AreaState {
    /// All of them, from the worst down.
    pub const ALL: [Self; 7] = [Self::Bad, Self::Skipped, Self::Slow, Self::Trimmed, Self::Read, Self::Gap, Self::Untried];

    /// The word used in the API and in style sheets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Untried => "untried",
            Self::Gap => "gap",
            Self::Read => "read",
            Self::Trimmed => "trimmed",
            Self::Slow => "slow",
            Self::Skipped => "skipped",
            Self::Bad => "bad",
        }
    }

    /// Whether it must be visible however small it is.
    pub fn stands_out(self) -> bool {
        matches!(self, Self::Bad | Self::Skipped | Self::Trimmed)
    }
}

/// Sectors that follow each other and are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Which sectors.
    pub sectors: Range<u64>,
    /// What they are.
    pub state: AreaState,
}

/// A disc as it can be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Sectors of the disc.
    pub sectors: u64,
    /// First sectors of its layers, in order; the first is 0.
    pub layers: Vec<u64>,
    /// Family of the medium: `cd`, `dvd`, `bd` or `other`.
    pub class: &'static str,
    /// From sector 0 to the end without gaps; see [`Picture::bounded`].
    pub areas: Vec<Area>,
    /// Exact number of sectors of each state, in the order of [`AreaState::ALL`].
    counts: [u64; 7],
    /// Exact number of separate unreadable places.
    pub places: usize,
}

impl Picture {
    /// A disc of which so many sectors from the beginning were read.
    pub fn part(sectors: u64, read: u64) -> Self {
        let mut map = SectorMap::new(sectors.saturating_mul(SECTOR));
        map.set(0..read.saturating_mul(SECTOR), BlockStatus::Finished);
        Self::of_map(&map)
    }

    /// What a sector map says.
    pub fn of_map(map: &SectorMap) -> Self {
        let state = |status| match status {
            BlockStatus::Finished => AreaState::Read,
            BlockStatus::NonTried => AreaState::Untried,
            BlockStatus::NonTrimmed | BlockStatus::NonScraped => AreaState::Skipped,
            BlockStatus::Bad => AreaState::Bad,
        };
        let mut areas: Vec<Area> = Vec::new();
        for (range, status) in map.blocks() {
            // A sector that is not read as a whole is not read.
            let start = areas.last().map_or(0, |last: &Area| last.sectors.end);
            let whole = if status == BlockStatus::Finished { range.end / SECTOR } else { range.end.div_ceil(SECTOR) };
            push(&mut areas, start..whole.max(start), state(status));
        }
        Self::new(map.len().div_ceil(SECTOR), areas)
    }

    /// A disc that was read but for these ranges.
    pub fn of_damage(sectors: u64, ranges: &[BadRange]) -> Self {
        Self::new(sectors, vec![Area { sectors: 0..sectors, state: AreaState::Read }])
            .painted(ranges.iter().map(|range| range.start..range.start.saturating_add(range.count)), |_| AreaState::Bad)
    }

    fn new(sectors: u64, areas: Vec<Area>) -> Self {
        let picture = Self { sectors, layers: vec![0], class: "other", areas, counts: [0; 7], places: 0 };
        picture.counted()
    }

    /// With what the medium tells: layers, its family, gaps between its sessions.
    #[must_use]
    pub fn on(self, medium: &Medium) -> Self {
        let structure = medium.structure.filter(|structure| (2..=4).contains(&structure.layers));
        let layers = match structure.and_then(|structure| Some((structure.layers, structure.layer_break?))) {
            Some((layers, first)) => (0..u64::from(layers)).map(|layer| layer.saturating_mul(first)).collect(),
            None => vec![0],
        };
        self.shaped(layers, medium.profile.class()).painted(medium.size.gaps.iter().cloned(), |_| AreaState::Gap)
    }

    /// With layers that begin at these sectors, of this family.
    #[must_use]
    pub fn shaped(self, mut layers: Vec<u64>, class: &'static str) -> Self {
        layers.retain(|start| *start == 0 || *start < self.sectors);
        layers.dedup();
        Self { layers, class, ..self }
    }

    /// What lies at and after `end` and was not read is run-out that was cut off.
    #[must_use]
    pub fn trimmed_at(self, end: u64) -> Self {
        let all = end..self.sectors;
        self.painted(std::iter::once(all), |state| if state == AreaState::Read { state } else { AreaState::Trimmed })
    }

    /// With the stretches that were read slowly. Where nothing else is known about damage, the curve tells it.
    #[must_use]
    pub fn with_curve(self, curve: &[SpeedPoint], damage_too: bool) -> Self {
        let stretch = |point: &SpeedPoint| point.start..point.start.saturating_add(point.sectors);
        let damaged: Vec<_> = curve.iter().filter(|point| damage_too && point.bad > 0).map(stretch).collect();
        let slow: Vec<_> = slow(curve).map(stretch).collect();
        let only_read = |state| if state == AreaState::Read { AreaState::Slow } else { state };
        self.painted(slow.into_iter(), only_read).painted(damaged.into_iter(), |_| AreaState::Bad)
    }

    /// Sectors of this state.
    pub fn count(&self, state: AreaState) -> u64 {
        AreaState::ALL.iter().position(|other| *other == state).map_or(0, |index| self.counts[index])
    }

    /// The areas that touch these sectors.
    pub fn within(&self, range: Range<u64>) -> impl Iterator<Item = &Area> {
        let first = self.areas.partition_point(|area| area.sectors.end <= range.start);
        self.areas[first..].iter().take_while(move |area| area.sectors.start < range.end)
    }

    /// What has to be shown for these sectors: the worst of what stands out, else what most of them are.
    pub fn state_of(&self, range: Range<u64>) -> Option<AreaState> {
        if let Some(worst) = self.within(range.clone()).map(|area| area.state).filter(|state| state.stands_out()).max() {
            return Some(worst);
        }
        let mut sums = [0_u64; 7];
        for area in self.within(range.clone()) {
            let overlap = area.sectors.end.min(range.end).saturating_sub(area.sectors.start.max(range.start));
            sums[area.state as usize] += overlap;
        }
        let most = self.within(range).max_by_key(|area| sums[area.state as usize]);
        most.map(|area| area.state)
    }

    /// Ranges of what could not be read (yet), in ascending order.
    pub fn damaged(&self) -> impl Iterator<Item = &Area> {
        self.areas.iter().filter(|area| matches!(area.state, AreaState::Bad | AreaState::Skipped))
    }

    /// Changes the state of some sectors.
    fn painted(self, ranges: impl Iterator<Item = Range<u64>>, change: impl Fn(AreaState) -> AreaState) -> Self {
        let mut ranges: Vec<Range<u64>> = ranges.map(|range| range.start..range.end.min(self.sectors)).collect();
        ranges.retain(|range| range.start < range.end);
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut areas = Vec::new();
        let mut next = 0;
        for area in &self.areas {
            let mut at = area.sectors.start;
            while at < area.sectors.end {
                while ranges.get(next).is_some_and(|range| range.end <= at) {
                    next += 1;
                }
                let (end, state) = match ranges.get(next) {
                    Some(range) if range.start <= at => (range.end.min(area.sectors.end), change(area.state)),
                    Some(range) => (range.start.min(area.sectors.end), area.state),
                    None => (area.sectors.end, area.state),
                };
                push(&mut areas, at..end, state);
                at = end;
            }
        }
        Self { areas, ..self }.counted()
    }

    fn counted(mut self) -> Self {
        self.counts = [0; 7];
        for area in &self.areas {
            if let Some(index) = AreaState::ALL.iter().position(|state| *state == area.state) {
                self.counts[index] += area.sectors.end - area.sectors.start;
            }
        }
        self.places = self.damaged().count();
        self
    }

    /// With at most [`MAX_AREAS`] areas; the last step, because the numbers stay those of before.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        if self.areas.len() > MAX_AREAS {
            self.areas = self.coarse();
        }
        self
    }

    /// As many stretches of equal length as allowed, each as bad as its worst sector.
    fn coarse(&self) -> Vec<Area> {
        let step = self.sectors.div_ceil(MAX_AREAS as u64).max(1);
        let mut areas = Vec::new();
        let mut start = 0;
        while start < self.sectors {
            let end = start.saturating_add(step).min(self.sectors);
            push(&mut areas, start..end, self.state_of(start..end).unwrap_or(AreaState::Untried));
            start = end;
        }
        areas
    }
}

/// Appends, and joins what is alike.
fn push(areas: &mut Vec<Area>, sectors: Range<u64>, state: AreaState) {
    match areas.last_mut() {
        _ if sectors.start >= sectors.end => {}
        Some(last) if last.state == state && last.sectors.end == sectors.start => last.sectors.end = sectors.end,
        _ => areas.push(Area { sectors, state }),
    }
}

/// Stretches that took more than four times as long as half of the others.
fn slow(curve: &[SpeedPoint]) -> impl Iterator<Item = &SpeedPoint> {
    let mut speeds: Vec<f64> =
        curve.iter().map(|point| point.bytes_per_second).filter(|speed| speed.is_finite() && *speed > 0.0).collect();
    speeds.sort_by(f64::total_cmp);
    let limit = if speeds.len() >= MIN_POINTS { speeds[speeds.len() / 2] / 4.0 } else { 0.0 };
    // What comes first is slow because the disc has to spin up.
    curve
        .iter()
        .skip_while(move |point| point.bytes_per_second < limit)
        .filter(move |point| point.bytes_per_second > 0.0 && point.bytes_per_second < limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(start: u64, bytes_per_second: f64, bad: u64) -> SpeedPoint {
        SpeedPoint { start, sectors: 10, bytes_per_second, bad }
    }

    #[test]
    fn a_map_becomes_areas_of_whole_sectors() {
        let mut map = SectorMap::new(100 * SECTOR);
        map.set(0..60 * SECTOR + 100, BlockStatus::Finished);
        map.set(10 * SECTOR..12 * SECTOR, BlockStatus::Bad);
        map.set(20 * SECTOR..21 * SECTOR, BlockStatus::NonTrimmed);
        let picture = Picture::of_map(&map);
        let told: Vec<_> = picture.areas.iter().map(|area| (area.sectors.clone(), area.state)).collect();
        use AreaState::{Bad, Read, Skipped, Untried};
        assert_eq!(told, [(0..10, Read), (10..12, Bad), (12..20, Read), (20..21, Skipped), (21..60, Read), (60..100, Untried)]);
        assert_eq!((picture.count(Bad), picture.count(Read), picture.count(Untried), picture.places), (2, 57, 40, 2));
    }

    #[test]
    fn one_unreadable_sector_of_millions_is_what_its_stretch_shows() {
        let picture = Picture::of_damage(12_000_000, &[BadRange { start: 7_654_321, count: 1 }]);
        assert_eq!(picture.state_of(7_000_000..8_000_000), Some(AreaState::Bad));
        assert_eq!(picture.state_of(8_000_000..9_000_000), Some(AreaState::Read));
        assert_eq!(picture.state_of(12_000_000..13_000_000), None);
    }

    #[test]
    fn more_places_than_can_be_drawn_are_counted_exactly_and_shown_no_milder() {
        let ranges: Vec<BadRange> = (0..5_000).map(|number| BadRange { start: number * 100, count: 1 }).collect();
        let picture = Picture::of_damage(1_000_000, &ranges).bounded();
        assert_eq!((picture.count(AreaState::Bad), picture.places), (5_000, 5_000));
        assert!(picture.areas.len() <= MAX_AREAS);
        assert_eq!(picture.areas.last().map(|area| area.sectors.end), Some(1_000_000));
        assert!(ranges.iter().all(|range| picture.state_of(range.start..range.start + 1) == Some(AreaState::Bad)));
    }

    #[test]
    fn run_out_slow_stretches_and_gaps_are_told_apart() {
        let mut curve: Vec<SpeedPoint> = (0..30).map(|number| point(number * 10, 4_000_000.0, 0)).collect();
        curve[5].bytes_per_second = 100_000.0;
        curve[7] = point(70, 50_000.0, 3);
        let mut map = SectorMap::new(300 * SECTOR);
        map.set(0..298 * SECTOR, BlockStatus::Finished);
        map.set(298 * SECTOR..300 * SECTOR, BlockStatus::Bad);
        let picture = Picture::of_map(&map).trimmed_at(298).with_curve(&curve, false);
        assert_eq!((picture.count(AreaState::Slow), picture.count(AreaState::Trimmed)), (20, 2));
        assert_eq!((picture.count(AreaState::Bad), picture.places), (0, 0));
        let raw = Picture::part(300, 300).with_curve(&curve, true);
        assert_eq!((raw.count(AreaState::Bad), raw.count(AreaState::Slow)), (10, 10));
        // A handful of points is no measure.
        assert_eq!(Picture::part(300, 300).with_curve(&curve[..8], false).count(AreaState::Slow), 0);
    }

    #[test]
    fn nonsense_is_no_panic() {
        let picture = Picture::of_damage(0, &[BadRange { start: u64::MAX, count: u64::MAX }]);
        assert!(picture.areas.is_empty() && picture.state_of(0..1).is_none());
        assert_eq!(Picture::part(10, u64::MAX).count(AreaState::Read), 10);
        assert_eq!(Picture::part(u64::MAX, 1).areas.last().map(|area| area.state), Some(AreaState::Untried));
    }
}
