//! Moving jobs: the order is the one that was asked for, the others keep theirs, little is written.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

/// When the tests happen, in microseconds.
const NOW: i64 = 1_795_000_000_000_000;

fn job(number: usize) -> JobId {
    JobId(Uuid::from_u128(number as u128))
}

/// A queue in order; ids tell ages, so they break ties as row numbers do.
fn queue(places: &[(i32, i64)]) -> Vec<Place> {
    let places = places.iter().enumerate();
    let mut queue: Vec<Place> = places
        .map(|(number, (priority, position))| Place { job: job(number), priority: *priority, position: *position })
        .collect();
    sort(&mut queue);
    queue
}

fn sort(queue: &mut [Place]) {
    queue.sort_by_key(|place| (std::cmp::Reverse(place.priority), place.position, place.job));
}

fn ids(queue: &[Place]) -> Vec<JobId> {
    queue.iter().map(|place| place.job).collect()
}

/// The queue after the changes were stored.
fn apply(mut queue: Vec<Place>, changes: &[Place]) -> Vec<Place> {
    for change in changes {
        let place = queue.iter_mut().find(|place| place.job == change.job).expect("only jobs of the queue are changed");
        *place = *change;
    }
    sort(&mut queue);
    queue
}

/// What a person expects to see: the job taken out of the line and put in again.
fn wished(queue: &[Place], mover: JobId, to: usize) -> Vec<JobId> {
    let mut order = ids(queue);
    order.retain(|id| *id != mover);
    order.insert(to, mover);
    order
}

#[test]
fn a_job_that_is_put_above_one_of_higher_priority_takes_that_priority() {
    let line = queue(&[(5, 10), (5, 20), (0, 30), (0, 40)]);
    let top = changes(&line, job(3), Target::Top, NOW).expect("moved");
    assert_eq!(top.len(), 1);
    assert_eq!((top[0].priority, top[0].position < 10), (5, true));
    let down = changes(&line, job(0), Target::After(job(2)), NOW).expect("moved");
    assert_eq!((down[0].priority, (31..40).contains(&down[0].position)), (0, true));
    // Its own priority fits between theirs, so it is kept.
    let line = queue(&[(9, 10), (3, 20), (0, 30)]);
    assert_eq!(changes(&line, job(1), Target::Up, NOW).expect("moved")[0].priority, 9);
    let line = queue(&[(9, 10), (3, 20), (3, 30), (0, 40)]);
    assert_eq!(changes(&line, job(1), Target::Down, NOW).expect("moved")[0].priority, 3);
}

#[test]
fn the_bottom_is_before_whatever_is_created_later() {
    let line = queue(&[(0, NOW - 50), (0, NOW - 40)]);
    let moved = changes(&line, job(0), Target::Bottom, NOW).expect("moved");
    assert_eq!(moved, [Place { job: job(0), priority: 0, position: NOW }]);
}

#[test]
fn what_was_seen_and_is_not_so_any_more_is_refused() {
    let line = queue(&[(0, 10), (0, 20), (0, 30), (0, 40)]);
    assert_eq!(changes(&line, job(9), Target::Top, NOW), Err(NotThere::NotQueued));
    assert_eq!(changes(&line, job(0), Target::Before(job(9)), NOW), Err(NotThere::NeighbourGone));
    assert_eq!(changes(&line, job(0), Target::Between(job(1), job(3)), NOW), Err(NotThere::Parted));
    assert!(changes(&line, job(2), Target::Between(job(1), job(3)), NOW).is_ok_and(|changes| changes.is_empty()));
    assert!(changes(&line, job(1), Target::Before(job(1)), NOW).is_ok_and(|changes| changes.is_empty()));
    assert!(changes(&line, job(0), Target::Up, NOW).is_ok_and(|changes| changes.is_empty()));
}

#[test]
fn moving_to_the_same_place_again_and_again_stays_cheap() {
    let mut line = queue(&(0..200).map(|number| (0, NOW + number)).collect::<Vec<_>>());
    let mut written = 0;
    for round in 0..1000_usize {
        let mover = line[(round * 7) % 150 + 50].job;
        let target = Target::After(line[20].job);
        let changes = changes(&line, mover, target, NOW).expect("moved");
        written += changes.len();
        line = apply(line, &changes);
        assert_eq!(line[21].job, mover);
    }
    assert!(written < 4000, "{written} rows for 1,000 moves");
}

proptest! {
    #[test]
    fn the_order_is_the_one_that_was_asked_for(
        // Dense, with ties, and with room.
        line in prop::collection::vec((-2_i32..3, prop_oneof![0_i64..6, NOW..NOW + 40, (0_i64..50).prop_map(|n| n * GAP)]), 1..24),
        moves in prop::collection::vec((0_usize..24, 0_usize..24, 0_u8..7), 1..12),
    ) {
        let mut line = queue(&line);
        for (mover, neighbour, kind) in moves {
            let (from, beside) = (mover % line.len(), neighbour % line.len());
            let (mover, neighbour) = (line[from].job, line[beside].job);
            let others: Vec<JobId> = ids(&line).into_iter().filter(|id| *id != mover).collect();
            let at = others.iter().position(|id| *id == neighbour);
            let (target, to) = match kind {
                0 => (Target::Top, 0),
                1 => (Target::Bottom, others.len()),
                2 => (Target::Up, from.saturating_sub(1)),
                3 => (Target::Down, (from + 1).min(others.len())),
                4 => (Target::Before(neighbour), at.unwrap_or(from)),
                5 => (Target::After(neighbour), at.map_or(from, |at| at + 1)),
                _ => match at.and_then(|at| Some((at, *others.get(at + 1)?))) {
                    Some((at, next)) => (Target::Between(neighbour, next), at + 1),
                    None => continue,
                },
            };
            let wished = wished(&line, mover, to);
            let changes = changes(&line, mover, target, NOW).expect("moved");
            let after = apply(line.clone(), &changes);
            prop_assert_eq!(ids(&after), wished);
            prop_assert!(changes.is_empty() == (to == from), "what does not move is not written: {changes:?}");
            let priorities = |line: &[Place], but: JobId| {
                line.iter().filter(|place| place.job != but).map(|place| (place.job, place.priority)).collect::<Vec<_>>()
            };
            prop_assert_eq!(priorities(&line, mover), priorities(&after, mover), "only the moved job's priority may change");
            let alike = after.iter().filter(|place| Some(place.priority) == changes.first().map(|first| first.priority)).count();
            prop_assert!(changes.len() <= alike);
            line = after;
        }
    }

    #[test]
    fn where_there_is_room_one_row_is_written(count in 2_usize..30, from in 0_usize..30, to in 0_usize..30) {
        let line = queue(&(0..count).map(|number| (0, number as i64 * GAP)).collect::<Vec<_>>());
        let (from, to) = (from % count, to % count);
        let changes = changes(&line, line[from].job, Target::Before(line[to].job), NOW).expect("moved");
        prop_assert!(changes.len() <= 1);
    }
}
