//! The large parts of images and jobs: they come back as they were stored, and lists do without them.

use super::fixtures::{iso, job, minute};
use crate::support::databases::each_database;
use disk2iso::{
    domain::{
        ids::{IsoId, JobId},
        options::{HashKind, JobOptions, Verify},
        provenance::{DriveFacts, Provenance},
        result::{
            BadRange, Damage, DamagedFile, FileRole, ImageDetails, ReadStatistics, ScanResult, SpeedPoint, StoredFile, ToolRun,
            TrackResult,
        },
        verdict::VerifyEvidence,
    },
    storage::{
        StorageError,
        isos::{self, IsoFacts},
        jobs,
    },
};
use uuid::Uuid;

const TEXT: &str = "Ünïcødé 日本語 'quoted\" \\ % _ \n\ttab";

fn statistics() -> ReadStatistics {
    let point = SpeedPoint { start: u64::MAX >> 1, sectors: 16, bytes_per_second: 1.5, bad: 2 };
    ReadStatistics { sectors: 1, recovered: 2, unreadable: 3, resets: 4, curve: vec![point; 3] }
}

fn facts() -> IsoFacts {
    let track = TrackResult {
        number: 99,
        data: false,
        start: 150,
        sectors: 9,
        crc32: "00000000".to_owned(),
        sha256: "ab".repeat(32),
        accurate_rip: Some(["0".repeat(8), "1".repeat(8)]),
        test_matches: Some(false),
        unsettled: 1,
        unreadable: 2,
        isrc: Some("DEAB17012345".to_owned()),
    };
    let file = StoredFile {
        name: TEXT.to_owned(),
        role: FileRole::Cue,
        size: u64::MAX >> 1,
        hashes: HashKind::ALL.into_iter().map(|kind| (kind, "ff".to_owned())).collect(),
    };
    let damage = Damage {
        ranges: vec![BadRange { start: 7, count: 2 }],
        files: vec![DamagedFile { path: TEXT.to_owned(), size: 5, missing: 3 }],
        files_hit: 1,
        metadata: 2,
        unused: 3,
        listing_complete: true,
    };
    let tool = ToolRun { tool: "ddrescue".to_owned(), version: "1.27".to_owned(), command: vec![TEXT.to_owned(), String::new()] };
    IsoFacts {
        details: ImageDetails {
            files: vec![file],
            tracks: vec![track],
            damage: Some(damage),
            statistics: statistics(),
            tools: vec![tool],
            form: Some("audio_tracks".to_owned()),
        },
        provenance: Provenance {
            version: "1".to_owned(),
            host: TEXT.to_owned(),
            operator: "person".to_owned(),
            drives: vec![DriveFacts { id: "bus-1".to_owned(), serial: TEXT.to_owned(), ..DriveFacts::default() }],
            created_at: Some(minute(1)),
            started_at: Some(minute(2)),
            finished_at: Some(minute(3)),
            seconds: 1.25,
            bytes_per_second: 2.5,
            sectors_total: 77,
            options: JobOptions { verify: Some(Verify::Disc), ..JobOptions::default() },
            verify: VerifyEvidence { image_matches: Some(true), disc_unsettled: Some(3) },
            loss_accepted: true,
        },
    }
}

#[test]
fn details_and_provenance_come_back_as_they_were_stored_and_follow_the_entry() {
    each_database(|db, _| {
        let (maker, facts) = (job("x"), facts());
        let first = disk2iso::storage::isos::IsoRecord { job_id: Some(maker.id), mode: "clone".to_owned(), ..iso("a.iso") };
        db.write_blocking(|conn| {
            jobs::insert(conn, &maker)?;
            isos::publish(conn, &first, &facts)
        })
        .unwrap();
        assert_eq!(db.read_blocking(|conn| isos::get(conn, first.id)).unwrap().mode, "clone");
        assert_eq!(db.read_blocking(|conn| isos::facts(conn, first.id)), Ok(facts));
        let none = IsoFacts::default();
        db.write_blocking(|conn| isos::publish(conn, &first, &none)).unwrap();
        assert_eq!(db.read_blocking(|conn| isos::facts(conn, first.id)), Ok(none));
        assert_eq!(db.read_blocking(|conn| isos::facts(conn, IsoId(Uuid::nil()))), Err(StorageError::NotFound));
    });
}

#[test]
fn images_without_files_beside_them_are_found_until_those_say_what_the_entry_says() {
    each_database(|db, _| {
        let maker = job("x");
        let mut images: Vec<_> = ["a.iso", "b.iso", "c.iso"].map(iso).into();
        images[1].job_id = Some(maker.id);
        db.write_blocking(|conn| {
            jobs::insert(conn, &maker)?;
            images.iter().try_for_each(|image| isos::publish(conn, image, &IsoFacts::default()).map(drop))
        })
        .unwrap();
        let open = |after, limit| db.read_blocking(|conn| isos::without_sidecars(conn, after, limit)).unwrap();
        let all = open(0, 10);
        assert_eq!(all.iter().map(|(_, id)| *id).collect::<Vec<_>>(), images.iter().map(|image| image.id).collect::<Vec<_>>());
        assert_eq!(open(all[0].0, 1), [all[1]]);
        let written = |id, at| db.write_blocking(|conn| isos::sidecars_written(conn, id, at)).unwrap();
        written(images[1].id, minute(9));
        assert_eq!(open(0, 10).len(), 3, "they say what an older entry said");
        written(images[1].id, images[1].created_at);
        written(IsoId(Uuid::nil()), minute(0));
        assert_eq!(open(0, 10), [all[0], all[2]]);
        db.write_blocking(|conn| isos::publish(conn, &images[1], &IsoFacts::default())).unwrap();
        assert_eq!(open(0, 10).len(), 3, "what is entered again is written again");
    });
}

#[test]
fn the_result_of_a_scan_comes_back_and_survives_changes_of_its_job() {
    each_database(|db, _| {
        let scan = job("x");
        let result = ScanResult {
            sectors_total: u64::MAX >> 1,
            bad_sectors: 2,
            ranges: vec![BadRange { start: 1, count: 2 }],
            statistics: statistics(),
            seconds: 0.5,
        };
        db.write_blocking(|conn| jobs::insert(conn, &scan)).unwrap();
        let stored = || db.read_blocking(|conn| jobs::result(conn, scan.id));
        assert_eq!(stored(), Ok(None));
        db.write_blocking(|conn| jobs::set_result(conn, scan.id, &result)).unwrap();
        db.write_blocking(|conn| jobs::update(conn, &scan)).unwrap();
        assert_eq!(stored(), Ok(Some(result.clone())));
        let nobody = JobId(Uuid::nil());
        assert_eq!(db.write_blocking(|conn| jobs::set_result(conn, nobody, &result)), Err(StorageError::NotFound));
        assert_eq!(db.read_blocking(|conn| jobs::result(conn, nobody)), Err(StorageError::NotFound));
    });
}

#[test]
fn a_path_is_reserved_as_long_as_a_job_has_it() {
    each_database(|db, _| {
        let holder = disk2iso::storage::jobs::JobRecord { output_path: Some(TEXT.to_owned()), ..job("x") };
        let reserved = |path: &str| db.read_blocking(|conn| jobs::is_reserved(conn, path)).unwrap();
        assert!(!reserved(TEXT));
        db.write_blocking(|conn| jobs::insert(conn, &holder)).unwrap();
        assert!(reserved(TEXT) && !reserved("elsewhere"));
        db.write_blocking(|conn| jobs::delete(conn, holder.id)).unwrap();
        assert!(!reserved(TEXT));
    });
}
