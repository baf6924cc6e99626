//! What people and scripts see.

use crate::{
    domain::{job::Phase, result::ScanResult},
    imaging::protocol::{Halt, ImageResult, Outcome, WorkerMessage},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::path::Path;

/// Progress on standard error if that is a terminal, otherwise nothing.
pub struct Bar(ProgressBar);

impl Bar {
    /// An empty bar.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let template = "{msg:>10} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        Self(bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Shows what a message says.
    pub fn show(&mut self, message: &WorkerMessage) {
        match message {
            WorkerMessage::Phase { phase } => {
                self.0.reset();
                self.0.set_message(phase_name(*phase));
            }
            WorkerMessage::Progress(progress) => {
                self.0.set_length(progress.size_total);
                self.0.set_position(progress.size_processed);
            }
            WorkerMessage::BadRange { start, count, sense } => {
                let sense = sense.map(|sense| format!(" ({sense})")).unwrap_or_default();
                self.0.println(format!("unreadable: {count} sectors from {start}{sense}"));
            }
            WorkerMessage::Hello { .. } | WorkerMessage::Done(_) => {}
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Analyzing => "analyzing",
        Phase::Reading => "reading",
        Phase::Rescuing => "rescuing",
        Phase::Hashing => "hashing",
        Phase::Verifying => "verifying",
        Phase::Publishing => "publishing",
        #[allow(unreachable_patterns, reason = "later job kinds add phases that imaging does not have")]
        _ => "working",
    }
}

/// The document of `--json`; its names are a contract.
#[derive(Debug, Serialize)]
struct Report<'a> {
    path: &'a Path,
    size: u64,
    sectors_total: u64,
    sectors_bad: u64,
    verdict: &'static str,
    md5: &'a str,
    sha256: &'a str,
    seconds: f64,
    bytes_per_second: f64,
}

/// One JSON document.
pub fn json(result: &ImageResult) -> String {
    let report = Report {
        path: &result.path,
        size: result.size,
        sectors_total: result.sectors_total,
        sectors_bad: result.judgement.bad_sectors,
        verdict: result.judgement.verdict.as_str(),
        md5: &result.hashes.md5,
        sha256: &result.hashes.sha256,
        seconds: result.seconds,
        bytes_per_second: result.bytes_per_second,
    };
    // Fails only for a path that is not UTF-8, which then is shown as far as it is.
    serde_json::to_string(&report).unwrap_or_else(|_| {
        let path = result.path.to_string_lossy();
        serde_json::to_string(&Report { path: Path::new(&*path), ..report }).unwrap_or_default()
    })
}

/// The same for people.
pub fn text(result: &ImageResult) -> String {
    let (judgement, hashes) = (&result.judgement, &result.hashes);
    let mut text = format!(
        "{}\nverdict  {} ({} of {} sectors unreadable)\nsize     {} bytes\nmd5      {}\nsha256   {}\nspeed    {:.1} MB/s, {:.1} s",
        result.path.display(),
        judgement.verdict.as_str(),
        judgement.bad_sectors,
        result.sectors_total,
        result.size,
        hashes.md5,
        hashes.sha256,
        result.bytes_per_second / 1e6,
        result.seconds,
    );
    for (kind, value) in &hashes.more {
        text.push_str(&format!("\n{:<8} {value}", kind.as_str()));
    }
    for reason in &judgement.reasons {
        text.push_str(&format!(
            "\nbecause  {}",
            serde_json::to_value(reason).ok().as_ref().and_then(|v| v.as_str()).unwrap_or_default()
        ));
    }
    text
}

/// What a scan found, for people.
pub fn surface(result: &ScanResult) -> String {
    let speeds = result.statistics.curve.iter().map(|point| point.bytes_per_second).filter(|speed| *speed > 0.0);
    let (slowest, fastest) = speeds.fold((f64::MAX, 0.0_f64), |(low, high), speed| (low.min(speed), high.max(speed)));
    let mut text = format!("{} of {} sectors unreadable", result.bad_sectors, result.sectors_total);
    if fastest > 0.0 {
        text.push_str(&format!("\nspeed    {:.1} to {:.1} MB/s", slowest / 1e6, fastest / 1e6));
    }
    text.push_str(&format!("\ntime     {:.1} s", result.seconds));
    for range in &result.ranges {
        text.push_str(&format!("\nbad      {} sectors from {}", range.count, range.start));
    }
    text
}

/// Why there is no image, and what to do.
pub fn explain(outcome: &Outcome, source: &Path) -> String {
    let again = "run the same command again to go on";
    match outcome {
        Outcome::Stopped => format!("stopped; what was read is kept, {again}"),
        Outcome::Halted(Halt::NoSpace { missing }) => {
            format!("the disk is full: {missing} bytes are missing; make room and {again}")
        }
        Outcome::Halted(Halt::MediumRemoved) => format!("{}: the disc is gone; insert it and {again}", source.display()),
        Outcome::Halted(Halt::WrongDisc { .. }) => {
            format!("{}: another disc is in the drive; insert the first one and {again}", source.display())
        }
        Outcome::Halted(Halt::DriveGone) => format!("{}: the drive is gone; connect it and {again}", source.display()),
        Outcome::Failed { code, message } => format!("{message} [{code}]"),
        Outcome::Halted(Halt::Loss { bad_sectors }) => {
            format!("{bad_sectors} sectors are unreadable; {again}, or in another drive")
        }
        Outcome::Scanned(_) | Outcome::Imaged(_) | Outcome::Hashed(_) => String::new(),
    }
}
