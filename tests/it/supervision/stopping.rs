//! Stopping: in reverse order, with time to clean up, and in spite of children that will not.

use std::sync::Arc;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use disk2iso::supervision::*;

use super::kit::*;

const NEVER: Intensity = Intensity::new(0, secs(60));

#[actix::test]
async fn a_shutdown_stops_the_whole_tree_in_reverse_start_order_and_ends_normally() {
    let mut tree = Tree::start(Strategy::OneForOne, NEVER, |diary, timer| {
        let inner = SupervisorSpec::new(Strategy::OneForOne, NEVER)
            .timer(timer.clone())
            .child(worker("b1", diary).1)
            .child(worker("b2", diary).1);
        vec![worker("a", diary).1, ChildSpec::supervisor(&ChildRef::new("b"), inner), worker("c", diary).1]
    });
    for name in ["a", "b", "b1", "b2", "c"] {
        tree.runs(name, 1).await;
    }
    tree.diary.clear();
    tree.root.shutdown();
    assert_eq!(tree.exit.await, Exit::Normal);
    let order = ["c", "b2", "b1", "a"].map(|name| format!("{name} stopped, {name} dropped")).join(", ");
    assert_eq!(tree.diary.read().join(", "), order);
}

#[actix::test]
async fn dropping_the_root_stops_the_tree_too() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| vec![worker("a", diary).1]);
    tree.runs("a", 1).await;
    drop(tree.root);
    assert_eq!(tree.exit.await, Exit::Normal);
    assert_eq!(tree.diary.count("a dropped"), 1);
}

/// Ends only when the test lets it finish its work.
struct Tidy(Diary, Arc<tokio::sync::Notify>);

impl Actor for Tidy {
    type Context = Context<Self>;
}

impl SupervisedActor for Tidy {
    fn shutdown(&mut self, ctx: &mut Context<Self>) {
        self.0.write("tidy", "began to clean up");
        let permission = Arc::clone(&self.1);
        let work = async move { permission.notified().await }.into_actor(self).map(|(), tidy, ctx| {
            tidy.0.write("tidy", "is clean");
            ctx.stop();
        });
        ctx.spawn(work);
    }
}

#[actix::test]
async fn an_actor_can_clean_up_asynchronously_and_those_before_it_wait_for_that() {
    let permission = Arc::new(tokio::sync::Notify::new());
    let mut tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let (diary_of_tidy, permission) = (diary.clone(), Arc::clone(&permission));
        let tidy = move || Tidy(diary_of_tidy.clone(), Arc::clone(&permission));
        vec![worker("a", diary).1, ChildSpec::actor(&ChildRef::new("tidy"), Restart::Permanent, tidy)]
    });
    tree.runs("a", 1).await;
    tree.runs("tidy", 1).await;
    tree.diary.clear();
    tree.root.shutdown();
    tree.diary.shows("tidy began to clean up", 1).await;
    // Still answering while it waits, and nothing before it was touched.
    assert_eq!(tree.state("tidy").await, Some(ChildState::Stopping));
    assert_eq!(tree.state("a").await, Some(ChildState::Running));
    permission.notify_one();
    assert_eq!(tree.exit.await, Exit::Normal);
    assert_eq!(tree.diary.read().join(", "), "tidy began to clean up, tidy is clean, a stopped, a dropped");
}

#[actix::test]
async fn stop_child_answers_when_the_child_is_gone_and_forgets_it() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| vec![worker("a", diary).1, worker("b", diary).1]);
    tree.runs("a", 1).await;
    assert_eq!(tree.supervisor.send(StopChild("a".into())).await, Ok(StopOutcome::Stopped));
    assert_eq!(tree.diary.count("a dropped"), 1);
    assert_eq!(tree.supervisor.send(StopChild("a".into())).await, Ok(StopOutcome::NotFound));
    tree.runs("b", 1).await;
    assert_eq!(tree.health().await.children.len(), 1);
}

#[actix::test]
async fn stop_child_ends_the_waiting_of_a_child_that_backs_off() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let drive = worker_with("drive", diary, Restart::Permanent, || Act::Fail("gone")).1;
        vec![drive.back_off(BackOff::repeating([secs(5)]))]
    });
    tree.timer.waits_for(&[secs(5)]).await;
    assert_eq!(tree.supervisor.send(StopChild("drive".into())).await, Ok(StopOutcome::Stopped));
    assert!(tree.timer.pending().is_empty());
    assert_eq!(tree.health().await.children, []);
}

#[actix::test]
async fn a_child_that_refuses_to_stop_is_killed_with_its_thread_after_its_time_limit() {
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let stubborn = worker_with("stubborn-child", diary, Restart::Permanent, || Act::RefuseToStop).1;
        vec![stubborn.shutdown_limit(secs(7)), worker("b", diary).1]
    });
    tree.runs("stubborn-child", 1).await;
    let outcome = actix::spawn(tree.supervisor.send(StopChild("stubborn-child".into())));
    tree.timer.waits_for(&[secs(7)]).await;
    assert_eq!(tree.state("stubborn-child").await, Some(ChildState::Stopping));
    tree.timer.advance(secs(7));
    assert_eq!(outcome.await.unwrap(), Ok(StopOutcome::Killed));
    assert_eq!(tree.diary.count("stubborn-child dropped"), 1);
    eventually("its thread has ended", async || threads_named("stubborn-child") == 0).await;
    tree.runs("b", 1).await;
}

#[actix::test]
async fn a_child_that_blocks_is_abandoned_and_its_late_end_does_not_touch_its_successor() {
    let gate = Arc::new(Gate::default());
    let _open = OpenAtEnd(gate.clone());
    let mut refs = Vec::new();
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let (drive, spec) = worker("drive", diary);
        refs.push((drive, spec.clone()));
        vec![spec.shutdown_limit(secs(7)), worker("b", diary).1]
    });
    let (drive, spec) = refs.remove(0);
    tree.runs("drive", 1).await;
    let events = tree.listen().await;
    let unanswered = actix::spawn(drive.send(Do(Act::Block(gate.clone()))));
    gate.is_blocking().await;

    let outcome = actix::spawn(tree.supervisor.send(StopChild("drive".into())));
    for stage in [secs(7), secs(1)] {
        tree.timer.waits_for(&[stage]).await;
        tree.timer.advance(stage);
    }
    assert_eq!(outcome.await.unwrap(), Ok(StopOutcome::Abandoned));
    let child = tree.child("drive").await;
    assert_eq!((child.state, child.abandoned_threads), (ChildState::Abandoned, 1));
    assert_eq!(tree.health().await.abandoned_threads, 1);
    assert_eq!(drive.send(Count).await, Err(Unreachable::Down("drive".into())), "no caller waits for the blocked one");

    assert_eq!(tree.supervisor.send(StartChild(spec)).await, Ok(Ok(())));
    assert_eq!(drive.send(Count).await, Ok(1));
    assert_eq!(tree.child("drive").await.abandoned_threads, 1, "the old thread is still there");

    gate.open();
    eventually("the old thread is no longer counted", async || tree.health().await.abandoned_threads == 0).await;
    // The blocked handler did finish, so its caller got an answer; then the actor was dropped.
    assert_eq!(unanswered.await.unwrap(), Ok(()));
    tree.runs("drive", 2).await;
    assert_eq!(drive.send(Count).await, Ok(2), "the successor counts on");
    assert_eq!(tree.diary.count("drive dropped"), 1);
    let changes: Vec<_> = events.lock().unwrap().iter().map(|event| (event.generation, event.change.clone())).collect();
    assert_eq!(changes, [(1, ChildChange::Abandoned), (2, ChildChange::Started)], "no Down of a life that was given up");
}

#[actix::test]
async fn a_child_that_was_abandoned_in_its_start_function_never_begins_to_act() {
    let gate = Arc::new(Gate::default());
    let _open = OpenAtEnd(gate.clone());
    let mut refs = Vec::new();
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let child: ChildRef<Worker> = ChildRef::new("drive");
        refs.push(child.clone());
        let (gate, diary) = (gate.clone(), diary.clone());
        let start = move || {
            gate.block();
            Worker::new("drive", &diary, Act::Well)
        };
        vec![ChildSpec::actor(&child, Restart::Permanent, start)]
    });
    gate.is_blocking().await;
    let outcome = actix::spawn(tree.supervisor.send(StopChild("drive".into())));
    for stage in [ChildSpec::SHUTDOWN_LIMIT, secs(1)] {
        tree.timer.waits_for(&[stage]).await;
        tree.timer.advance(stage);
    }
    assert_eq!(outcome.await.unwrap(), Ok(StopOutcome::Abandoned));
    gate.open();
    tree.diary.shows("drive dropped", 1).await;
    assert_eq!(tree.diary.read(), ["drive dropped"], "made, but never started");
    assert!(refs[0].addr().is_none());
    eventually("forgotten", async || tree.health().await.children.is_empty()).await;
}

#[actix::test]
async fn a_blocked_child_delays_the_end_of_the_tree_by_its_time_limit_only() {
    let gate = Arc::new(Gate::default());
    let _open = OpenAtEnd(gate.clone());
    let mut tree = Tree::start(Strategy::OneForOne, NEVER, |diary, _| {
        let gate = gate.clone();
        let blocked = worker_with("blocked", diary, Restart::Permanent, move || Act::Block(gate.clone())).1;
        vec![worker("a", diary).1, blocked.shutdown_limit(secs(7)), worker("c", diary).1]
    });
    gate.is_blocking().await;
    tree.diary.shows("a started", 1).await;
    tree.diary.shows("c started", 1).await;
    tree.root.shutdown();
    for stage in [secs(7), secs(1)] {
        tree.timer.waits_for(&[stage]).await;
        assert_eq!((tree.diary.count("c dropped"), tree.diary.count("a dropped")), (1, 0));
        tree.timer.advance(stage);
    }
    assert_eq!(tree.exit.await, Exit::Normal);
    assert_eq!(tree.diary.count("a dropped"), 1);
}
