//! How fast a job was over its time: a bounded curve that gets coarser as it gets longer.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

use super::ids::JobId;

/// Most points of one curve.
pub const MAX_POINTS: usize = 300;
/// Curves that are kept, of running jobs and of those that ran last.
pub const MAX_JOBS: usize = 64;

/// Where a job stood at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SpeedSample {
    /// When.
    pub at: DateTime<Utc>,
    /// Bytes per second.
    pub bytes_per_second: f64,
    /// Bytes done by then.
    pub size_processed: u64,
}

/// One job's curve.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedHistory {
    samples: Vec<SpeedSample>,
    /// Least distance of two points; doubles each time the curve is full.
    every: TimeDelta,
}

impl Default for SpeedHistory {
    fn default() -> Self {
        Self { samples: Vec::new(), every: TimeDelta::seconds(1) }
    }
}

impl SpeedHistory {
    /// Adds a point, unless the one before is too near. A clock that was set back begins anew behind it.
    pub fn push(&mut self, sample: SpeedSample) {
        if self.samples.last().is_some_and(|last| sample.at >= last.at && sample.at - last.at < self.every) {
            return;
        }
        if self.samples.len() >= MAX_POINTS {
            self.thin();
        }
        let plausible = sample.bytes_per_second.is_finite() && sample.bytes_per_second >= 0.0;
        self.samples.push(SpeedSample { bytes_per_second: if plausible { sample.bytes_per_second } else { 0.0 }, ..sample });
    }

    /// The points, oldest first.
    pub fn samples(&self) -> &[SpeedSample] {
        &self.samples
    }

    #[allow(clippy::assign_op_pattern, reason = "a TimeDelta cannot be multiplied in place")]
    /// Two points become the later one with the mean of their speeds.
    fn thin(&mut self) {
        let pair = |pair: &[SpeedSample]| match pair {
            [a, b] => Some(SpeedSample { bytes_per_second: f64::midpoint(a.bytes_per_second, b.bytes_per_second), ..*b }),
            _ => pair.first().copied(),
        };
        self.samples = self.samples.chunks(2).filter_map(pair).collect();
        self.every = self.every * 2;
    }
}

/// The curves of the jobs that run and of those that ran last.
#[derive(Debug, Clone, Default)]
pub struct SpeedHistories(BTreeMap<JobId, SpeedHistory>);

impl SpeedHistories {
    /// Adds a point to a job's curve. Ids follow the time of their creation, so the oldest job goes when there is no room.
    pub fn push(&mut self, job: JobId, sample: SpeedSample) {
        self.0.entry(job).or_default().push(sample);
        while self.0.len() > MAX_JOBS {
            let oldest = self.0.keys().find(|id| **id != job).copied();
            if oldest.and_then(|id| self.0.remove(&id)).is_none() {
                break;
            }
        }
    }

    /// A job's curve; empty if nothing is known.
    pub fn of(&self, job: JobId) -> Vec<SpeedSample> {
        self.0.get(&job).map(|history| history.samples().to_vec()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, speed: f64) -> SpeedSample {
        let at = DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time");
        SpeedSample { at, bytes_per_second: speed, size_processed: u64::try_from(seconds.max(0)).expect("positive") }
    }

    #[test]
    fn a_long_job_keeps_its_whole_course_in_few_points() {
        let mut history = SpeedHistory::default();
        for second in 0..100_000 {
            history.push(at(second, 1000.0));
        }
        let samples = history.samples();
        assert!((MAX_POINTS / 2 - 1..=MAX_POINTS).contains(&samples.len()), "{}", samples.len());
        assert!(samples.is_sorted_by_key(|sample| sample.at));
        assert!(samples.iter().all(|sample| (sample.bytes_per_second - 1000.0).abs() < f64::EPSILON));
        let (first, last) = (samples[0].size_processed, samples[samples.len() - 1].size_processed);
        assert!(first < 1000 && last > 99_000, "{first} to {last}");
    }

    #[test]
    fn points_too_near_and_speeds_that_are_none_do_no_harm() {
        let mut history = SpeedHistory::default();
        for sample in [at(10, f64::NAN), at(10, 5.0), at(11, -1.0), at(5, 7.0)] {
            history.push(sample);
        }
        let speeds: Vec<f64> = history.samples().iter().map(|sample| sample.bytes_per_second).collect();
        assert_eq!(speeds, [0.0, 0.0, 7.0]);
    }

    #[test]
    fn only_the_newest_jobs_are_remembered() {
        let id = |number: u128| JobId(uuid::Uuid::from_u128(number));
        let mut all = SpeedHistories::default();
        for number in 0..=MAX_JOBS as u128 {
            all.push(id(number), at(1, 1.0));
        }
        assert!(all.of(id(0)).is_empty() && all.of(id(1)).len() == 1 && all.of(id(MAX_JOBS as u128)).len() == 1);
    }
}
