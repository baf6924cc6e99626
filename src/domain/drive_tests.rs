//! Every reachable state of a drive × every event.

use super::*;
use std::collections::BTreeSet;
use uuid::Uuid;

const NOTHING: DrivePolicy =
    DrivePolicy { auto: false, again: AgainPolicy::Skip, eject_when_done: false, disabled: false, no_eject: false };
const POLICIES: [DrivePolicy; 7] = [
    NOTHING,
    DrivePolicy { auto: true, eject_when_done: true, ..NOTHING },
    DrivePolicy { auto: true, again: AgainPolicy::Ask, ..NOTHING },
    DrivePolicy { auto: true, again: AgainPolicy::Again, eject_when_done: true, ..NOTHING },
    DrivePolicy { again: AgainPolicy::Ask, ..NOTHING },
    DrivePolicy { auto: true, eject_when_done: true, disabled: true, ..NOTHING },
    DrivePolicy { auto: true, eject_when_done: true, no_eject: true, ..NOTHING },
];

fn job(number: u128) -> JobId {
    JobId(Uuid::from_u128(number))
}

fn finding(disc: &str, archived: bool) -> Finding {
    Finding { disc: Fingerprint(disc.to_owned()), insertion: None, imageable: true, archived, wanted: false }
}

fn all_events() -> Vec<DriveEvent> {
    use DriveEvent::*;
    let mut events = vec![
        Started { reading: None },
        Started { reading: Some(job(1)) },
        Settled,
        Wedged,
        Vanished,
        Appeared,
        PermissionDenied,
        EjectRequested,
        Ejected,
        EjectFailed,
        CloseRequested,
        ButtonPressed,
        SettingsChanged,
        InUse,
        Released,
        NeverReady,
        JobStarted(job(1)),
        JobStarted(job(2)),
        JobEnded(job(1), JobEnd::Done(Verdict::Complete)),
        JobEnded(job(1), JobEnd::Done(Verdict::Degraded)),
        JobEnded(job(1), JobEnd::DoneThen { verdict: Verdict::Complete, eject: false }),
        JobEnded(job(1), JobEnd::DoneThen { verdict: Verdict::Degraded, eject: true }),
        JobEnded(job(1), JobEnd::Stopped),
        JobEnded(job(1), JobEnd::MediumLost),
        JobEnded(job(2), JobEnd::Stopped),
        Identified(Finding { imageable: false, ..finding("a", false) }),
        Identified(Finding { wanted: true, ..finding("a", false) }),
        Identified(finding("a", false)),
        Identified(finding("a", true)),
        Identified(finding("b", false)),
    ];
    events.extend(
        [TrayStatus::Open, TrayStatus::Empty, TrayStatus::BecomingReady, TrayStatus::Loaded]
            .map(|tray| Status { tray, insertion: None }),
    );
    events.extend(
        [
            super::NotIdentified::NotReady,
            super::NotIdentified::NoMedium,
            super::NotIdentified::Changed,
            super::NotIdentified::Blank,
            super::NotIdentified::Unreadable,
        ]
        .map(DriveEvent::NotIdentified),
    );
    events
}

/// Sessions grow without end; two of them show everything.
fn bounded(mut drive: Drive) -> Drive {
    drive.session = drive.session.min(2);
    drive
}

fn reachable() -> Vec<(Drive, DriveEvent, DrivePolicy, Result<DriveStep, DriveDenied>)> {
    let (mut seen, mut todo, mut steps) = (BTreeSet::from([Drive::default()]), vec![Drive::default()], Vec::new());
    while let Some(drive) = todo.pop() {
        for event in all_events() {
            for policy in POLICIES {
                let outcome = drive.step(event.clone(), &policy);
                if let Ok(step) = &outcome {
                    let next = bounded(step.next.clone());
                    if seen.insert(next.clone()) {
                        todo.push(next);
                    }
                }
                steps.push((drive.clone(), event.clone(), policy, outcome));
            }
        }
    }
    steps
}

#[test]
fn all_eleven_states_are_reachable() {
    let names: BTreeSet<_> = reachable().iter().map(|(from, ..)| from.state.name()).collect();
    assert_eq!(names.len(), 11, "{names:?}");
}

#[test]
fn a_drive_copies_for_one_job_at_most_and_only_that_job_ends_it() {
    for (from, event, policy, outcome) in reachable() {
        let DriveState::Copying { job: reading } = from.state else { continue };
        match (event, outcome) {
            (DriveEvent::JobStarted(other), outcome) if other != reading => assert_eq!(outcome, Err(DriveDenied::Busy)),
            (DriveEvent::JobEnded(other, _), Ok(step)) if other != reading => assert_eq!(step.next, from),
            (DriveEvent::EjectRequested, outcome) if policy.no_eject => assert_eq!(outcome, Err(DriveDenied::NoEject)),
            (DriveEvent::EjectRequested | DriveEvent::CloseRequested, outcome) => assert_eq!(outcome, Err(DriveDenied::Busy)),
            (DriveEvent::ButtonPressed, Ok(step)) => assert_eq!((step.next, step.effects), (from, vec![DriveEffect::TellBusy])),
            (DriveEvent::Status { .. }, Ok(step)) => assert_eq!(step.next, from, "a status query must not end a job"),
            _ => {}
        }
    }
}

#[test]
fn a_media_session_has_at_most_one_automatic_job() {
    for (from, event, policy, outcome) in reachable() {
        let Ok(step) = outcome else { continue };
        if step.effects.contains(&DriveEffect::CreateAutoJob) {
            assert!(policy.auto, "{from:?} {event:?}");
            assert!(step.next.offered && (!from.offered || step.next.session > from.session), "{from:?} {event:?}");
        }
        assert!(step.next.session >= from.session);
    }
}

#[test]
fn no_automatic_job_for_an_archived_disc_unless_the_settings_say_so() {
    for (_, event, policy, outcome) in reachable() {
        if let (DriveEvent::Identified(Finding { archived: true, .. }), Ok(step)) = (event, outcome) {
            assert!(policy.again == AgainPolicy::Again || !step.effects.contains(&DriveEffect::CreateAutoJob));
        }
    }
}

#[test]
fn a_tray_that_closes_over_the_same_disc_gets_no_second_job() {
    let policy = DrivePolicy { auto: true, again: AgainPolicy::Again, eject_when_done: true, ..NOTHING };
    let mut drive = Drive::default();
    let mut created = 0;
    for _night in 0..3 {
        for event in [
            DriveEvent::Status { tray: TrayStatus::Loaded, insertion: None },
            DriveEvent::Settled,
            DriveEvent::Identified(finding("a", true)),
            DriveEvent::EjectRequested,
            DriveEvent::Ejected,
            DriveEvent::Status { tray: TrayStatus::Open, insertion: None },
        ] {
            let step = drive.step(event, &policy).expect("allowed");
            created += step.effects.iter().filter(|effect| **effect == DriveEffect::CreateAutoJob).count();
            drive = step.next;
        }
    }
    assert_eq!((created, drive.session), (1, 1));
}

#[test]
fn a_wedged_drive_comes_back_with_its_first_answer() {
    for (from, event, policy, outcome) in reachable() {
        if from.state == (DriveState::Error { reason: DriveReason::Wedged }) && !policy.disabled && !policy.no_eject {
            if let (DriveEvent::Status { tray: TrayStatus::Loaded, .. }, Ok(step)) = (&event, &outcome) {
                assert_eq!(step.next.state, DriveState::MediaDetected);
            }
            if matches!(event, DriveEvent::EjectRequested | DriveEvent::JobStarted(_)) {
                assert_eq!(outcome, Err(DriveDenied::Wedged));
            }
        }
    }
}

#[test]
fn a_drive_that_is_switched_off_is_left_alone() {
    for (from, event, policy, outcome) in reachable() {
        if !policy.disabled || matches!(from.state, DriveState::Copying { .. }) {
            continue;
        }
        match outcome {
            Ok(step) => {
                assert_eq!(step.effects, [], "{from:?} {event:?}");
                assert!(!step.next.state.can_read() && step.next.disc == from.disc, "{from:?} {event:?}");
            }
            Err(denied) => assert_eq!(denied, DriveDenied::Disabled),
        }
    }
    // A job that reads may end; then the drive is switched off.
    let off = DrivePolicy { disabled: true, ..NOTHING };
    let reading = Drive { state: DriveState::Copying { job: job(1) }, ..Drive::default() };
    assert_eq!(reading.step(DriveEvent::SettingsChanged, &off).map(|step| step.next), Ok(reading.clone()));
    let ended = reading.step(DriveEvent::JobEnded(job(1), JobEnd::Done(Verdict::Complete)), &off).expect("allowed");
    assert_eq!(ended.next.state, DriveState::Idle { reason: DriveReason::Disabled });
    // Switched on it begins anew.
    let on = ended.next.step(DriveEvent::SettingsChanged, &NOTHING).expect("allowed");
    assert_eq!((on.next.state, on.effects), (DriveState::Initializing, vec![DriveEffect::QueryStatus]));
}

#[test]
fn the_tray_is_locked_while_a_job_reads_and_never_longer() {
    for (from, event, _, outcome) in reachable() {
        let Ok(step) = outcome else { continue };
        let copying = |drive: &Drive| matches!(drive.state, DriveState::Copying { .. });
        match (copying(&from), copying(&step.next)) {
            // A service that was started again finds the tray as the job left it.
            (false, true) if !matches!(event, DriveEvent::Started { .. }) => {
                assert!(step.effects.contains(&DriveEffect::Lock), "{from:?} {event:?}");
            }
            (true, false) if event != DriveEvent::Vanished && !matches!(event, DriveEvent::Started { .. }) => {
                assert!(step.effects.contains(&DriveEffect::Unlock), "{from:?} {event:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_drive_that_cannot_eject_is_never_told_to() {
    for (from, event, policy, outcome) in reachable() {
        if let (true, Ok(step)) = (policy.no_eject, outcome) {
            assert!(!step.effects.contains(&DriveEffect::Eject), "{from:?} {event:?}");
        }
    }
}

/// What changes, by state and reason only: sessions and discs are the subject of the tests above.
#[test]
fn the_transition_table_is_the_reviewed_one() {
    let policy = DrivePolicy { auto: true, eject_when_done: true, ..NOTHING };
    let mut lines = BTreeSet::new();
    for (from, event, used, outcome) in reachable() {
        if used != policy || matches!(outcome, Ok(ref step) if step.next == from && step.effects.is_empty()) {
            continue;
        }
        let event = match event {
            DriveEvent::Identified(Finding { imageable, archived, wanted, .. }) => {
                format!("Identified(imageable={imageable} archived={archived} wanted={wanted})")
            }
            DriveEvent::Status { tray, .. } => format!("Status({tray:?})"),
            other => format!("{other:?}").replace("00000000-0000-0000-0000-00000000000", "#"),
        };
        let result = match outcome {
            Ok(step) => format!("→ {} {:?}", short(&step.next), step.effects),
            Err(denied) => format!("✗ {denied}"),
        };
        lines.insert(format!("{} · {event} {result}", short(&from)));
    }
    insta::assert_snapshot!("drive_transitions", lines.into_iter().collect::<Vec<_>>().join("\n"));
}

fn short(drive: &Drive) -> String {
    let reason = drive.state.reason().map(|reason| format!("{{{reason:?}}}")).unwrap_or_default();
    format!("{}{reason}", drive.state.name())
}
