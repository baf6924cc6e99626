//! Children that end by themselves, in all the ways there are.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use disk2iso::supervision::*;

use super::kit::*;

const NEVER: Intensity = Intensity::new(0, secs(60));
const OFTEN: Intensity = Intensity::new(1000, secs(60));

/// One child that misbehaves in its first life only; returns how that life ended, as health shows it.
async fn first_end_of(at_start: Act, then: Option<Act>) -> String {
    let mut child = None;
    let tree = Tree::start(Strategy::OneForOne, Intensity::new(1, secs(60)), |diary, _| {
        let lives = AtomicUsize::new(0);
        let at_start = move || if lives.fetch_add(1, SeqCst) == 0 { at_start.clone() } else { Act::Well };
        let (child_ref, spec) = worker_with("victim", diary, Restart::Permanent, at_start);
        child = Some(child_ref);
        vec![spec]
    });
    let child = child.unwrap();
    if let Some(act) = then {
        tree.runs("victim", 1).await;
        assert_eq!(child.send(Count).await, Ok(1));
        let _ = child.tell(Do(act));
    }
    tree.runs("victim", 2).await;
    assert_eq!(child.send(Count).await, Ok(1), "the new life begins with a new value");
    assert_eq!(tree.diary.count("victim dropped"), 1, "the old value is gone");
    tree.child("victim").await.last_exit.unwrap()
}

#[actix::test]
async fn a_panic_anywhere_in_an_actor_leads_to_a_fresh_one_and_is_told_with_its_place() {
    for (at_start, then) in [
        (Act::Panic("dead at once"), None),
        (Act::PanicInFuture("dead at once"), None),
        (Act::Well, Some(Act::Panic("dead at once"))),
        (Act::Well, Some(Act::PanicInFuture("dead at once"))),
    ] {
        let exit = first_end_of(at_start, then).await;
        assert!(exit.starts_with("panicked: dead at once at tests/it/supervision/kit.rs:"), "{exit}");
    }
}

#[actix::test]
async fn a_permanent_child_is_restarted_after_a_normal_end_and_after_giving_a_reason() {
    assert_eq!(first_end_of(Act::Well, Some(Act::Stop)).await, "ended normally");
    assert_eq!(first_end_of(Act::Well, Some(Act::Fail("no broker"))).await, "failed: no broker");
    assert_eq!(first_end_of(Act::Fail("no broker"), None).await, "failed: no broker");
}

#[actix::test]
async fn panics_in_the_handler_and_then_in_stopped_and_in_drop_do_not_abort_the_process() {
    let exit = first_end_of(Act::Well, Some(Act::PanicEverywhere)).await;
    assert!(exit.starts_with("panicked: in the handler"), "{exit}");
}

#[actix::test]
async fn a_start_function_that_panics_or_fails_counts_as_a_failure_of_the_child() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let delays = BackOff::giving_up([secs(1)]);
        let panics: ChildRef<Worker> = ChildRef::new("panics");
        let fails: ChildRef<Worker> = ChildRef::new("fails");
        vec![
            ChildSpec::actor(&panics, Restart::Permanent, || panic!("no {}", "device")).back_off(delays.clone()),
            ChildSpec::try_actor(&fails, Restart::Permanent, || Err("no device")).back_off(delays),
            worker("sibling", diary).1,
        ]
    });
    tree.timer.waits_for(&[secs(1), secs(1)]).await;
    tree.timer.advance(secs(1));
    for (name, exit) in [("panics", "panicked: no device at "), ("fails", "failed: no device")] {
        tree.becomes(name, ChildState::Failed).await;
        let child = tree.child(name).await;
        assert_eq!((child.generation, child.restarts), (2, 1));
        assert!(child.last_exit.unwrap().starts_with(exit));
    }
    tree.runs("sibling", 1).await;
}

#[actix::test]
async fn a_drive_is_restarted_after_1_5_30_and_300_seconds_and_then_shown_as_failed_while_its_siblings_go_on() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let delays = BackOff::giving_up([secs(1), secs(5), secs(30), secs(300)]);
        let drive = worker_with("drive", diary, Restart::Permanent, || Act::Panic("bus reset")).1;
        vec![drive.back_off(delays), worker("sibling", diary).1]
    });
    tree.runs("sibling", 1).await;
    let events = tree.listen().await;
    for (starts, delay) in [(1, 1), (2, 5), (3, 30), (4, 300)] {
        tree.timer.waits_for(&[secs(delay)]).await;
        assert_eq!(tree.diary.count("drive started"), starts);
        tree.timer.advance(secs(delay) - secs(1) / 2);
        assert_eq!(tree.timer.pending(), [secs(1) / 2], "not before its time");
        assert_eq!(tree.state("drive").await, Some(ChildState::BackingOff));
        tree.timer.advance(secs(1) / 2);
    }
    tree.becomes("drive", ChildState::Failed).await;
    assert_eq!((tree.child("drive").await.restarts, tree.diary.count("drive started")), (4, 5));
    assert!(tree.timer.pending().is_empty(), "nobody will try again");
    let gave_up = ChildEvent { child: "drive".into(), generation: 5, change: ChildChange::GaveUp };
    eventually("GaveUp is told", async || events.lock().unwrap().contains(&gave_up)).await;
    tree.runs("sibling", 1).await;
}

#[actix::test]
async fn a_child_that_gave_up_can_be_started_again_by_a_person() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let drive = worker_with("drive", diary, Restart::Permanent, || Act::Fail("gone")).1;
        vec![drive.back_off(BackOff::giving_up([]))]
    });
    tree.becomes("drive", ChildState::Failed).await;
    let (drive, spec) = worker("drive", &tree.diary);
    assert_eq!(tree.supervisor.send(StartChild(spec)).await, Ok(Ok(())));
    assert_eq!(drive.send(Count).await, Ok(1));
    assert_eq!(tree.health().await.children.len(), 1, "it took the place of the old one");
}

#[actix::test]
async fn a_child_that_ran_well_for_long_starts_its_delays_anew() {
    let mut child = None;
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let (drive, spec) = worker("drive", diary);
        child = Some(drive);
        vec![spec.back_off(BackOff::giving_up([secs(1), secs(5)]).healthy_after(secs(60)))]
    });
    let drive = child.unwrap();
    for (generation, ran, delay) in [(1, 0, 1), (2, 59, 5), (3, 60, 1), (4, 3, 5)] {
        tree.runs("drive", generation).await;
        tree.timer.advance(secs(ran));
        drive.tell(Do(Act::Panic("again"))).unwrap();
        tree.timer.waits_for(&[secs(delay)]).await;
        tree.timer.advance(secs(delay));
    }
    tree.runs("drive", 5).await;
}

#[actix::test]
async fn a_panicking_integration_leaves_a_running_worker_untouched() {
    let mut refs = None;
    let tree = Tree::start(Strategy::OneForOne, OFTEN, |diary, _| {
        let (busy, busy_spec) = worker("worker", diary);
        let (mqtt, mqtt_spec) = worker("mqtt", diary);
        refs = Some((busy, mqtt));
        vec![busy_spec, mqtt_spec]
    });
    let (busy, mqtt) = refs.unwrap();
    tree.runs("worker", 1).await;
    for life in 1..=20 {
        tree.runs("mqtt", life).await;
        assert_eq!(busy.send(Count).await, Ok(2 * life - 1));
        assert_eq!(mqtt.send(Do(Act::Panic("broker gone"))).await, Err(Unreachable::Lost("mqtt".into())));
        assert_eq!(busy.send(Count).await, Ok(2 * life));
    }
    tree.runs("mqtt", 21).await;
    tree.runs("worker", 1).await;
    assert_eq!(tree.diary.count("worker started"), 1);
}

#[actix::test]
async fn the_end_of_a_temporary_child_is_an_event_and_nothing_else() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |_, _| vec![]);
    tree.is_reachable().await;
    let events = tree.listen().await;
    let (job, spec) = worker_with("job:1", &tree.diary, Restart::Temporary, || Act::Well);
    assert_eq!(tree.supervisor.send(StartChild(spec.clone())).await, Ok(Ok(())));
    assert!(matches!(tree.supervisor.send(StartChild(spec)).await, Ok(Err(StartError::Exists(_)))));
    job.tell(Do(Act::Panic("lost the drive"))).unwrap();

    eventually("both events came", async || events.lock().unwrap().len() >= 2).await;
    let events = events.lock().unwrap().clone();
    assert_eq!(events[0], ChildEvent { child: "job:1".into(), generation: 1, change: ChildChange::Started });
    let ChildChange::Down(Exit::Panicked(text)) = &events[1].change else { panic!("{events:?}") };
    assert!(text.starts_with("lost the drive at "), "{text}");
    assert_eq!(tree.health().await.children, [], "forgotten");
    assert_eq!(tree.diary.count("job:1 started"), 1, "not restarted");
    assert_eq!(job.send(Count).await, Err(Unreachable::Down("job:1".into())));
}

#[actix::test]
async fn whoever_starts_a_child_hears_why_it_did_not_start() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |_, _| vec![]);
    tree.is_reachable().await;
    let spec = worker_with("job:1", &tree.diary, Restart::Temporary, || Act::Fail("no space")).1;
    let error = tree.supervisor.send(StartChild(spec)).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "job:1 failed: no space before it had started");
}

#[actix::test]
async fn a_transient_child_is_restarted_after_a_failure_but_not_after_a_normal_end() {
    let mut child = None;
    let tree = Tree::start(Strategy::OneForOne, OFTEN, |diary, _| {
        let (import, spec) = worker_with("import", diary, Restart::Transient, || Act::Well);
        child = Some(import);
        vec![spec]
    });
    let import = child.unwrap();
    tree.runs("import", 1).await;
    import.tell(Do(Act::Fail("interrupted"))).unwrap();
    tree.runs("import", 2).await;
    import.tell(Do(Act::Stop)).unwrap();
    tree.becomes("import", ChildState::Stopped).await;
    assert_eq!(tree.child("import").await.generation, 2);
}

#[actix::test]
async fn fifty_restarts_leave_no_thread_behind() {
    let mut child = None;
    let tree = Tree::start(Strategy::OneForOne, OFTEN, |diary, _| {
        let (leaky, spec) = worker("leaky-child", diary);
        child = Some(leaky);
        vec![spec]
    });
    let leaky = child.unwrap();
    for life in 1..=50 {
        tree.runs("leaky-child", life).await;
        leaky.tell(Do(Act::Panic("again"))).unwrap();
    }
    tree.runs("leaky-child", 51).await;
    eventually("only the thread of the last life exists", async || threads_named("leaky-child") == 1).await;
    assert_eq!(tree.diary.count("leaky-child dropped"), 50);
}
