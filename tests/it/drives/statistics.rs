//! A drive's life in numbers, on both databases.

use crate::support::databases::each_database;
use chrono::{DateTime, TimeZone, Utc};
use disk2iso::{
    domain::{
        disc::Fingerprint,
        ids::{DriveId, JobId},
        job::JobState,
        result::{ReadStatistics, SpeedPoint},
        verdict::Verdict,
    },
    storage::{
        self, Connection, drive_stats,
        jobs::{JobKind, JobOrigin, JobRecord},
    },
};
use uuid::Uuid;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap()
}

fn job(conn: &mut Connection, drive: &str, disc: &str, state: JobState) {
    let mut job = JobRecord::new(JobId(Uuid::now_v7()), JobKind::Image, JobOrigin::Person, now());
    job.drive_id = Some(DriveId::new(drive));
    job.fingerprint = Some(Fingerprint(disc.to_owned()));
    disc.to_uppercase().clone_into(&mut job.disk_label);
    job.state = state;
    storage::jobs::insert(conn, &job).unwrap();
}

#[test]
fn what_jobs_cost_adds_up_over_a_drives_life() {
    each_database(|db, _| {
        let drive = DriveId::new("bus-1");
        let curve = vec![
            SpeedPoint { start: 0, sectors: 1_000, bytes_per_second: 2_048_000.0, bad: 0 },
            SpeedPoint { start: 359_000, sectors: 1_000, bytes_per_second: 4_096_000.0, bad: 10 },
        ];
        let statistics = ReadStatistics { sectors: 2_000, recovered: 3, unreadable: 10, resets: 1, curve };
        db.write_blocking(|conn| {
            drive_stats::record(conn, &drive, &statistics, "cd", 20.0, Verdict::Degraded, now())?;
            drive_stats::record(conn, &drive, &statistics, "cd", 10.0, Verdict::Complete, now())?;
            // A worker's numbers may be anything.
            let hostile = ReadStatistics { sectors: u64::MAX, ..ReadStatistics::default() };
            drive_stats::record(conn, &DriveId::new("bus-2"), &hostile, "dvd", f64::NAN, Verdict::Failed, now())?;
            drive_stats::record(conn, &DriveId::new("bus-2"), &hostile, "dvd", f64::NEG_INFINITY, Verdict::Failed, now())?;
            drive_stats::wedged(conn, &drive, now())
        })
        .unwrap();
        let life = db.read_blocking(|conn| drive_stats::get(conn, &drive)).unwrap();
        assert_eq!((life.jobs, life.verdicts["degraded"], life.verdicts["complete"], life.verdicts["failed"]), (2, 1, 1, 0));
        assert_eq!((life.sectors, life.recovered, life.unreadable, life.resets, life.wedged), (4_000, 6, 20, 2, 1));
        assert_eq!((life.seconds, life.seconds_per_job()), (30.0, Some(15.0)));
        let rings = &life.zones["cd"];
        assert_eq!(
            rings.iter().map(|ring| (ring.zone, ring.sectors, ring.bad)).collect::<Vec<_>>(),
            [(0, 2_000, 0), (9, 1_980, 20)]
        );
        assert_eq!(rings[1].bytes_per_second(), Some(4_096_000.0));
        let other = db.read_blocking(|conn| drive_stats::get(conn, &DriveId::new("bus-2"))).unwrap();
        assert_eq!((other.jobs, other.sectors, other.seconds), (2, u64::try_from(i64::MAX).unwrap(), 0.0));
        let none = db.read_blocking(|conn| drive_stats::get(conn, &DriveId::new("never seen"))).unwrap();
        assert_eq!((none.jobs, none.seconds_per_job(), none.verdicts.len()), (0, None, 5));
    });
}

#[test]
fn discs_that_one_drive_fails_and_another_reads_are_found() {
    let done = |verdict| JobState::Completed { verdict };
    each_database(|db, _| {
        db.write_blocking(|conn| {
            for (drive, disc, state) in [
                ("good", "a", done(Verdict::Complete)),
                ("bad", "a", done(Verdict::Degraded)),
                ("bad", "a", JobState::Failed),
                ("bad", "b", JobState::Failed),
                ("good", "c", done(Verdict::CompleteTrimmed)),
                ("bad", "c", done(Verdict::Incomplete)),
                // Both fail it, one reads it and nobody fails it, only cancelled: nothing to tell.
                ("good", "d", JobState::Failed),
                ("bad", "d", JobState::Failed),
                ("good", "e", done(Verdict::Complete)),
                ("bad", "e", JobState::Cancelled),
                ("bad", "f", done(Verdict::Complete)),
            ] {
                job(conn, drive, disc, state);
            }
            Ok(())
        })
        .unwrap();
        let told = |drive: &str| {
            let found = db.read_blocking(|conn| drive_stats::read_elsewhere(conn, &DriveId::new(drive))).unwrap();
            found.into_iter().map(|disc| (disc.label, disc.verdict, disc.other_drive.to_string())).collect::<Vec<_>>()
        };
        let row = |label: &str, verdict: &str| (label.to_owned(), verdict.to_owned(), "good".to_owned());
        assert_eq!(told("bad"), [row("C", "incomplete"), row("A", "failed")]);
        assert_eq!(told("good"), []);
    });
}
