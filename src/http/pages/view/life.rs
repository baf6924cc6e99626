//! What a drive has done in its life, in words and as rings.

use super::medium::Fact;
use crate::http::{
    pages::sentences::{grouped, speed},
    wire::{DiskStatistics, ZoneBody},
    words::{self, Language},
};

/// Speed and errors by radius for one class of disc.
#[derive(Debug, Clone, PartialEq)]
pub struct RingChart {
    /// `CD`, `DVD`, `Blu-ray`, …
    pub title: &'static str,
    /// From the hub outwards.
    pub rings: Vec<RingBar>,
}

/// One ring of the discs.
#[derive(Debug, Clone, PartialEq)]
pub struct RingBar {
    /// 1 is the innermost, 10 the outermost.
    pub number: u8,
    /// Length of the bar, 0 to 100.
    pub length: String,
    /// Mean speed in words.
    pub speed: String,
    /// Unreadable sectors.
    pub bad: String,
    /// Whether there are any.
    pub has_bad: bool,
}

/// Sums as facts.
pub fn life(life: &DiskStatistics, language: Language) -> Vec<Fact> {
    let pick = |en, de| language.pick(en, de);
    let number = |count| grouped(count, language);
    let verdicts = life.verdicts.iter().filter(|(_, count)| **count > 0).map(|(verdict, count)| {
        format!("{} {}", number(*count), words::find(words::VERDICTS, verdict, None).word(language).to_lowercase())
    });
    let verdicts = verdicts.collect::<Vec<_>>().join(", ");
    let mut facts = vec![
        Fact::new(pick("Discs seen", "Gesehene Discs"), number(life.discs)),
        Fact::new(
            pick("Images", "Abbilder"),
            if verdicts.is_empty() { pick("none yet", "noch keine").to_owned() } else { verdicts },
        ),
        Fact::new(pick("Sectors read", "Gelesene Sektoren"), number(life.sectors)),
        Fact::new(pick("Unreadable sectors", "Unlesbare Sektoren"), number(life.unreadable)),
        Fact::new(pick("Errors the drive corrected", "Vom Laufwerk behobene Fehler"), number(life.recovered)),
        Fact::new(pick("Resets and hangs", "Aussetzer"), number(life.resets.saturating_add(life.wedged))),
    ];
    if let Some(seconds) = life.seconds_per_job {
        facts.push(Fact::new(pick("Mean time of a job", "Mittlere Dauer einer Aufgabe"), duration(seconds, language)));
    }
    facts
}

/// "4 min 20 s".
fn duration(seconds: f64, language: Language) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of some minutes")]
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest} s"),
        _ => format!("{hours} {} {minutes} min", language.pick("h", "Std.")),
    }
}

/// Charts of the classes of discs that were read.
pub fn rings(life: &DiskStatistics, language: Language) -> Vec<RingChart> {
    let title = |class: &str| match class {
        "cd" => "CD",
        "dvd" => "DVD",
        "bd" => "Blu-ray",
        _ => language.pick("Others", "Andere"),
    };
    life.zones.iter().map(|(class, zones)| RingChart { title: title(class), rings: bars(zones, language) }).collect()
}

fn bars(zones: &[ZoneBody], language: Language) -> Vec<RingBar> {
    let top = zones.iter().filter_map(|zone| zone.bytes_per_second).fold(0.0, f64::max);
    let bar = |zone: &ZoneBody| {
        let part = if top > 0.0 { zone.bytes_per_second.unwrap_or(0.0) / top * 100.0 } else { 0.0 };
        RingBar {
            number: zone.zone.saturating_add(1),
            length: format!("{part:.1}"),
            speed: zone.bytes_per_second.and_then(|bytes| speed(bytes, language)).unwrap_or_else(|| "–".to_owned()),
            bad: grouped(zone.bad, language),
            has_bad: zone.bad > 0,
        }
    };
    zones.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_compared_with_the_fastest() {
        let zone = |zone, bytes_per_second, bad| ZoneBody { zone, sectors: 1, bytes_per_second, bad };
        let bars = bars(&[zone(0, Some(5_000_000.0), 0), zone(9, Some(10_000_000.0), 1_234), zone(5, None, 0)], Language::De);
        let said: Vec<_> =
            bars.iter().map(|bar| (bar.number, bar.length.as_str(), bar.speed.as_str(), bar.bad.as_str())).collect();
        assert_eq!(said, [(1, "50.0", "5,0 MB/s", "0"), (10, "100.0", "10,0 MB/s", "1.234"), (6, "0.0", "–", "0")]);
        assert_eq!(
            (duration(59.6, Language::En).as_str(), duration(3_725.0, Language::De).as_str()),
            ("1 min 0 s", "1 Std. 2 min")
        );
    }
}
