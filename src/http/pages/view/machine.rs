//! The machine in four small charts.

use super::chart::{Curve, curve};
use crate::http::{pages::sentences, wire::MachineSample, words::Language};

/// One chart.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineChart {
    /// For the script: `cpu`, `memory`, `disk`, `space`.
    pub key: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Now, in words.
    pub now: String,
    /// What the curve shows, in words.
    pub course: String,
    /// One curve, or two (read and written).
    pub curves: Vec<Curve>,
}

/// The four charts; empty before the first sample.
pub fn machine(samples: &[MachineSample], language: Language) -> Vec<MachineChart> {
    let Some(now) = samples.last() else { return Vec::new() };
    vec![cpu(samples, now, language), memory(samples, now, language), disk(samples, now, language), space(samples, now, language)]
}

fn highest(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().fold(0.0, f64::max)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, far below the limit")]
fn rate(bytes: f64, language: Language) -> String {
    format!("{}/s", sentences::size(bytes.max(0.0) as u64, language))
}

#[allow(clippy::cast_precision_loss, reason = "a drawing")]
fn part(used: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { used as f64 * 100.0 / total as f64 }
}

fn cpu(samples: &[MachineSample], now: &MachineSample, language: Language) -> MachineChart {
    let values: Vec<Option<f64>> = samples.iter().map(|sample| Some(sample.cpu_percent)).collect();
    let most = highest(&values);
    MachineChart {
        key: "cpu",
        title: language.pick("Processor", "Prozessor"),
        now: format!("{:.0} %", now.cpu_percent),
        course: language.pick(format!("at most {most:.0} % in ten minutes"), format!("höchstens {most:.0} % in zehn Minuten")),
        curves: vec![curve(&values, 100.0)],
    }
}

fn memory(samples: &[MachineSample], now: &MachineSample, language: Language) -> MachineChart {
    let values: Vec<Option<f64>> = samples.iter().map(|sample| Some(part(sample.memory_used, sample.memory_total))).collect();
    let (used, total) = (sentences::size(now.memory_used, language), sentences::size(now.memory_total, language));
    MachineChart {
        key: "memory",
        title: language.pick("Memory", "Arbeitsspeicher"),
        now: language.pick(format!("{used} of {total}"), format!("{used} von {total}")),
        course: language.pick(
            format!("{:.0} % in use", part(now.memory_used, now.memory_total)),
            format!("{:.0} % belegt", part(now.memory_used, now.memory_total)),
        ),
        curves: vec![curve(&values, 100.0)],
    }
}

fn disk(samples: &[MachineSample], now: &MachineSample, language: Language) -> MachineChart {
    let read: Vec<Option<f64>> = samples.iter().map(|sample| sample.read_per_second).collect();
    let written: Vec<Option<f64>> = samples.iter().map(|sample| sample.written_per_second).collect();
    let top = highest(&read).max(highest(&written));
    let unknown = || language.pick("not known yet", "noch nicht bekannt").to_owned();
    let (reads, writes) = (now.read_per_second, now.written_per_second);
    MachineChart {
        key: "disk",
        title: language.pick("Hard disks", "Festplatten"),
        now: writes.map_or_else(unknown, |bytes| format!("{} {}", language.pick("writing", "schreiben"), rate(bytes, language))),
        course: reads
            .map_or_else(String::new, |bytes| format!("{} {}", language.pick("reading", "lesen"), rate(bytes, language))),
        curves: vec![curve(&written, top), curve(&read, top)],
    }
}

fn space(samples: &[MachineSample], now: &MachineSample, language: Language) -> MachineChart {
    let free = |sample: &MachineSample| Some(part(sample.space_available?, sample.space_total?));
    let values: Vec<Option<f64>> = samples.iter().map(free).collect();
    let known = now.space_available.zip(now.space_total);
    let now_words = known.map_or_else(
        || language.pick("cannot be asked", "lässt sich nicht erfragen").to_owned(),
        |(available, _)| format!("{} {}", sentences::size(available, language), language.pick("free", "frei")),
    );
    let course = known.map_or_else(String::new, |(available, total)| {
        let (total_words, percent) = (sentences::size(total, language), part(available, total));
        language.pick(
            format!("of {total_words} for images ({percent:.0} %)"),
            format!("von {total_words} für Abbilder ({percent:.0} %)"),
        )
    });
    MachineChart {
        key: "space",
        title: language.pick("Free space", "Freier Platz"),
        now: now_words,
        course,
        curves: vec![curve(&values, 100.0)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_words_and_unknown_ones_too() {
        let sample = MachineSample {
            at: chrono::DateTime::UNIX_EPOCH,
            cpu_percent: 12.4,
            memory_total: 8_000_000_000,
            memory_used: 2_000_000_000,
            read_per_second: None,
            written_per_second: None,
            space_total: Some(4_000_000_000_000),
            space_available: Some(1_000_000_000_000),
        };
        assert!(machine(&[], Language::En).is_empty());
        let said: Vec<String> = machine(&[sample], Language::De).into_iter().map(|chart| chart.now).collect();
        assert_eq!(said, ["12 %", "2,0 GB von 8,0 GB", "noch nicht bekannt", "1,0 TB frei"]);
        let later = MachineSample { written_per_second: Some(10_800_000.0), read_per_second: Some(0.0), ..sample };
        let charts = machine(&[sample, later], Language::En);
        assert_eq!((charts[2].now.as_str(), charts[2].course.as_str()), ("writing 10.8 MB/s", "reading 0 B/s"));
        assert_eq!(charts[3].course, "of 4.0 TB for images (25 %)");
    }
}
