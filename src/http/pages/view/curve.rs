//! Speed over time, or over the disc, as an SVG that needs no script.
#![allow(clippy::cast_precision_loss, reason = "places in a drawing")]

use crate::{
    domain::{ids::SECTOR, result::SpeedPoint, speed_history::SpeedSample},
    http::{pages::sentences, words::Language},
};
use std::fmt::Write as _;

/// Size of the drawing.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 140.0;
/// Most points of a line: more than pixels tell nothing.
const MAX_POINTS: usize = 300;

/// A curve, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedCurve {
    /// Points of the line as SVG wants them.
    pub line: String,
    /// The same, closed at the bottom.
    pub area: String,
    /// Where sectors could not be read: places on the horizontal axis.
    pub marks: Vec<String>,
    /// Greatest value, in words.
    pub top: String,
    /// Where the horizontal axis begins and ends, in words.
    pub from: String,
    /// Its end.
    pub to: String,
    /// The curve in one sentence.
    pub sentence: String,
}

impl SpeedCurve {
    /// Of a job under way; nothing before there are two points.
    pub fn over_time(samples: &[SpeedSample], language: Language) -> Option<Self> {
        let (first, last) = (samples.first()?, samples.last()?);
        let length = (last.at - first.at).as_seconds_f64();
        let points: Vec<(f64, f64)> =
            samples.iter().map(|sample| ((sample.at - first.at).as_seconds_f64() / length, sample.bytes_per_second)).collect();
        if samples.len() < 2 || length <= 0.0 {
            return None;
        }
        let axis = (sentences::clock(first.at), sentences::clock(last.at));
        Some(Self::new(&points, Vec::new(), axis, language))
    }

    /// Of a disc that was read, by sectors.
    pub fn over_disc(curve: &[SpeedPoint], sectors: u64, language: Language) -> Option<Self> {
        if curve.len() < 2 || sectors == 0 {
            return None;
        }
        let x = |sector: u64| (sector as f64 / sectors as f64).clamp(0.0, 1.0);
        let points: Vec<(f64, f64)> =
            curve.iter().map(|point| (x(point.start.saturating_add(point.sectors / 2)), point.bytes_per_second)).collect();
        let bad = curve.iter().filter(|point| point.bad > 0).map(|point| x(point.start.saturating_add(point.sectors / 2)));
        let marks = bad.map(|x| format!("{:.1}", x * WIDTH)).take(MAX_POINTS).collect();
        let axis = (language.pick("hub", "innen").to_owned(), language.pick("rim", "außen").to_owned());
        let mut curve = Self::new(&points, marks, axis, language);
        curve.to = format!("{} ({})", curve.to, sentences::size(sectors.saturating_mul(SECTOR), language));
        Some(curve)
    }

    fn new(points: &[(f64, f64)], marks: Vec<String>, (from, to): (String, String), language: Language) -> Self {
        let step = points.len().div_ceil(MAX_POINTS).max(1);
        let plausible = |value: f64| if value.is_finite() && value > 0.0 { value } else { 0.0 };
        let means: Vec<(f64, f64)> = points
            .chunks(step)
            .map(|some| (some[0].0, some.iter().map(|(_, value)| plausible(*value)).sum::<f64>() / some.len() as f64))
            .collect();
        let top = means.iter().map(|(_, value)| *value).fold(1.0, f64::max);
        let mean = means.iter().map(|(_, value)| *value).sum::<f64>() / means.len().max(1) as f64;
        let mut line = String::new();
        for (x, value) in &means {
            // Writing to a String cannot fail.
            let _ = write!(line, "{:.1},{:.1} ", x.clamp(0.0, 1.0) * WIDTH, HEIGHT - value / top * (HEIGHT - 6.0));
        }
        let line = line.trim_end().to_owned();
        let last = means.last().map_or(0.0, |(x, _)| x.clamp(0.0, 1.0) * WIDTH);
        let say = |value: f64| sentences::speed(value, language).unwrap_or_else(|| "0".to_owned());
        Self {
            area: format!("0,{HEIGHT} {line} {last:.1},{HEIGHT}"),
            sentence: match language {
                Language::En => format!("{} on average, at most {}.", say(mean), say(top)),
                Language::De => format!("Im Mittel {}, höchstens {}.", say(mean), say(top)),
            },
            top: say(top),
            line,
            marks,
            from,
            to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_bounded_and_within_its_frame() {
        let points: Vec<SpeedPoint> = (0..4_096)
            .map(|number| SpeedPoint {
                start: number * 100,
                sectors: 100,
                bytes_per_second: if number == 7 { f64::NAN } else { number as f64 * 1_000.0 },
                bad: u64::from(number == 9),
            })
            .collect();
        let curve = SpeedCurve::over_disc(&points, 409_600, Language::En).expect("a curve");
        assert!(curve.line.split(' ').count() <= MAX_POINTS && curve.marks.len() == 1);
        for pair in curve.line.split(' ') {
            let (x, y) = pair.split_once(',').expect("a pair");
            let (x, y): (f64, f64) = (x.parse().expect("x"), y.parse().expect("y"));
            assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y), "{pair}");
        }
        assert!(curve.sentence.contains("MB/s"), "{}", curve.sentence);
        assert_eq!(SpeedCurve::over_disc(&points[..1], 10, Language::De), None);
        assert_eq!(SpeedCurve::over_time(&[], Language::De), None);
    }
}
