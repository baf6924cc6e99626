//! Every record, and the rules that concern single rows.

use super::fixtures::{drive, iso, job, medium, minute};
use crate::support::databases::each_database;
use chrono::{SubsecRound, TimeDelta, Utc};
use disk2iso::{
    domain::{
        disc::Fingerprint,
        drive::{Drive, DriveReason, DriveState},
        event::{Level, NewEvent},
        ids::{DriveId, IsoId, JobId},
        job::{Decision, JobState, PauseReason, Phase, Stopping},
        progress::Progress,
        verdict::Verdict,
    },
    storage::{
        StorageError,
        drives::{self, DriveKind, DriveRecord},
        events::{self, EventFilter},
        isos::{self, IsoFacts, IsoRecord},
        jobs::{self, JobKind, JobOrigin, JobRecord},
        media, settings,
    },
};
use serde_json::json;
use uuid::Uuid;

const BIG: u64 = i64::MAX as u64;
const TEXT: &str = "Ünïcødé 日本語 🎞 'quoted\" \\ % _ \n\ttab";

fn full_job() -> JobRecord {
    JobRecord {
        kind: JobKind::Verify,
        mode: TEXT.to_owned(),
        origin: JobOrigin::Auto,
        options: json!({ "nested": { "nul": "\0", "list": [1, null, TEXT] } }),
        priority: i32::MIN,
        device: TEXT.to_owned(),
        media_session: Some(BIG),
        medium: Some(medium(TEXT)),
        fingerprint: Some(Fingerprint("0".repeat(32))),
        disk_type: String::new(),
        iso_id: Some(IsoId(Uuid::max())),
        requested_name: Some(TEXT.to_owned()),
        output_dir: TEXT.to_owned(),
        output_path: Some(TEXT.to_owned()),
        message: Some(String::new()),
        error_code: Some(TEXT.to_owned()),
        attempts: u32::MAX,
        decision: Some(Decision::OtherDrive),
        progress: Progress { size_total: BIG, size_processed: BIG, speed: 1.0e300, error_count: BIG },
        md5: Some("m".to_owned()),
        sha256: Some("s".to_owned()),
        lease_owner: Some(TEXT.to_owned()),
        lease_until: Some(minute(1)),
        created_at: Utc::now().trunc_subsecs(6),
        started_at: Some(minute(-100_000_000)),
        completed_at: Some(minute(100_000_000)),
        updated_at: minute(3) + TimeDelta::microseconds(1),
        revision: i64::MAX - 1,
        ..job(TEXT)
    }
}

#[test]
fn jobs_come_back_as_they_were_stored() {
    each_database(|db, _| {
        let states = [
            JobState::Queued,
            JobState::Running { phase: Phase::Rescuing, stopping: Some(Stopping::Requeue) },
            JobState::Running { phase: Phase::Publishing, stopping: None },
            JobState::Paused { reason: PauseReason::MediumRemoved },
            JobState::Completed { verdict: Verdict::CompleteTrimmed },
            JobState::Failed,
            JobState::Cancelled,
        ];
        for (n, state) in (0..).zip(states) {
            let mut record = JobRecord { state, output_path: Some(format!("/{n}")), media_session: Some(BIG - n), ..full_job() };
            record.id = JobId(Uuid::now_v7());
            db.write_blocking(|conn| jobs::insert(conn, &record)).unwrap();
            assert_eq!(db.read_blocking(|conn| jobs::get(conn, record.id)), Ok(record.clone()));
            assert_eq!(db.write_blocking(|conn| jobs::update(conn, &record)), Ok(()));
            record.revision += 1;
            if !matches!(state, JobState::Running { .. }) {
                (record.lease_owner, record.lease_until) = (None, None);
            }
            assert_eq!(db.read_blocking(|conn| jobs::get(conn, record.id)), Ok(record));
        }
        let empty = JobRecord { drive_id: None, media_session: None, device: String::new(), ..job("") };
        db.write_blocking(|conn| jobs::insert(conn, &empty)).unwrap();
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, empty.id)), Ok(empty));
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, JobId(Uuid::nil()))), Err(StorageError::NotFound));
    });
}

#[test]
fn values_that_no_column_can_hold_are_refused_or_made_harmless() {
    each_database(|db, _| {
        let too_big = Progress { size_total: BIG + 1, ..Progress::default() };
        let refused = db.write_blocking(|conn| jobs::insert(conn, &JobRecord { progress: too_big, ..job("x") }));
        assert!(matches!(refused, Err(StorageError::Invalid(_))), "{refused:?}");
        let odd = Progress { speed: f64::NAN, ..Progress::default() };
        let record = JobRecord { progress: odd, message: Some("a\0b".to_owned()), ..job("x") };
        db.write_blocking(|conn| jobs::insert(conn, &record)).unwrap();
        let stored = db.read_blocking(|conn| jobs::get(conn, record.id)).unwrap();
        assert_eq!((stored.progress.speed, stored.message.as_deref()), (0.0, Some("a\u{fffd}b")));
    });
}

#[test]
fn a_stale_job_cannot_be_stored() {
    each_database(|db, _| {
        let first = job("x");
        db.write_blocking(|conn| jobs::insert(conn, &first)).unwrap();
        let mut second = first.clone();
        second.priority = 7;
        db.write_blocking(|conn| jobs::update(conn, &second)).unwrap();
        let stale = db.write_blocking(|conn| jobs::update(conn, &JobRecord { priority: 9, ..first.clone() }));
        assert!(matches!(stale, Err(StorageError::Conflict(_))), "{stale:?}");
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, first.id)).unwrap().priority, 7);
        db.write_blocking(|conn| jobs::delete(conn, first.id)).unwrap();
        assert_eq!(db.write_blocking(|conn| jobs::update(conn, &first)), Err(StorageError::NotFound));
        assert_eq!(db.write_blocking(|conn| jobs::delete(conn, first.id)), Err(StorageError::NotFound));
    });
}

#[test]
fn one_of_many_claims_a_job_and_only_its_owner_keeps_it() {
    each_database(|db, _| {
        let record = job("x");
        db.write_blocking(|conn| jobs::insert(conn, &record)).unwrap();
        let claim = |owner: &str| db.write_blocking(|conn| jobs::claim(conn, record.id, owner, minute(9), minute(1))).unwrap();
        let winners = std::thread::scope(|scope| {
            let threads = ["a", "b", "c", "d"].map(|owner| scope.spawn(move || claim(owner)));
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(winners, 1);
        let mut claimed = db.read_blocking(|conn| jobs::get(conn, record.id)).unwrap();
        assert_eq!(claimed.state, JobState::Running { phase: Phase::Analyzing, stopping: None });
        assert_eq!((claimed.lease_until, claimed.started_at, claimed.revision), (Some(minute(9)), Some(minute(1)), 1));

        let owner = claimed.lease_owner.clone().unwrap();
        let renew = |owner: &str| db.write_blocking(|conn| jobs::renew_lease(conn, record.id, owner, minute(20))).unwrap();
        assert!(renew(&owner) && !renew("somebody else"));
        let progress = Progress { size_total: 10, size_processed: 5, speed: 2.5, error_count: 1 };
        let store = || db.write_blocking(|conn| jobs::set_progress(conn, record.id, &progress, minute(3))).unwrap();
        assert!(store());
        let stored = db.read_blocking(|conn| jobs::get(conn, record.id)).unwrap();
        assert_eq!((stored.progress, stored.revision, stored.updated_at), (progress, 1, minute(3)));

        // A holder of the record from before lease and progress may store its state: the lease stays.
        claimed.state = JobState::Running { phase: Phase::Reading, stopping: None };
        db.write_blocking(|conn| jobs::update(conn, &claimed)).unwrap();
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, record.id)).unwrap().lease_until, Some(minute(20)));
        claimed.revision += 1;
        claimed.state = JobState::Queued;
        db.write_blocking(|conn| jobs::update(conn, &claimed)).unwrap();
        assert!(!store() && !renew(&owner), "not running any more");
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, record.id)).unwrap().lease_owner, None);
        assert!(claim("e"), "and can be claimed again");
        assert_eq!(db.read_blocking(|conn| jobs::get(conn, record.id)).unwrap().started_at, Some(minute(1)), "the first start");
    });
}

#[test]
fn a_media_session_has_one_automatic_job_and_a_path_one_job() {
    each_database(|db, _| {
        let auto = |session| JobRecord { origin: JobOrigin::Auto, media_session: Some(session), ..job("x") };
        let at = |path: &str| JobRecord { output_path: Some(path.to_owned()), ..job("x") };
        db.write_blocking(|conn| {
            jobs::insert(conn, &auto(1))?;
            assert_eq!(jobs::insert(conn, &auto(1)), Err(StorageError::Unique("media_session".to_owned())));
            // The transaction goes on after an error that was dealt with.
            jobs::insert(conn, &auto(2))?;
            jobs::insert(conn, &job("a person's, same session"))?;
            jobs::insert(conn, &job("another"))?;
            jobs::insert(conn, &at("/a.iso"))?;
            assert_eq!(jobs::insert(conn, &at("/a.iso")), Err(StorageError::Unique("output_path".to_owned())));
            let mut other = at("/b.iso");
            jobs::insert(conn, &other)?;
            let twin = JobRecord { output_path: None, ..other.clone() };
            assert_eq!(jobs::insert(conn, &twin), Err(StorageError::Unique("id".to_owned())));
            other.output_path = Some("/a.iso".to_owned());
            assert_eq!(jobs::update(conn, &other), Err(StorageError::Unique("output_path".to_owned())));
            other.output_path = Some("/A.iso".to_owned());
            jobs::update(conn, &other)
        })
        .unwrap();
        assert_eq!(db.read_blocking(jobs::unfinished).unwrap().len(), 6);
    });
}

#[test]
fn the_dispatcher_finds_its_jobs() {
    each_database(|db, _| {
        let (bus, disc) = (DriveId::new("bus-1"), Fingerprint("abc".to_owned()));
        let running = JobState::Running { phase: Phase::Reading, stopping: None };
        let low = JobRecord {
            created_at: minute(1),
            position: minute(1).timestamp_micros(),
            fingerprint: Some(disc.clone()),
            ..job("low")
        };
        let high = JobRecord { created_at: minute(2), priority: 5, ..job("high") };
        let old = JobRecord { created_at: minute(0), kind: JobKind::Verify, ..job("old") };
        let busy = JobRecord { state: running, drive_id: Some(DriveId::new("bus-2")), ..job("busy") };
        let over = JobRecord { state: JobState::Failed, fingerprint: Some(Fingerprint("def".to_owned())), ..job("over") };
        for record in [&low, &high, &old, &busy, &over] {
            db.write_blocking(|conn| jobs::insert(conn, record)).unwrap();
        }
        db.read_blocking(|conn| {
            let labels = |records: Vec<JobRecord>| records.into_iter().map(|record| record.disk_label).collect::<Vec<_>>();
            assert_eq!(labels(jobs::queued(conn)?), ["high", "old", "low"]);
            assert_eq!(labels(jobs::unfinished(conn)?), ["high", "old", "busy", "low"]);
            assert_eq!(jobs::running_for_drive(conn, &bus)?, None);
            assert_eq!(jobs::running_for_drive(conn, &DriveId::new("bus-2"))?, Some(busy.clone()));
            assert!(jobs::wanting_disc(conn, &bus, &disc)?);
            assert!(!jobs::wanting_disc(conn, &DriveId::new("bus-2"), &disc)?);
            assert!(!jobs::wanting_disc(conn, &bus, &Fingerprint("def".to_owned()))?, "that job is over");
            let counts = jobs::counts_by_status(conn)?;
            assert_eq!(
                counts.into_iter().collect::<Vec<_>>(),
                [("failed".to_owned(), 1), ("queued".to_owned(), 3), ("running".to_owned(), 1)]
            );
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn publishing_twice_keeps_one_image_and_its_id() {
    each_database(|db, _| {
        let maker = job("x");
        let print = Fingerprint("abc".to_owned());
        let first = IsoRecord {
            job_id: Some(maker.id),
            size: BIG,
            bad_sectors: BIG,
            map_path: Some(TEXT.to_owned()),
            md5sum: Some("m".to_owned()),
            sha256sum: Some("s".to_owned()),
            fingerprint: Some(print.clone()),
            medium: Some(medium(TEXT)),
            verdict: Verdict::Degraded,
            reasons: json!(["unreadable_sectors"]),
            ..iso(TEXT)
        };
        db.write_blocking(|conn| jobs::insert(conn, &maker)).unwrap();
        assert_eq!(db.write_blocking(|conn| isos::publish(conn, &first, &IsoFacts::default())), Ok(first.clone()));
        assert_eq!(db.read_blocking(|conn| isos::archived(conn, &print)), Ok(None), "not a good one");
        let again = IsoRecord { id: IsoId(Uuid::now_v7()), verdict: Verdict::Complete, ..first.clone() };
        let stored = db.write_blocking(|conn| isos::publish(conn, &again, &IsoFacts::default())).unwrap();
        assert_eq!(stored, IsoRecord { id: first.id, ..again.clone() });
        assert_eq!(db.read_blocking(|conn| isos::get(conn, again.id)), Err(StorageError::NotFound));
        assert_eq!(db.read_blocking(|conn| isos::archived(conn, &print)), Ok(Some(stored.clone())));
        let thief = db.write_blocking(|conn| isos::publish(conn, &iso(TEXT), &IsoFacts::default()));
        assert_eq!(thief, Err(StorageError::Unique("filepath".to_owned())));

        db.write_blocking(|conn| isos::set_verified(conn, first.id, false, minute(5))).unwrap();
        assert_eq!(db.read_blocking(|conn| isos::by_job(conn, maker.id)).unwrap().unwrap().verify_ok, Some(false));
        db.write_blocking(|conn| jobs::delete(conn, maker.id)).unwrap();
        let left = db.read_blocking(|conn| isos::get(conn, first.id)).unwrap();
        assert_eq!(left, IsoRecord { job_id: None, verified_at: Some(minute(5)), verify_ok: Some(false), ..stored });
        db.write_blocking(|conn| isos::delete(conn, first.id)).unwrap();
        assert_eq!(db.write_blocking(|conn| isos::delete(conn, first.id)), Err(StorageError::NotFound));
        let nowhere = db.write_blocking(|conn| isos::set_verified(conn, first.id, true, minute(5)));
        assert_eq!(nowhere, Err(StorageError::NotFound));
    });
}

#[test]
fn drives_come_back_in_every_state() {
    each_database(|db, _| {
        let reason = DriveReason::TrayOpen;
        let states = [
            DriveState::Initializing,
            DriveState::WaitingForDrive,
            DriveState::DriveDetected,
            DriveState::WaitingForMedia { reason },
            DriveState::MediaDetected,
            DriveState::Analyzing,
            DriveState::Idle { reason },
            DriveState::Copying { job: JobId(Uuid::now_v7()) },
            DriveState::Completed { verdict: Verdict::Incomplete },
            DriveState::WaitingForRemoval { reason: DriveReason::AlreadyArchived },
            DriveState::Error { reason: DriveReason::Wedged },
        ];
        for state in states {
            let disc = Some(Fingerprint(TEXT.to_owned()));
            let record = DriveRecord {
                kind: DriveKind::Virtual,
                path: TEXT.to_owned(),
                drive: Drive { state, session: BIG, disc, insertion: Some(BIG), offered: true },
                medium: Some(medium(TEXT)),
                seen_at: minute(7),
                created_at: minute(9),
                ..drive("bus-1")
            };
            db.write_blocking(|conn| drives::upsert(conn, &record)).unwrap();
            assert_eq!(db.read_blocking(|conn| drives::get(conn, &record.id)), Ok(record));
        }
        let fresh = drive("bus-0");
        db.write_blocking(|conn| drives::upsert(conn, &fresh)).unwrap();
        let all = db.read_blocking(drives::list).unwrap();
        assert_eq!(all.iter().map(|drive| drive.id.as_str()).collect::<Vec<_>>(), ["bus-0", "bus-1"]);
        assert_eq!(all[0], fresh);
        db.write_blocking(|conn| drives::upsert(conn, &DriveRecord { created_at: minute(99), ..drive("bus-1") })).unwrap();
        let known = db.read_blocking(|conn| drives::get(conn, &DriveId::new("bus-1"))).unwrap();
        assert_eq!((known.created_at, known.medium), (minute(9), None));
        assert_eq!(db.read_blocking(|conn| drives::get(conn, &DriveId::new("no"))), Err(StorageError::NotFound));
    });
}

#[test]
fn discs_and_settings_are_remembered() {
    each_database(|db, _| {
        let (disc, bus) = (medium(TEXT), DriveId::new("bus-1"));
        db.write_blocking(|conn| media::seen(conn, &disc, &bus, minute(1))).unwrap();
        let seen = db.write_blocking(|conn| media::seen(conn, &disc, &DriveId::new("bus-2"), minute(2))).unwrap();
        assert_eq!((seen.first_seen, seen.last_seen, seen.times_seen), (minute(1), minute(2), 2));
        assert_eq!((seen.label.as_str(), seen.kind, seen.profile, seen.sectors), (TEXT, disc.kind, disc.profile, 1000));
        assert_eq!(db.read_blocking(|conn| media::get(conn, &disc.fingerprint)), Ok(Some(seen)));
        assert_eq!(db.read_blocking(|conn| media::get(conn, &Fingerprint("no".to_owned()))), Ok(None));

        for value in [json!({ "a": TEXT }), json!(null), json!(1.5)] {
            db.write_blocking(|conn| settings::set(conn, TEXT, &value)).unwrap();
            assert_eq!(db.read_blocking(|conn| settings::get(conn, TEXT)), Ok(Some(value)));
        }
        assert_eq!(db.read_blocking(|conn| settings::get(conn, "")), Ok(None));
        assert_eq!(db.read_blocking(settings::all).unwrap().len(), 1);
    });
}

#[test]
fn events_are_found_by_what_they_are_about() {
    each_database(|db, _| {
        let (job, iso, bus) = (JobId(Uuid::now_v7()), IsoId(Uuid::now_v7()), DriveId::new("bus-1"));
        let new = [
            NewEvent::new("job.created", Level::Info, TEXT).job(job).payload(json!({ "nul": "\0" })),
            NewEvent::new("job.failed", Level::Error, "").job(job).drive(&bus),
            NewEvent::new("job_x", Level::Warning, "wildcards are no wildcards").iso(iso),
            NewEvent::new("drive.state_changed", Level::Info, "").drive(&bus),
        ];
        assert_eq!(db.read_blocking(events::last_seq), Ok(0));
        let at = minute(0) + TimeDelta::microseconds(999_999);
        let stored: Vec<_> =
            new.iter().map(|event| db.write_blocking(|conn| events::append(conn, "höst", at, event)).unwrap()).collect();
        assert!(stored.iter().zip(&new).all(|(event, new)| event.event == *new && event.at == at && event.node == "höst"));
        assert_eq!(db.read_blocking(events::last_seq), Ok(stored[3].seq));

        let all = EventFilter::default();
        let since =
            |after, limit, filter: &EventFilter| db.read_blocking(|conn| events::since(conn, after, limit, filter)).unwrap();
        assert_eq!(since(0, 99, &all), stored);
        assert_eq!(since(stored[0].seq, 2, &all), stored[1..3]);
        let latest =
            |limit, before, filter: &EventFilter| db.read_blocking(|conn| events::latest(conn, limit, before, filter)).unwrap();
        assert_eq!(latest(2, None, &all), [stored[3].clone(), stored[2].clone()]);
        assert_eq!(latest(2, Some(stored[2].seq), &all), [stored[1].clone(), stored[0].clone()]);

        let found = |filter: EventFilter| -> Vec<usize> {
            since(0, 99, &filter).iter().map(|event| stored.iter().position(|s| s == event).unwrap()).collect()
        };
        let level = |level| EventFilter { level_at_least: Some(level), ..EventFilter::default() };
        let kind = |prefix: &str| EventFilter { kind_prefix: Some(prefix.to_owned()), ..EventFilter::default() };
        assert_eq!(found(EventFilter { job_id: Some(job), ..level(Level::Warning) }), [1]);
        assert_eq!(found(EventFilter { drive_id: Some(bus.clone()), ..all.clone() }), [1, 3]);
        assert_eq!(found(EventFilter { iso_id: Some(iso), ..all.clone() }), [2]);
        assert_eq!(found(level(Level::Info)), [0, 1, 2, 3]);
        assert_eq!(found(level(Level::Warning)), [1, 2]);
        assert_eq!(found(level(Level::Error)), [1]);
        assert_eq!(found(kind("job.")), [0, 1]);
        assert_eq!(found(kind("job")), [0, 1, 2]);
        assert_eq!(found(kind("JOB.")), [0_usize; 0]);
        assert_eq!(found(kind("%\0")), [0_usize; 0]);
    });
}
