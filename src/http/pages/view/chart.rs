//! Small curves, drawn on the server as SVG.

use std::fmt::Write as _;

/// Width of a drawing in its own units.
pub const WIDTH: f64 = 240.0;
/// Height of a drawing in its own units.
pub const HEIGHT: f64 = 56.0;

/// A curve as two paths: the line, and the area below it. Both are empty while nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Curve {
    /// The line.
    pub line: String,
    /// The area below.
    pub area: String,
}

/// A curve over values at equal distances; `top` is the value at the upper edge. Unknown values are gaps.
pub fn curve(values: &[Option<f64>], top: f64) -> Curve {
    #[allow(clippy::cast_precision_loss, reason = "some hundred points")]
    let step = if values.len() > 1 { WIDTH / (values.len() - 1) as f64 } else { WIDTH };
    #[allow(clippy::cast_precision_loss, reason = "some hundred points")]
    let points = values.iter().enumerate().map(|(index, value)| (index as f64 * step, *value));
    draw(points, top)
}

/// A curve over points from 0 to 1.
pub fn curve_at(points: &[(f64, f64)], top: f64) -> Curve {
    draw(points.iter().map(|(x, value)| (x.clamp(0.0, 1.0) * WIDTH, Some(*value))), top)
}

fn draw(points: impl Iterator<Item = (f64, Option<f64>)>, top: f64) -> Curve {
    let mut curve = Curve::default();
    let mut piece: Vec<(f64, f64)> = Vec::new();
    for (x, value) in points {
        match value.filter(|value| value.is_finite()) {
            Some(value) => piece.push((x, height(value, top))),
            None => end(&mut curve, &mut piece),
        }
    }
    end(&mut curve, &mut piece);
    curve
}

/// From the upper edge; one unit stays free so that the line is seen whole.
fn height(value: f64, top: f64) -> f64 {
    let part = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
    HEIGHT - 1.0 - part * (HEIGHT - 2.0)
}

fn end(curve: &mut Curve, piece: &mut Vec<(f64, f64)>) {
    if let ([first, ..], [.., last]) = (piece.as_slice(), piece.as_slice()) {
        let mut path = String::new();
        for (x, y) in piece.iter() {
            // Writing to a string does not fail.
            let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
        }
        if piece.len() == 1 {
            path.push_str("h1");
        }
        let _ = write!(curve.area, "{path}L{:.1} {HEIGHT}L{:.1} {HEIGHT}Z", last.0, first.0);
        curve.line.push_str(&path);
    }
    piece.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_stay_in_their_drawing_whatever_they_are_made_of() {
        assert_eq!(curve(&[], 1.0), Curve::default());
        assert_eq!(curve(&[Some(0.0), Some(1.0)], 1.0).line, "M0.0 55.0L240.0 1.0");
        assert_eq!(curve(&[Some(5.0)], 0.0).line, "M0.0 55.0h1");
        let wild = curve(&[Some(f64::NAN), Some(1e300), Some(-5.0), Some(f64::INFINITY), Some(1.0)], 2.0);
        assert_eq!(wild.line, "M60.0 1.0L120.0 55.0M240.0 28.0h1", "what is no number is a gap");
        assert_eq!(wild.area.matches('Z').count(), 2);
        assert_eq!(curve_at(&[(0.5, 1.0), (7.0, 1.0)], 1.0).line, "M120.0 1.0L240.0 1.0");
    }
}
