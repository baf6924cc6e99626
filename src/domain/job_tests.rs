//! Every reachable state of a job × every event.

use super::*;
use std::collections::BTreeSet;

const PHASES: [Phase; 6] =
    [Phase::Analyzing, Phase::Reading, Phase::Rescuing, Phase::Hashing, Phase::Verifying, Phase::Publishing];
const REASONS: [PauseReason; 6] = [
    PauseReason::Loss,
    PauseReason::User,
    PauseReason::NoSpace,
    PauseReason::MediumRemoved,
    PauseReason::DriveWedged,
    PauseReason::DriveGone,
];
const VERDICTS: [Verdict; 5] =
    [Verdict::Complete, Verdict::CompleteTrimmed, Verdict::Degraded, Verdict::Incomplete, Verdict::Failed];

const DECISIONS: [Decision; 3] = [Decision::Accept, Decision::Retry, Decision::OtherDrive];

fn all_events() -> Vec<JobEvent> {
    use JobEvent::*;
    let mut events =
        vec![Claimed, PauseRequested, ResumeRequested, CancelRequested, RetryRequested, Stopped, Errored, Crashed, Recovered];
    events.push(ContinueRequested);
    events.push(CancelUndone(None));
    events.extend(REASONS.map(|reason| CancelUndone(Some(reason))));
    events.extend(DECISIONS.map(Decided));
    events.extend(PHASES.map(PhaseEntered));
    events.extend(REASONS.map(Halted));
    events.extend(REASONS.map(ConditionCleared));
    events.extend(VERDICTS.map(Finished));
    events
}

/// Breadth first from `queued`, with fresh and with exhausted attempts: (from, event, policy, outcome) of everything that can happen.
fn reachable() -> Vec<(JobState, JobEvent, JobPolicy, Result<JobStep, JobDenied>)> {
    let policies = [JobPolicy::default(), JobPolicy { attempts: 9, max_attempts: 10 }];
    let (mut seen, mut todo, mut steps) = (BTreeSet::from([JobState::Queued]), vec![JobState::Queued], Vec::new());
    while let Some(state) = todo.pop() {
        for event in all_events() {
            for policy in policies {
                let outcome = state.step(event, &policy);
                if let Ok(step) = &outcome
                    && seen.insert(step.next)
                {
                    todo.push(step.next);
                }
                steps.push((state, event, policy, outcome));
            }
        }
    }
    steps
}

#[test]
fn every_state_is_reachable_and_every_job_can_still_end() {
    let states: BTreeSet<JobState> = reachable().iter().map(|(from, ..)| *from).collect();
    let running = PHASES.len() * 3;
    assert_eq!(states.len(), 1 + running + REASONS.len() + VERDICTS.len() + 2);
    for state in states.iter().filter(|state| !state.is_terminal()) {
        let step = state.step(JobEvent::CancelRequested, &JobPolicy::default()).expect("whatever is not over can be cancelled");
        assert_eq!(step.next, JobState::Cancelled);
    }
}

#[test]
fn a_job_that_leaves_running_for_good_releases_its_drive_and_wakes_the_queue() {
    for (from, event, _, outcome) in reachable() {
        let Ok(step) = outcome else { continue };
        let left = matches!(from, JobState::Running { .. }) && !matches!(step.next, JobState::Running { .. });
        if left && event != JobEvent::Recovered {
            assert!(step.effects.contains(&JobEffect::ReleaseDrive), "{from:?} {event:?}");
            assert!(step.effects.contains(&JobEffect::WakeDispatcher), "{from:?} {event:?}");
        }
    }
}

#[test]
fn a_worker_starts_only_by_a_claim_and_stops_only_for_a_person() {
    for (from, event, _, outcome) in reachable() {
        let Ok(step) = outcome else { continue };
        assert_eq!(step.effects.contains(&JobEffect::StartWorker), event == JobEvent::Claimed, "{from:?} {event:?}");
        if step.effects.contains(&JobEffect::StopWorker) {
            assert!(matches!(event, JobEvent::PauseRequested | JobEvent::CancelRequested), "{from:?} {event:?}");
        }
    }
}

#[test]
fn a_terminal_job_changes_by_a_persons_wish_only_and_a_good_image_never() {
    for (from, event, _, outcome) in reachable() {
        if let (true, Ok(step)) = (from.is_terminal(), outcome) {
            let undone = from == JobState::Cancelled && matches!(event, JobEvent::CancelUndone(_));
            let again = undone || matches!(event, JobEvent::RetryRequested | JobEvent::ContinueRequested);
            assert!(step.next == from || again, "{from:?} {event:?}");
            let good = matches!(from, JobState::Completed { verdict } if verdict.is_good());
            assert!(step.next == from || !good, "{from:?} {event:?}");
        }
    }
}

#[test]
fn a_decision_is_taken_once_by_a_job_that_asks_and_stored_with_the_step() {
    let asking = JobState::Paused { reason: PauseReason::Loss };
    for (from, event, _, outcome) in reachable() {
        let JobEvent::Decided(decision) = event else { continue };
        match outcome {
            Ok(step) => {
                assert_eq!((from, step.next), (asking, JobState::Queued));
                assert!(step.effects.contains(&JobEffect::SetDecision(Some(decision))));
            }
            Err(denied) => assert!(from != asking && denied == JobDenied::NoDecision, "{from:?} {event:?}"),
        }
    }
    // Whoever is asked again decides again.
    let running = JobState::Running { phase: Phase::Rescuing, stopping: None };
    let asked = running.step(JobEvent::Halted(PauseReason::Loss), &JobPolicy::default()).expect("a worker may ask");
    assert!(asked.next == asking && asked.effects.contains(&JobEffect::SetDecision(None)));
}

#[test]
fn only_a_person_goes_on_in_another_drive_and_never_under_a_running_worker() {
    for (from, event, _, outcome) in reachable() {
        if event == JobEvent::ContinueRequested {
            match outcome {
                Ok(step) => assert_eq!(step.next, JobState::Queued, "{from:?}"),
                Err(denied) if matches!(from, JobState::Running { .. }) => assert_eq!(denied, JobDenied::Active),
                Err(denied) => {
                    assert!(matches!(from, JobState::Completed { verdict } if verdict.is_good()), "{from:?}");
                    assert_eq!(denied, JobDenied::NotRetryable);
                }
            }
        }
    }
}

#[test]
fn completed_needs_a_finished_event_of_a_running_job() {
    for (from, event, _, outcome) in reachable() {
        if let Ok(JobStep { next: JobState::Completed { verdict }, .. }) = outcome {
            let already = from == JobState::Completed { verdict };
            assert!(
                already || (matches!(from, JobState::Running { .. }) && event == JobEvent::Finished(verdict)),
                "{from:?} {event:?}"
            );
        }
    }
}

#[test]
fn what_a_person_paused_goes_on_by_a_person_only() {
    let paused = JobState::Paused { reason: PauseReason::User };
    for event in all_events() {
        if let Ok(step) = paused.step(event, &JobPolicy::default()) {
            let by_person = matches!(event, JobEvent::ResumeRequested | JobEvent::CancelRequested | JobEvent::ContinueRequested);
            assert!(step.next == paused || by_person, "{event:?}");
        }
    }
}

#[test]
fn recovery_is_idempotent_and_keeps_a_wish_to_pause() {
    for (from, ..) in reachable() {
        let policy = JobPolicy::default();
        let once = from.step(JobEvent::Recovered, &policy).expect("recovery is never refused").next;
        let twice = once.step(JobEvent::Recovered, &policy).expect("recovery is never refused").next;
        assert_eq!(once, twice);
        assert!(!matches!(once, JobState::Running { .. }));
        if matches!(from, JobState::Running { stopping: Some(Stopping::Pause), .. }) {
            assert_eq!(once, JobState::Paused { reason: PauseReason::User });
        }
    }
}

/// What changes; of the phases only `Reading`, since no rule looks at the phase.
#[test]
fn the_transition_table_is_the_reviewed_one() {
    let mut lines = BTreeSet::new();
    for (from, event, policy, outcome) in reachable() {
        let other_phase = matches!(from, JobState::Running { phase, .. } if phase != Phase::Reading)
            || matches!(event, JobEvent::PhaseEntered(phase) if phase != Phase::Hashing);
        let unchanged = matches!(outcome, Ok(ref step) if step.next == from && step.effects.is_empty());
        if other_phase || unchanged {
            continue;
        }
        let attempt = if policy.attempts > 0 { " (last attempt)" } else { "" };
        let result = match outcome {
            Ok(step) => format!("→ {:?} {:?}", step.next, step.effects),
            Err(denied) => format!("✗ {denied}"),
        };
        lines.insert(format!("{from:?} · {event:?}{attempt} {result}"));
    }
    // The last attempt matters for few rows; the others would only stand here twice.
    let table: Vec<&String> =
        lines.iter().filter(|line| !lines.contains(&line.replace(" (last attempt)", "")) || !line.contains("(last")).collect();
    insta::assert_snapshot!("job_transitions", table.into_iter().cloned().collect::<Vec<_>>().join("\n"));
}
