//! What a supervisor does next, as a function of where its children are. Pure, so that the order of stops and starts is
//! decided (and tested) in one place.

use super::spec::Strategy;

/// Where a child is, as far as the order of starts and stops is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// To be started when it is its turn.
    Waiting,
    /// To be started after its delay.
    BackingOff,
    Starting,
    Running,
    Stopping,
    /// Has no thread and will not get one by itself.
    Down,
}

/// A child in start order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) phase: Phase,
    /// An earlier sibling that it depends on is being restarted, so it must stop first.
    pub(super) must_stop: bool,
}

/// One step; after it the supervisor asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Stop(usize),
    Start(usize),
    /// Nothing to do until a child reports or a timer fires.
    Wait,
    /// The supervisor is closing and its last child has stopped.
    Finish,
}

/// Stops come before starts, last child first and one at a time; starts go from the first child to the last.
pub(super) fn next_step(strategy: Strategy, closing: bool, children: &[Place]) -> Step {
    let must_stop = |child: &Place| {
        let alive = matches!(child.phase, Phase::Starting | Phase::Running | Phase::Stopping);
        alive && (closing || child.must_stop)
    };
    if let Some(last) = children.iter().rposition(must_stop) {
        return if children[last].phase == Phase::Stopping { Step::Wait } else { Step::Stop(last) };
    }
    if closing {
        return Step::Finish;
    }
    for (index, child) in children.iter().enumerate() {
        match (child.phase, strategy) {
            (Phase::Waiting, _) => return Step::Start(index),
            // Those after it depend on it, so they wait as well.
            (Phase::BackingOff | Phase::Starting, Strategy::RestForOne) => return Step::Wait,
            _ => {}
        }
    }
    Step::Wait
}

#[cfg(test)]
mod tests {
    use super::{Phase::*, Step::*, Strategy::*, *};

    fn places(phases: &[Phase], stop_from: usize) -> Vec<Place> {
        phases.iter().enumerate().map(|(i, &phase)| Place { phase, must_stop: i >= stop_from }).collect()
    }

    #[test]
    fn stops_go_backwards_one_at_a_time_and_before_any_start() {
        let step = |phases: &[Phase]| next_step(RestForOne, false, &places(phases, 1));
        assert_eq!(step(&[Waiting, Running, Running]), Stop(2));
        assert_eq!(step(&[Waiting, Running, Stopping]), Wait);
        assert_eq!(step(&[Waiting, Running, Waiting]), Stop(1));
        assert_eq!(step(&[Waiting, Waiting, Waiting]), Start(0));
    }

    #[test]
    fn dependent_children_wait_for_the_one_before_them_and_independent_ones_do_not() {
        for before in [BackingOff, Starting] {
            let children = places(&[before, Waiting], 9);
            assert_eq!(next_step(RestForOne, false, &children), Wait);
            assert_eq!(next_step(OneForOne, false, &children), Start(1));
        }
        // One that gave up holds nobody up: the rest goes on.
        assert_eq!(next_step(RestForOne, false, &places(&[Down, Waiting], 9)), Start(1));
    }

    #[test]
    fn closing_stops_all_that_run_starts_nothing_and_then_finishes() {
        let step = |phases: &[Phase]| next_step(OneForOne, true, &places(phases, 9));
        assert_eq!(step(&[Starting, Waiting, Running, BackingOff]), Stop(2));
        assert_eq!(step(&[Starting, Waiting, Down, BackingOff]), Stop(0));
        assert_eq!(step(&[Stopping, Waiting]), Wait);
        assert_eq!(step(&[Waiting, BackingOff, Down]), Finish);
        assert_eq!(step(&[]), Finish);
    }
}
