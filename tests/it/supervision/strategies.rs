//! What one failure does to the others: nothing, a restart of those after it, or the end of the supervisor.

use disk2iso::supervision::*;

use super::kit::*;

const OFTEN: Intensity = Intensity::new(1000, secs(60));

#[actix::test]
async fn rest_for_one_restarts_the_failed_child_and_the_later_ones_in_order() {
    let mut refs = Vec::new();
    let tree = Tree::start(Strategy::RestForOne, OFTEN, |diary, _| {
        ["a", "b", "c", "d"].map(|name| worker(name, diary)).into_iter().map(|(child, spec)| (refs.push(child), spec).1).collect()
    });
    tree.runs("d", 1).await;
    let started: Vec<_> = ["a", "b", "c", "d"].map(|name| format!("{name} started")).into();
    assert_eq!(tree.diary.read(), started, "each waits for the one before it");
    assert_eq!(refs[0].send(Count).await, Ok(1));

    tree.diary.clear();
    refs[1].tell(Do(Act::Panic("b fails"))).unwrap();
    tree.runs("d", 2).await;
    let order = "b stopped, b dropped, d stopped, d dropped, c stopped, c dropped, b started, c started, d started";
    assert_eq!(tree.diary.read().join(", "), order);
    assert_eq!(refs[0].send(Count).await, Ok(2), "the one before it has not noticed");
    tree.runs("a", 1).await;
    assert_eq!(tree.child("c").await.generation, 2);
}

#[actix::test]
async fn rest_for_one_keeps_the_later_ones_down_while_the_failed_child_backs_off() {
    let mut refs = Vec::new();
    let tree = Tree::start(Strategy::RestForOne, OFTEN, |diary, _| {
        let [a, b] = ["a", "b"].map(|name| worker(name, diary));
        refs = vec![a.0, b.0];
        vec![a.1.back_off(BackOff::repeating([secs(5)])), b.1]
    });
    tree.runs("b", 1).await;
    refs[0].tell(Do(Act::Panic("a fails"))).unwrap();
    tree.diary.shows("b dropped", 1).await;
    tree.becomes("b", ChildState::Restarting).await;
    assert_eq!(tree.state("a").await, Some(ChildState::BackingOff));
    assert_eq!(refs[1].send(Count).await, Err(Unreachable::Down("b".into())));
    tree.timer.waits_for(&[secs(5)]).await;
    tree.timer.advance(secs(5));
    tree.runs("b", 2).await;
    tree.runs("a", 2).await;
}

#[actix::test]
async fn a_temporary_child_is_not_brought_back_with_those_it_depended_on() {
    let mut refs = Vec::new();
    let tree = Tree::start(Strategy::RestForOne, OFTEN, |diary, _| {
        let (a, job) = (worker("a", diary), worker_with("job", diary, Restart::Temporary, || Act::Well));
        refs.push(a.0);
        vec![a.1, job.1]
    });
    tree.runs("job", 1).await;
    refs[0].tell(Do(Act::Panic("a fails"))).unwrap();
    tree.runs("a", 2).await;
    assert_eq!(tree.state("job").await, None);
    assert_eq!(tree.diary.count("job dropped"), 1);
}

#[actix::test]
async fn restarts_spread_over_time_are_fine_and_one_too_many_within_it_ends_the_tree_in_reverse_order() {
    let mut refs = Vec::new();
    let tree = Tree::start(Strategy::OneForOne, Intensity::new(3, secs(60)), |diary, _| {
        ["a", "b", "c"].map(|name| worker(name, diary)).into_iter().map(|(child, spec)| (refs.push(child), spec).1).collect()
    });
    for life in 1..=6 {
        tree.runs("b", life).await;
        tree.timer.advance(secs(21));
        refs[1].tell(Do(Act::Panic("again"))).unwrap();
    }
    tree.runs("b", 7).await;
    tree.runs("c", 1).await;
    tree.diary.clear();
    // Those of 84, 105 and 126 s are younger than a minute now.
    refs[1].tell(Do(Act::Panic("once too often"))).unwrap();

    let Exit::Failed(reason) = tree.exit.await else { panic!("the root must fail") };
    assert!(reason.starts_with("b panicked: once too often at "), "{reason}");
    assert!(reason.ends_with("; that is more than 3 restarts in 60s"), "{reason}");
    let order = "b stopped, b dropped, c stopped, c dropped, a stopped, a dropped";
    assert_eq!(tree.diary.read().join(", "), order);
    assert!(tree.supervisor.addr().is_none());
}

#[actix::test]
async fn a_hopeless_child_escalates_through_two_levels_to_the_root() {
    let tree = Tree::start(Strategy::RestForOne, Intensity::new(1, secs(60)), |diary, timer| {
        let broken = worker_with("broken", diary, Restart::Permanent, || Act::Panic("no config")).1;
        let inner = SupervisorSpec::new(Strategy::OneForOne, Intensity::new(2, secs(60))).timer(timer.clone()).child(broken);
        let middle = SupervisorSpec::new(Strategy::OneForOne, Intensity::new(1, secs(60)))
            .timer(timer.clone())
            .child(ChildSpec::supervisor(&ChildRef::new("inner"), inner));
        vec![worker("first", diary).1, ChildSpec::supervisor(&ChildRef::new("middle"), middle)]
    });
    let Exit::Failed(reason) = tree.exit.await else { panic!("the root must fail") };
    // Each level says what it saw: middle failed, because inner failed, because broken panicked.
    assert!(reason.starts_with("middle failed: inner failed: broken panicked: no config at "), "{reason}");
    // (2 restarts + 1) lives of broken, times 2 lives of inner, times 2 lives of middle.
    assert_eq!(tree.diary.count("broken started"), 12);
    assert_eq!(tree.diary.count("first started"), 1);
    assert_eq!(tree.diary.count("first dropped"), 1);
}

#[actix::test]
async fn a_supervisor_with_a_back_off_can_fail_for_ever_without_taking_the_rest_down() {
    let tree = Tree::start(Strategy::OneForOne, Intensity::new(0, secs(60)), |diary, timer| {
        let broken = worker_with("mqtt", diary, Restart::Permanent, || Act::Panic("bug")).1;
        let spec = SupervisorSpec::new(Strategy::OneForOne, Intensity::new(0, secs(60))).timer(timer.clone()).child(broken);
        let integrations = ChildSpec::supervisor(&ChildRef::new("integrations"), spec);
        vec![worker("core", diary).1, integrations.back_off(BackOff::repeating([secs(10)]))]
    });
    for life in 1..=5 {
        tree.timer.waits_for(&[secs(10)]).await;
        assert_eq!(tree.diary.count("mqtt started"), life);
        tree.timer.advance(secs(10));
    }
    tree.runs("core", 1).await;
}

#[actix::test]
async fn the_children_of_a_supervisor_that_is_restarted_end_before_it_does_and_are_made_anew() {
    let mut refs = None;
    let tree = Tree::start(Strategy::RestForOne, OFTEN, |diary, timer| {
        let (log, log_spec) = worker("log", diary);
        let (dispatcher, dispatcher_spec) = worker("dispatcher", diary);
        refs = Some((log, dispatcher));
        let jobs = SupervisorSpec::new(Strategy::OneForOne, OFTEN).timer(timer.clone()).child(dispatcher_spec);
        vec![log_spec, ChildSpec::supervisor(&ChildRef::new("jobs"), jobs)]
    });
    let (log, dispatcher) = refs.unwrap();
    tree.runs("dispatcher", 1).await;
    assert_eq!(dispatcher.send(Count).await, Ok(1));
    tree.diary.clear();
    log.tell(Do(Act::Panic("disk full"))).unwrap();
    tree.diary.shows("dispatcher started", 1).await;
    let order = "log stopped, log dropped, dispatcher stopped, dispatcher dropped, log started, dispatcher started";
    assert_eq!(tree.diary.read().join(", "), order);
    // The same reference reaches the new one, whose generation goes on counting.
    assert_eq!(dispatcher.send(Count).await, Ok(1));
    tree.runs("dispatcher", 2).await;
    tree.runs("jobs", 2).await;
}
