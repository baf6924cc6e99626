//! The order of the queue, and how people change it.
//!
//! Jobs run by priority (larger first), then by position (smaller first), then by age. People move one job at a time to a place
//! that they see, so a job that is put between two others takes a priority between theirs: its own if that fits, the nearest one
//! otherwise. New jobs get the time of their creation as their position, in microseconds, so there is room between two
//! neighbours; where it is used up, the nearest neighbours are spread evenly, as few of them as possible.

use super::ids::JobId;
use serde::{Deserialize, Serialize};

/// Room between positions that are given anew.
const GAP: i64 = 1 << 20;
/// Least room on each side of a job after its neighbours were spread.
const ROOM: i128 = 16;

/// Where a waiting job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The job.
    pub job: JobId,
    /// Larger goes first.
    pub priority: i32,
    /// Among jobs of the same priority, smaller goes first.
    pub position: i64,
}

/// Where a job shall go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Before all others.
    Top,
    /// Before the one that is just before it.
    Up,
    /// After the one that is just after it.
    Down,
    /// After all others.
    Bottom,
    /// Just before this one.
    Before(JobId),
    /// Just after this one.
    After(JobId),
    /// Between these two, which must stand side by side (but for the job itself).
    Between(JobId, JobId),
}

/// Why a job cannot go there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotThere {
    /// The job itself does not wait.
    #[error("it does not wait in the queue any more")]
    NotQueued,
    /// The job beside which it shall stand does not wait.
    #[error("the job beside it does not wait in the queue any more")]
    NeighbourGone,
    /// The two jobs between which it shall stand have been parted.
    #[error("the queue was put in another order meanwhile")]
    Parted,
}

/// What has to be stored so that `job` stands where it shall; nothing if it stands there. `queue` is in order; `end` is the position
/// that a job would get that is created now.
///
/// # Errors
/// [`NotThere`] if the job or its new neighbours are not in the queue as they were seen.
pub fn changes(queue: &[Place], job: JobId, target: Target, end: i64) -> Result<Vec<Place>, NotThere> {
    let from = index(queue, job).ok_or(NotThere::NotQueued)?;
    let others: Vec<Place> = queue.iter().copied().filter(|place| place.job != job).collect();
    let to = slot(&others, from, target, job)?;
    if to == from {
        return Ok(Vec::new());
    }
    let (before, after) = (to.checked_sub(1).and_then(|at| others.get(at)), others.get(to));
    let mut moved = queue[from];
    // The one before has the larger priority, or the same.
    let (most, least) = (before.map_or(i32::MAX, |place| place.priority), after.map_or(i32::MIN, |place| place.priority));
    moved.priority = moved.priority.min(most).max(least);
    let alike = |place: &&Place| place.priority == moved.priority;
    let (left, right) = (before.filter(alike).map(|place| place.position), after.filter(alike).map(|place| place.position));
    match (left, right) {
        (None, None) => {}
        (None, Some(right)) => moved.position = right.saturating_sub(GAP),
        (Some(left), None) => moved.position = left.saturating_add(1).max(end),
        (Some(left), Some(right)) if right.saturating_sub(left) >= 2 => moved.position = left + (right - left) / 2,
        _ => return Ok(spread(&others, to, moved)),
    }
    Ok(vec![moved])
}

fn index(places: &[Place], job: JobId) -> Option<usize> {
    places.iter().position(|place| place.job == job)
}

/// Index among the others before which the job shall stand; `from` is its index now.
fn slot(others: &[Place], from: usize, target: Target, job: JobId) -> Result<usize, NotThere> {
    let of = |neighbour: JobId| match index(others, neighbour) {
        Some(at) => Ok(at),
        None if neighbour == job => Ok(from),
        None => Err(NotThere::NeighbourGone),
    };
    match target {
        Target::Top => Ok(0),
        Target::Up => Ok(from.saturating_sub(1)),
        Target::Down => Ok((from + 1).min(others.len())),
        Target::Bottom => Ok(others.len()),
        Target::Before(after) => of(after),
        Target::After(before) if before == job => Ok(from),
        Target::After(before) => of(before).map(|at| at + 1),
        Target::Between(before, after) => match (of(before)? + 1, of(after)?) {
            (left, right) if left == right => Ok(right),
            _ => Err(NotThere::Parted),
        },
    }
}

/// Puts `moved` at `to` and gives it and as few neighbours of its priority as possible new positions.
fn spread(others: &[Place], to: usize, moved: Place) -> Vec<Place> {
    let mut order = others.to_vec();
    order.insert(to, moved);
    let alike = |place: &Place| place.priority == moved.priority;
    let first = order.iter().position(alike).unwrap_or(to);
    let last = order.iter().rposition(alike).unwrap_or(to);
    let (mut low, mut high) = (to, to);
    loop {
        low = low.saturating_sub(1).max(first);
        high = (high + 1).min(last);
        let count = i128::try_from(high - low + 1).unwrap_or(i128::MAX - 1);
        // Beyond the ends there is as much room as is wanted.
        let wanted = (count + 1) * i128::from(GAP);
        let (left, right) = match (low > first, high < last) {
            (true, true) => (position(&order, low - 1), position(&order, high + 1)),
            (true, false) => (position(&order, low - 1), position(&order, low - 1) + wanted),
            (false, true) => (position(&order, high + 1) - wanted, position(&order, high + 1)),
            (false, false) => (position(&order, low), position(&order, low) + wanted),
        };
        let step = (right - left) / (count + 1);
        if step >= ROOM {
            let places = order[low..=high].iter().zip(1_i128..);
            let spread = places.map(|(place, nth)| Place { position: narrow(left + step * nth), ..*place });
            return spread.filter(|place| place.job == moved.job || !others.contains(place)).collect();
        }
    }
}

fn position(order: &[Place], at: usize) -> i128 {
    i128::from(order[at].position)
}

/// Positions are microseconds of this age, give or take some gaps.
fn narrow(position: i128) -> i64 {
    i64::try_from(position).unwrap_or(if position < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
#[path = "queue_order_tests.rs"]
mod tests;
