//! Numbers as people say them.

use chrono::{DateTime, Utc};

use crate::http::{
    wire::Job,
    words::{self, Language},
};

/// "Reading, 43 %, 6 minutes left".
pub fn job(job: &Job, language: Language) -> String {
    let word = words::find(words::JOBS, &job.status, job.phase.as_deref().or(job.reason.as_deref()));
    let mut parts = vec![word.word(language).to_owned()];
    let measured = job.status == "running" && job.size_total > 0 && job.phase.as_deref() != Some("analyzing");
    if measured {
        parts.push(percent(job.progress));
        parts.extend(job.eta_seconds.map(|seconds| left(seconds, language)));
    } else if job.status == "paused" && job.progress > 0.0 {
        parts.push(percent(job.progress));
    }
    parts.join(", ")
}

/// Whole percent, rounded down: 100 means done.
pub fn percent(progress: f64) -> String {
    format!("{} %", progress.clamp(0.0, 100.0).floor())
}

/// "6 minutes left".
pub fn left(seconds: u64, language: Language) -> String {
    let minutes = seconds.div_ceil(60);
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (language, seconds, minutes) {
        (Language::En, ..60, _) => "less than a minute left".to_owned(),
        (Language::De, ..60, _) => "noch weniger als eine Minute".to_owned(),
        (Language::En, _, 1) => "1 minute left".to_owned(),
        (Language::De, _, 1) => "noch 1 Minute".to_owned(),
        (Language::En, _, ..100) => format!("{minutes} minutes left"),
        (Language::De, _, ..100) => format!("noch {minutes} Minuten"),
        (Language::En, ..) => format!("{hours} h {rest} min left"),
        (Language::De, ..) => format!("noch {hours} h {rest} min"),
    }
}

/// "2 sectors could not be read"; nothing if there are none.
pub fn damage(sectors: u64, language: Language) -> Option<String> {
    match (sectors, language) {
        (0, _) => None,
        (1, Language::En) => Some("1 sector could not be read".to_owned()),
        (1, Language::De) => Some("1 Sektor ließ sich nicht lesen".to_owned()),
        (_, Language::En) => Some(format!("{} sectors could not be read", grouped(sectors, language))),
        (_, Language::De) => Some(format!("{} Sektoren ließen sich nicht lesen", grouped(sectors, language))),
    }
}

/// "4.7 GB": powers of ten, as discs are sold.
pub fn size(bytes: u64, language: Language) -> String {
    let units = [("TB", 1_000_000_000_000_u64), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    let Some((unit, factor)) = units.into_iter().find(|(_, factor)| bytes >= *factor) else { return format!("{bytes} B") };
    let tenths = bytes.saturating_mul(10) / factor;
    if tenths >= 1000 {
        return format!("{} {unit}", tenths / 10);
    }
    format!("{}{}{} {unit}", tenths / 10, language.pick('.', ','), tenths % 10)
}

/// "10.8 MB/s".
pub fn speed(bytes_per_second: f64, language: Language) -> Option<String> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bytes = bytes_per_second.max(0.0) as u64;
    (bytes > 0).then(|| format!("{}/s", size(bytes, language)))
}

/// "2026-11-20 10:40 UTC".
pub fn moment(at: DateTime<Utc>, language: Language) -> String {
    at.format(language.pick("%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M UTC")).to_string()
}

/// "10:40:03 UTC".
pub fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S UTC").to_string()
}

/// "6 min 20 s".
pub fn duration(seconds: f64, language: Language) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time for people")]
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) if whole == 0 => language.pick("less than a second", "weniger als eine Sekunde").to_owned(),
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// "44.7".
pub fn decimal(number: f64, language: Language) -> String {
    let text = format!("{number:.1}");
    language.pick(text.clone(), text.replace('.', ","))
}

/// "12,345".
pub fn grouped(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(language.pick(',', '.'));
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{De, En};

    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!(left(59, En), "less than a minute left");
        assert_eq!(left(60, En), "1 minute left");
        assert_eq!(left(361, En), "7 minutes left");
        assert_eq!(left(360, De), "noch 6 Minuten");
        assert_eq!(left(7260, En), "2 h 1 min left");
        assert_eq!((size(4_700_372_992, En).as_str(), size(4_700_372_992, De).as_str()), ("4.7 GB", "4,7 GB"));
        assert_eq!(
            (size(681_574_400, En).as_str(), size(999, En).as_str(), size(25_000_000_000, En).as_str()),
            ("681 MB", "999 B", "25.0 GB")
        );
        assert_eq!((percent(99.99).as_str(), percent(100.0).as_str()), ("99 %", "100 %"));
        assert_eq!(damage(12_345, De).as_deref(), Some("12.345 Sektoren ließen sich nicht lesen"));
        assert_eq!(damage(0, En), None);
    }
}
