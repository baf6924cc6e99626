//! The last lines of the log, in memory, for people who have no access to the machine's journal.

use super::{Clock, scrub};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::{
    collections::VecDeque,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Lines that are kept.
pub const CAPACITY: usize = 2_000;
/// Characters of a line's message, and of its fields, that are kept.
const MAX_CHARACTERS: usize = 2_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Counts the lines of this process.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// `error`, `warn`, `info`, `debug`, `trace`.
    pub level: &'static str,
    /// Part of the program.
    pub target: String,
    /// What is said.
    pub message: String,
    /// `name=value` of whatever was said besides.
    pub fields: String,
}

impl Line {
    /// The line as text.
    pub fn text(&self) -> String {
        let Self { at, level, target, message, fields, .. } = self;
        let space = if fields.is_empty() { "" } else { " " };
        format!("{} {:5} {target}: {message}{space}{fields}", at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true), level)
    }
}

/// Keeps the last lines. Cheap to clone.
#[derive(Clone)]
pub struct Ring {
    clock: Clock,
    kept: Arc<Mutex<(u64, VecDeque<Line>)>>,
}

impl Ring {
    /// An empty one.
    pub fn new(clock: Clock) -> Self {
        Self { clock, kept: Arc::default() }
    }

    /// What is kept, oldest first.
    pub fn lines(&self) -> Vec<Line> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).1.iter().cloned().collect()
    }

    fn push(&self, level: &'static str, target: &str, text: Text) {
        let (message, fields) = (bounded(&text.message), bounded(&text.fields));
        let at = self.clock.now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        let line = Line { number: kept.0, at, level, target: target.to_owned(), message, fields };
        if kept.1.len() == CAPACITY {
            kept.1.pop_front();
        }
        kept.1.push_back(line);
    }
}

/// One line of text without control characters, without what looks like a secret.
fn bounded(text: &str) -> String {
    let cut: String = text.chars().take(MAX_CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    scrub(&cut)
}

impl<S: Subscriber> Layer<S> for Ring {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.push(word(*event.metadata().level()), event.metadata().target(), text);
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = if field.name() == "message" {
            self.message.write_fmt(value)
        } else {
            let space = if self.fields.is_empty() { "" } else { " " };
            write!(self.fields, "{space}{}={value}", field.name())
        };
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn the_last_lines_are_kept_with_their_fields_and_without_secrets() {
        let ring = Ring::new(Clock::fixed(DateTime::UNIX_EPOCH));
        let subscriber = tracing_subscriber::registry().with(ring.clone());
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..CAPACITY {
                tracing::debug!(number, "counting");
            }
            tracing::warn!(url = "postgres://me:geheim@host/db", drive = %"sr0", "line one\nline two {}", "x".repeat(5_000));
        });
        let lines = ring.lines();
        let last = lines.last().expect("a line");
        assert_eq!((lines.len(), lines[0].number, last.number), (CAPACITY, 2, CAPACITY as u64 + 1));
        assert_eq!((last.level, last.message.chars().count()), ("warn", MAX_CHARACTERS));
        assert!(last.message.starts_with("line one line two") && last.fields.ends_with("drive=sr0"), "{last:?}");
        assert!(last.fields.contains("host/db") && !last.text().contains("geheim"), "{last:?}");
        assert!(lines[0].text().starts_with("1970-01-01T00:00:00.000Z debug disk2iso::telemetry::ring"), "{}", lines[0].text());
        assert!(lines[0].text().ends_with(": counting number=1"), "{}", lines[0].text());
    }
}
