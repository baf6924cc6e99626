//! How fast a job was over its time, as a small curve.

use super::chart::{Curve, curve_at};
use crate::{
    domain::speed_history::SpeedSample,
    http::{pages::sentences, words::Language},
};

/// The curve.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedChart {
    /// One line.
    pub curves: Vec<Curve>,
    /// What it shows, in words.
    pub course: String,
}

/// The curve; `None` before there are two points.
pub fn speed(samples: &[SpeedSample], language: Language) -> Option<SpeedChart> {
    let (first, last) = (samples.first()?, samples.last()?);
    let whole = (last.at - first.at).as_seconds_f64();
    if whole <= 0.0 {
        return None;
    }
    let top = samples.iter().map(|sample| sample.bytes_per_second).fold(0.0, f64::max);
    let points: Vec<(f64, f64)> =
        samples.iter().map(|sample| ((sample.at - first.at).as_seconds_f64() / whole, sample.bytes_per_second)).collect();
    #[allow(clippy::cast_precision_loss, reason = "some hundred points")]
    let mean = points.iter().map(|(_, speed)| speed).sum::<f64>() / points.len() as f64;
    let say = |bytes| sentences::speed(bytes, language).unwrap_or_else(|| "0 B/s".to_owned());
    let course = language.pick(
        format!("on average {}, at most {}", say(mean), say(top)),
        format!("im Mittel {}, höchstens {}", say(mean), say(top)),
    );
    Some(SpeedChart { curves: vec![curve_at(&points, top)], course })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_curve_needs_two_points_in_time() {
        let at = |seconds, bytes_per_second| SpeedSample {
            at: DateTime::from_timestamp(seconds, 0).expect("a time"),
            bytes_per_second,
            size_processed: 0,
        };
        assert_eq!((speed(&[], Language::En), speed(&[at(1, 1.0)], Language::En)), (None, None));
        let chart = speed(&[at(1, 1_000_000.0), at(11, 3_000_000.0)], Language::En).expect("a curve");
        assert_eq!(chart.course, "on average 2.0 MB/s, at most 3.0 MB/s");
    }
}
