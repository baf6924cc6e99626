//! From a picture to SVG: rings of one state each, drawn as strokes. Only numbers and words of our own go into it, so the text can
//! stand in a page as it is. Every state has a texture of dashes beside its colour; the style sheet gives both to its class.
#![allow(clippy::cast_precision_loss, reason = "places in a drawing")]

use super::geometry::Geometry;
use crate::domain::picture::{AreaState, Picture};
use std::fmt::Write as _;

/// A small drawing of 48 × 48 with rings of half a unit.
struct Style {
    rim: f64,
    centre: f64,
    steps: u32,
    /// Least width of what must be seen.
    hairline: f64,
    /// Width of the lighter edge on both sides of it.
    edge: f64,
}

const ICON: Style = Style { rim: 22.0, centre: 24.0, steps: 28, hairline: 1.0, edge: 0.5 };
const LARGE: Style = Style { rim: 190.0, centre: 200.0, steps: 160, hairline: 2.2, edge: 0.6 };
/// Markers that are nearer to each other than this become one, in units of the large drawing.
const APART: f64 = 12.0;
/// Most markers.
const MARKERS: usize = 9;

/// A numbered marker in the large drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// Its number, from 1.
    pub number: usize,
    /// Where its middle is.
    pub x: String,
    /// Where its middle is.
    pub y: String,
    /// Indices of the damaged places that it stands for.
    pub places: Vec<usize>,
}

/// A ring of one state.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Band {
    layer: usize,
    inner: f64,
    outer: f64,
    state: AreaState,
}

/// The rings of an icon.
pub fn icon(picture: &Picture) -> String {
    draw(picture, &ICON)
}

/// The rings of an icon of which only a part of the disc is known to be read, 0 to 1.
pub fn part(part: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
    let read = (part.clamp(0.0, 1.0) * 10_000.0) as u64;
    let picture = Picture::part(10_000, read);
    let geometry = Geometry::new(&picture, ICON.rim);
    // Not in steps: a bar that moves smoothly shall not become a ring that jumps.
    let outer = geometry.place(read).1;
    let mut svg = track(&geometry, &ICON);
    if read > 0 {
        ring(&mut svg, &geometry, &ICON, Band { layer: 0, inner: geometry.hub, outer, state: AreaState::Read });
    }
    svg
}

/// The large drawing and its markers.
pub fn large(picture: &Picture) -> (String, Vec<Spot>) {
    let mut svg = String::new();
    let (rim, centre) = (LARGE.rim, LARGE.centre);
    // The disc itself: its edge, the clamping area, the hole; 60, 16.5 and 7.5 mm.
    for (class, millimetres) in [("plate", 60.0), ("clamp", 16.5), ("hole", 7.5)] {
        let _ = write!(svg, r#"<circle cx="{centre}" cy="{centre}" r="{}" class="{class}"/>"#, number(rim * millimetres / 58.0));
    }
    svg.push_str(&draw(picture, &LARGE));
    (svg, spots(picture))
}

fn draw(picture: &Picture, style: &Style) -> String {
    let geometry = Geometry::new(picture, style.rim);
    let mut svg = track(&geometry, style);
    let mut bands = bands(picture, &geometry, style);
    // What must be seen lies on top.
    bands.sort_by_key(|band| band.state);
    for band in bands {
        ring(&mut svg, &geometry, style, widened(band, &geometry, style));
    }
    svg
}

fn track(geometry: &Geometry, style: &Style) -> String {
    let (middle, width) = ((geometry.hub + geometry.rim) / 2.0, geometry.rim - geometry.hub);
    let centre = style.centre;
    let mut svg =
        format!(r#"<circle cx="{centre}" cy="{centre}" r="{}" class="track" stroke-width="{}"/>"#, number(middle), number(width));
    for layer in 0..geometry.layers() {
        if geometry.layers() > 1 {
            let angle = geometry.wedge(layer).0;
            let ((x1, y1), (x2, y2)) = (point(style, geometry.hub, angle), point(style, geometry.rim, angle));
            let _ = write!(svg, r#"<path d="M{x1} {y1}L{x2} {y2}" class="border"/>"#);
        }
    }
    svg
}

/// What to draw: neighbours of one state are one ring. Their number is bounded by the steps.
fn bands(picture: &Picture, geometry: &Geometry, style: &Style) -> Vec<Band> {
    let radius = |step: u32| geometry.hub + (geometry.rim - geometry.hub) * f64::from(step) / f64::from(style.steps);
    let mut bands: Vec<Band> = Vec::new();
    for layer in 0..geometry.layers() {
        for step in 0..style.steps {
            let (inner, outer) = (radius(step), radius(step + 1));
            let Some(state) = state(picture, geometry, layer, (inner, outer)) else { continue };
            match bands.last_mut() {
                Some(last) if last.layer == layer && last.state == state && (last.outer - inner).abs() < 1e-9 => {
                    last.outer = outer
                }
                _ => bands.push(Band { layer, inner, outer, state }),
            }
        }
    }
    bands.retain(|band| !matches!(band.state, AreaState::Untried | AreaState::Gap));
    bands
}

/// A ring that is thinner than a sector shows the sector it lies in.
fn state(picture: &Picture, geometry: &Geometry, layer: usize, (inner, outer): (f64, f64)) -> Option<AreaState> {
    let sectors = geometry.sectors(layer, inner, outer);
    let end = sectors.end.max(sectors.start.saturating_add(1));
    picture.state_of(sectors.start..end)
}

/// Damage is never thinner than a hairline.
fn widened(band: Band, geometry: &Geometry, style: &Style) -> Band {
    let lack = style.hairline - (band.outer - band.inner);
    if !band.state.stands_out() || lack <= 0.0 {
        return band;
    }
    let inner = (band.inner - lack / 2.0).max(geometry.hub);
    let outer = (inner + style.hairline).min(geometry.rim);
    Band { inner: outer - style.hairline, outer, ..band }
}

/// A ring; what must be seen lies on a lighter one, so that it stands out from what was read.
fn ring(svg: &mut String, geometry: &Geometry, style: &Style, band: Band) {
    if band.state.stands_out() {
        let (inner, outer) = ((band.inner - style.edge).max(geometry.hub), (band.outer + style.edge).min(geometry.rim));
        stroke(svg, geometry, style, &Band { inner, outer, ..band }, "halo");
    }
    stroke(svg, geometry, style, &band, &format!("data {}", band.state.as_str()));
}

fn stroke(svg: &mut String, geometry: &Geometry, style: &Style, band: &Band, class: &str) {
    let (middle, width) = ((band.inner + band.outer) / 2.0, band.outer - band.inner);
    let centre = style.centre;
    let (radius, width) = (number(middle), number(width));
    // Writing to a String cannot fail.
    let _ = if geometry.layers() == 1 {
        write!(svg, r#"<circle cx="{centre}" cy="{centre}" r="{radius}" class="{class}" stroke-width="{width}"/>"#)
    } else {
        let (from, to) = geometry.wedge(band.layer);
        let ((x1, y1), (x2, y2)) = (point(style, middle, from + 2.0), point(style, middle, to - 2.0));
        write!(svg, r#"<path d="M{x1} {y1}A{radius} {radius} 0 0 1 {x2} {y2}" class="{class}" stroke-width="{width}"/>"#)
    };
}

/// Numbered markers at what is damaged, on a spiral so that neighbours do not cover each other.
fn spots(picture: &Picture) -> Vec<Spot> {
    let geometry = Geometry::new(picture, LARGE.rim);
    let mut spots: Vec<(usize, f64, Vec<usize>)> = Vec::new();
    for (index, area) in picture.damaged().enumerate() {
        let middle = area.sectors.start + (area.sectors.end - area.sectors.start) / 2;
        let (layer, radius) = geometry.place(middle);
        let near = spots.iter().position(|(other, at, _)| *other == layer && (*at - radius).abs() < APART);
        match near {
            Some(near) => spots[near].2.push(index),
            None if spots.len() < MARKERS => spots.push((layer, radius, vec![index])),
            None => {}
        }
    }
    let placed = spots.into_iter().enumerate().map(|(number, (layer, radius, places))| {
        let (from, to) = geometry.wedge(layer);
        let share = (number * 3 % 8) as f64 / 8.0;
        let (x, y) = point(&LARGE, radius, from + (to - from) * (0.1 + 0.8 * share));
        Spot { number: number + 1, x, y, places }
    });
    placed.collect()
}

/// A place at this radius and angle, clockwise from the top.
fn point(style: &Style, radius: f64, degrees: f64) -> (String, String) {
    let angle = degrees.to_radians();
    (number(style.centre + radius * angle.sin()), number(style.centre - radius * angle.cos()))
}

fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::result::BadRange;

    fn damaged(sectors: u64, starts: impl IntoIterator<Item = u64>) -> Picture {
        let ranges: Vec<_> = starts.into_iter().map(|start| BadRange { start, count: 1 }).collect();
        Picture::of_damage(sectors, &ranges).bounded()
    }

    fn widths(svg: &str, class: &str) -> Vec<f64> {
        let elements = svg.split('<').filter(|element| element.contains(&format!("class=\"data {class}\"")));
        let width = |element: &str| element.split("stroke-width=\"").nth(1)?.split('"').next()?.parse().ok();
        elements.filter_map(width).collect()
    }

    #[test]
    fn one_unreadable_sector_of_twelve_millions_is_a_hairline_in_every_size_and_has_a_marker() {
        for lba in [0, 1, 6_000_000, 12_219_391] {
            let picture = damaged(12_219_392, [lba]);
            let (svg, spots) = large(&picture);
            assert!(widths(&svg, "bad").iter().any(|width| *width >= 2.2), "{lba}: {svg}");
            assert!(widths(&icon(&picture), "bad").iter().any(|width| *width >= 1.0), "{lba}");
            assert_eq!(spots.iter().map(|spot| spot.places.clone()).collect::<Vec<_>>(), [vec![0]]);
        }
    }

    #[test]
    fn a_drawing_is_bounded_however_much_there_is_to_tell() {
        let many = damaged(12_000_000, (0..400_000).map(|number| number * 30));
        let sparse = damaged(12_000_000, (0..200).map(|number| number * 60_000));
        for picture in [many, sparse] {
            let ((svg, spots), small) = (large(&picture), icon(&picture));
            assert!(svg.len() < 40_000 && small.len() < 4_000, "{} {}", svg.len(), small.len());
            assert!(spots.len() <= MARKERS);
        }
    }

    #[test]
    fn what_was_read_ends_where_its_share_of_the_area_ends() {
        let svg = part(0.5);
        let half = (22.0_f64.powi(2) + (22.0 * 24.0 / 58.0_f64).powi(2)) / 2.0;
        let width = widths(&svg, "read")[0];
        assert!((width - (half.sqrt() - 22.0 * 24.0 / 58.0)).abs() < 0.02, "{svg}");
        assert!(widths(&part(0.0), "read").is_empty());
        assert_eq!(part(7.0), part(1.0));
        assert_eq!(part(f64::NAN), part(0.0));
    }

    #[test]
    fn a_small_disc_without_data_is_an_empty_ring() {
        for sectors in [0, 1] {
            let picture = Picture::part(sectors, 0);
            assert!(!large(&picture).0.contains("data ") && icon(&picture).contains("class=\"track\""));
        }
    }

    #[test]
    fn two_layers_are_two_halves() {
        let picture = damaged(4_000, [3_999]).shaped(vec![0, 2_000], "dvd");
        let svg = large(&picture).0;
        assert_eq!(svg.matches("class=\"border\"").count(), 2);
        assert!(svg.contains("class=\"data bad\"") && svg.contains(" 0 0 1 "), "{svg}");
        // The last sector of the second layer lies at the hub.
        let spot = &large(&picture).1[0];
        let (x, y): (f64, f64) = (spot.x.parse().expect("x"), spot.y.parse().expect("y"));
        let radius = (x - 200.0).hypot(y - 200.0);
        assert!((radius - 190.0 * 24.0 / 58.0).abs() < 1.0, "{radius}");
    }
}
