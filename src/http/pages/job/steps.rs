//! The steps of a job, and which of them are behind it.

use crate::{
    domain::{
        event::Event,
        job::{JobState, Phase},
        options::JobOptions,
    },
    http::{
        wire,
        words::{self, Language},
    },
    storage::jobs::{JobKind, JobRecord},
};

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is called.
    pub word: &'static str,
    /// `done`, `current`, `skipped` or `todo`.
    pub class: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// The same in words.
    pub said: &'static str,
}

/// The phases that a job of this kind goes through, in order.
fn phases(kind: JobKind) -> &'static [Phase] {
    match kind {
        JobKind::Image => {
            &[Phase::Analyzing, Phase::Reading, Phase::Rescuing, Phase::Hashing, Phase::Verifying, Phase::Publishing]
        }
        JobKind::Verify => &[Phase::Verifying],
        JobKind::Scan => &[Phase::Analyzing, Phase::Reading],
    }
}

/// Phases that the log tells of, in the order in which they began.
pub fn seen(events: &[Event]) -> Vec<Phase> {
    let mut phases: Vec<(i64, Phase)> = events
        .iter()
        .filter(|event| event.event.kind == "job.phase")
        .filter_map(|event| Some((event.seq, phase(&event.event.payload)?)))
        .collect();
    phases.sort_by_key(|(seq, _)| *seq);
    phases.into_iter().map(|(_, phase)| phase).collect()
}

fn phase(payload: &serde_json::Value) -> Option<Phase> {
    serde_json::from_value(payload["state"]["phase"].clone()).ok()
}

/// The steps of this job.
pub fn steps(job: &JobRecord, options: &JobOptions, seen: &[Phase], language: Language) -> Vec<Step> {
    let now = match job.state {
        JobState::Running { phase, .. } => Some(phase),
        _ => None,
    };
    let over = matches!(job.state, JobState::Completed { .. });
    // Steps that are only taken where they are needed or asked for.
    let optional = |phase: Phase| match phase {
        Phase::Rescuing | Phase::Hashing => true,
        Phase::Verifying => job.kind == JobKind::Image && options.verify.is_none_or(|verify| !verify.image() && !verify.disc()),
        _ => false,
    };
    let step = |phase: &Phase| {
        // Every job begins with looking at its disc; the log has no word of its own for that.
        let happened = seen.contains(phase) || (*phase == Phase::Analyzing && job.started_at.is_some());
        let class = match now {
            Some(now) if now == *phase => "current",
            Some(now) if *phase < now && (happened || !optional(*phase)) => "done",
            Some(now) if *phase < now => "skipped",
            None if over && (happened || !optional(*phase)) => "done",
            None if over => "skipped",
            None if happened => "done",
            _ => "todo",
        };
        let (symbol, said) = match class {
            "done" => ("✓", language.pick("done", "erledigt")),
            "current" => ("●", language.pick("now", "jetzt")),
            "skipped" => ("–", language.pick("not needed", "nicht nötig")),
            _ if optional(*phase) => ("○", language.pick("if needed", "falls nötig")),
            _ => ("○", language.pick("to come", "kommt noch")),
        };
        Step { word: words::find(words::JOBS, "running", wire::word(phase).as_deref()).word(language), class, symbol, said }
    };
    phases(job.kind).iter().map(step).collect()
}

/// How often what could not be read was tried again: the runs of the rescue.
pub fn rescues(seen: &[Phase]) -> usize {
    seen.iter().filter(|phase| **phase == Phase::Rescuing).count()
}
