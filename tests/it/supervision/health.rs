//! Health is measured: what blocks is seen, and what is seen can be written down.

use std::sync::Arc;

use disk2iso::supervision::*;

use super::kit::*;

const NEVER: Intensity = Intensity::new(0, secs(60));

/// root ─ a, inner ─ (b, c); returns the tree and the reference to c.
fn two_levels() -> (Tree, ChildRef<Worker>) {
    let mut refs = Vec::new();
    let tree = Tree::start(Strategy::OneForOne, NEVER, |diary, timer| {
        let (c, c_spec) = worker("c", diary);
        refs.push(c);
        let inner = SupervisorSpec::new(Strategy::OneForOne, NEVER).timer(timer.clone());
        let inner = inner.child(worker("b", diary).1).child(c_spec);
        vec![worker("a", diary).1, ChildSpec::supervisor(&ChildRef::new("inner"), inner)]
    });
    (tree, refs.remove(0))
}

#[actix::test]
async fn a_blocked_child_two_levels_down_is_unresponsive_and_nothing_else_is() {
    let (tree, c) = two_levels();
    eventually("all run", async || {
        let health = tree.health().await;
        health.is_healthy() && health.find("c").is_some()
    })
    .await;
    let gate = Arc::new(Gate::default());
    let _open = OpenAtEnd(gate.clone());
    let blocked = actix::spawn(c.send(Do(Act::Block(gate.clone()))));
    gate.is_blocking().await;

    let measuring = actix::spawn(tree.supervisor.send(GetHealth { limit: secs(3) }));
    // a has answered already; inner has 3 s to answer and gives c the first 2 s of them.
    tree.timer.waits_for(&[secs(2), secs(3)]).await;
    tree.timer.advance(secs(2));
    let health = measuring.await.unwrap().unwrap();
    let states: Vec<_> = ["a", "inner", "b", "c"].map(|name| health.find(name).unwrap().state).into();
    assert_eq!(states, [ChildState::Running, ChildState::Running, ChildState::Running, ChildState::Unresponsive]);
    assert!(!health.is_healthy());

    gate.open();
    assert_eq!(blocked.await.unwrap(), Ok(()));
    assert!(tree.health().await.is_healthy(), "it recovered without a restart");
    tree.runs("c", 1).await;
}

#[actix::test]
async fn health_says_for_how_long_and_can_be_written_as_json() {
    let (tree, c) = two_levels();
    tree.runs("c", 1).await;
    tree.runs("a", 1).await;
    tree.timer.advance(secs(90));
    assert_eq!(c.send(Count).await, Ok(1));
    let json = serde_json::to_value(tree.health().await).unwrap();
    let a = serde_json::json!({
        "name": "a", "state": "running", "generation": 1, "restarts": 0, "seconds_in_state": 90,
        "last_exit": null, "abandoned_threads": 0, "children": [],
    });
    assert_eq!(json["children"][0], a);
    assert_eq!((&json["name"], &json["state"], &json["seconds_in_state"]), (&"root".into(), &"running".into(), &90.into()));
    assert_eq!(json["children"][1]["children"][1]["name"], "c");
}

#[actix::test]
async fn on_the_real_clock_a_tree_starts_measures_itself_restarts_with_a_delay_and_stops() {
    let diary = Diary::default();
    let (root_ref, (child, spec)) = (ChildRef::new("root"), worker("a", &diary));
    let delays = BackOff::repeating([std::time::Duration::from_millis(10)]);
    let spec = SupervisorSpec::new(Strategy::OneForOne, NEVER).child(spec.back_off(delays));
    let (mut root, exit) = Root::start(&root_ref, spec).unwrap();
    diary.shows("a started", 1).await;
    child.tell(Do(Act::Panic("once"))).unwrap();
    diary.shows("a started", 2).await;
    assert_eq!(root_ref.send(GetHealth { limit: secs(30) }).await.unwrap().children[0].generation, 2);
    root.shutdown();
    assert_eq!(exit.await, Exit::Normal);
}
