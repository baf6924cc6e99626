//! The library's lists, trash and renaming in the database, and that none of it slows down with 100,000 images.

use super::fixtures::{iso, job, minute};
use crate::support::databases::{Database, each_database};
use diesel::connection::SimpleConnection;
use disk2iso::{
    domain::{
        disc::Fingerprint,
        job::JobState,
        result::{FileRole, ImageDetails, StoredFile},
        verdict::Verdict,
    },
    storage::{
        Connection, Db, Page, StorageError,
        isos::{self, IsoFacts, IsoFilter, IsoRecord, NewName},
        jobs::{self, JobKind, JobRecord},
    },
};

fn publish(db: &Db, record: &IsoRecord) {
    db.write_blocking(|conn| isos::publish(conn, record, &IsoFacts::default())).unwrap();
}

fn found(db: &Db, filter: &IsoFilter, sort: &str) -> String {
    let page = Page { sort: Some(sort.parse().unwrap()), ..Page::default() };
    let items = db.read_blocking(|conn| isos::list(conn, filter, &page)).unwrap().items;
    items.iter().map(|iso| iso.filename.trim_end_matches(".iso")).collect()
}

#[test]
fn sizes_checks_and_the_trash_filter_and_are_counted() {
    each_database(|db, _| {
        let images: Vec<IsoRecord> = (0..6_u64)
            .map(|n| IsoRecord {
                size: n * 1000,
                created_at: minute(n.cast_signed()),
                disk_label: "disc".to_owned(),
                ..iso(&format!("{}.iso", ["a", "b", "c", "d", "e", "f"][n as usize]))
            })
            .collect();
        images.iter().for_each(|image| publish(&db, image));
        let all = IsoFilter::default;
        assert_eq!(found(&db, &IsoFilter { min_size: Some(2000), ..all() }, "created_at"), "cdef");
        assert_eq!(found(&db, &IsoFilter { min_size: Some(2000), max_size: Some(4000), ..all() }, "-size"), "edc");
        assert_eq!(found(&db, &IsoFilter { max_size: Some(999), q: Some("disc".to_owned()), ..all() }, "label"), "a");
        assert_eq!(found(&db, &IsoFilter { min_size: Some(u64::MAX), ..all() }, "size"), "");
        let at = minute(100);
        db.write_blocking(|conn| {
            isos::set_verified(conn, images[0].id, true, at)?;
            isos::set_verified(conn, images[1].id, false, at)
        })
        .unwrap();
        let check = |word: &str| IsoFilter { check: Some(word.to_owned()), ..all() };
        assert_eq!(["never", "passed", "failed"].map(|word| found(&db, &check(word), "created_at")), ["cdef", "a", "b"]);

        // Into the trash and back.
        let (c, d) = (images[2].id, images[3].id);
        db.write_blocking(|conn| {
            assert!(isos::trash(conn, c, at)? && isos::trash(conn, d, at)? && !isos::trash(conn, c, minute(200))?);
            assert!(isos::trash(conn, images[4].id, minute(101))?);
            Ok(())
        })
        .unwrap();
        let trash = IsoFilter { trash: true, ..all() };
        assert_eq!((found(&db, &all(), "created_at"), found(&db, &trash, "filename")), ("abf".to_owned(), "cde".to_owned()));
        let count = |trash| db.read_blocking(|conn| isos::total(conn, trash)).map(|tally| (tally.images, tally.bytes)).unwrap();
        assert_eq!((count(false), count(true)), ((3, 6000), (3, 9000)));
        let tally = |filter: &IsoFilter, most| db.read_blocking(|conn| isos::tally(conn, filter, most)).unwrap();
        let some = tally(&IsoFilter { min_size: Some(1000), ..all() }, 10);
        assert_eq!((some.images, some.bytes, some.more), (2, 6000, false));
        let few = tally(&IsoFilter { q: Some("DISC".to_owned()), ..all() }, 2);
        assert_eq!((few.images, few.more), (2, true));
        assert_eq!(tally(&IsoFilter { q: Some("no such".to_owned()), ..all() }, 2).images, 0);
        assert_eq!(db.read_blocking(|conn| isos::outdated(conn, minute(101), 10)).unwrap(), [c, d]);
        let back = db.write_blocking(|conn| isos::restore_all(conn, at)).unwrap();
        assert_eq!((back.len(), found(&db, &all(), "created_at").as_str()), (2, "abcdf"));
        assert!(db.write_blocking(|conn| isos::restore(conn, images[4].id)).unwrap());
        assert!(!db.write_blocking(|conn| isos::restore(conn, images[4].id)).unwrap());
        db.write_blocking(|conn| isos::delete(conn, c)).unwrap();
        assert_eq!(db.write_blocking(|conn| isos::trash(conn, c, at)), Err(StorageError::NotFound));
        assert_eq!(db.write_blocking(|conn| isos::restore(conn, c)), Err(StorageError::NotFound));
    });
}

#[test]
fn what_is_in_the_trash_is_not_archived_but_a_copy_and_a_new_run_brings_it_back() {
    each_database(|db, _| {
        let disc = Fingerprint("d".repeat(32));
        let maker = job("maker");
        db.write_blocking(|conn| jobs::insert(conn, &maker)).unwrap();
        let image = IsoRecord { fingerprint: Some(disc.clone()), job_id: Some(maker.id), ..iso("one.iso") };
        let other = IsoRecord { fingerprint: Some(disc.clone()), verdict: Verdict::Degraded, ..iso("two.iso") };
        publish(&db, &image);
        publish(&db, &other);
        let archived = || db.read_blocking(|conn| isos::archived(conn, &disc)).unwrap().map(|iso| iso.filename);
        assert_eq!(archived().as_deref(), Some("one.iso"));
        db.write_blocking(|conn| isos::trash(conn, image.id, minute(1))).unwrap();
        assert_eq!(archived(), None);
        let copies = db.read_blocking(|conn| isos::same_disc(conn, &disc, other.id, 5)).unwrap();
        assert_eq!((copies.len(), copies[0].trashed_at), (1, Some(minute(1))));
        publish(&db, &image);
        assert_eq!(archived().as_deref(), Some("one.iso"));
    });
}

#[test]
fn a_renaming_is_stored_before_and_taken_out_with_the_last_change() {
    each_database(|db, _| {
        let done = JobState::Completed { verdict: Verdict::Complete };
        let maker = JobRecord { output_path: Some("/srv/images/old.iso".to_owned()), state: done, ..job("maker") };
        let rival = JobRecord { output_path: Some("/srv/images/rival.iso".to_owned()), ..job("rival") };
        let image = IsoRecord { job_id: Some(maker.id), ..iso("old.iso") };
        db.write_blocking(|conn| jobs::insert(conn, &maker).and_then(|()| jobs::insert(conn, &rival))).unwrap();
        publish(&db, &image);
        publish(&db, &iso("taken.iso"));
        let begin = |name: &str| {
            let path = format!("/srv/images/{name}.iso");
            db.write_blocking(|conn| isos::begin(conn, image.id, name, &path))
        };
        assert_eq!(begin("rival"), Err(StorageError::Unique("output_path".to_owned())));
        assert_eq!(db.read_blocking(isos::under_way).unwrap(), [], "nothing was kept");
        begin("new").unwrap();
        assert_eq!(db.read_blocking(isos::under_way).unwrap(), [(image.id, "new".to_owned())]);
        let path_of = |job: &JobRecord| db.read_blocking(|conn| jobs::get(conn, job.id)).unwrap().output_path;
        assert_eq!(path_of(&maker).as_deref(), Some("/srv/images/new.iso"));
        let new = |name: &str| {
            let file = StoredFile { name: name.to_owned(), role: FileRole::Iso, size: 5, hashes: Default::default() };
            NewName {
                filename: name.to_owned(),
                filepath: format!("/srv/images/{name}"),
                map_path: None,
                size: 5,
                facts: IsoFacts { details: ImageDetails { files: vec![file], ..Default::default() }, ..Default::default() },
            }
        };
        let taken = db.write_blocking(|conn| isos::finish(conn, image.id, &new("taken.iso")));
        assert_eq!(taken, Err(StorageError::Unique("filepath".to_owned())));
        db.write_blocking(|conn| isos::finish(conn, image.id, &new("new.iso"))).unwrap();
        let stored = db.read_blocking(|conn| isos::get(conn, image.id)).unwrap();
        assert_eq!((stored.filename.as_str(), stored.filepath.as_str(), stored.size), ("new.iso", "/srv/images/new.iso", 5));
        assert_eq!(db.read_blocking(|conn| isos::facts(conn, image.id)).unwrap().details.files[0].name, "new.iso");
        assert_eq!(found(&db, &IsoFilter { q: Some("images/new".to_owned()), ..IsoFilter::default() }, "filename"), "new");
        assert_eq!(db.read_blocking(isos::under_way).unwrap(), []);
        let open = db.read_blocking(|conn| isos::without_sidecars(conn, 0, 10)).unwrap();
        assert!(open.iter().any(|(_, id)| *id == image.id), "what lies beside it is written anew");
        begin("third").unwrap();
        db.write_blocking(|conn| isos::abandon(conn, image.id, "/srv/images/new.iso")).unwrap();
        assert_eq!(path_of(&maker).as_deref(), Some("/srv/images/new.iso"));
    });
}

#[test]
fn jobs_that_work_with_an_image_are_found() {
    each_database(|db, _| {
        let maker = job("maker");
        db.write_blocking(|conn| jobs::insert(conn, &maker)).unwrap();
        let image = IsoRecord { job_id: Some(maker.id), ..iso("a.iso") };
        publish(&db, &image);
        let in_use = || db.read_blocking(|conn| isos::is_in_use(conn, &image)).unwrap();
        assert!(in_use(), "its maker waits to run again");
        let done = JobState::Completed { verdict: Verdict::Complete };
        db.write_blocking(|conn| jobs::update(conn, &JobRecord { state: done, ..maker.clone() })).unwrap();
        assert!(!in_use());
        assert_eq!(db.read_blocking(|conn| isos::last_check(conn, image.id)).unwrap(), None);
        let check = JobRecord { kind: JobKind::Verify, iso_id: Some(image.id), ..job("check") };
        db.write_blocking(|conn| jobs::insert(conn, &check)).unwrap();
        assert!(in_use());
        assert_eq!(db.read_blocking(|conn| isos::last_check(conn, image.id)).unwrap().map(|job| job.id), Some(check.id));
    });
}

/// 100,000 images in the database itself; every 20th in the trash, every 10,000th huge.
fn fill(db: &Db) {
    for from in (1..100_000).step_by(10_000) {
        db.write_blocking(|conn: &mut Connection| {
            let (newline, time) = match conn {
                Connection::Sqlite(_) => ("char(10)", "strftime('%Y-%m-%d %H:%M:%f', '2020-01-01', '+' || i || ' minutes')"),
                Connection::Pg(_) => ("chr(10)", "timestamp '2020-01-01' + i * interval '1 minute'"),
            };
            let sql = format!(
                "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {from} + 9999)
                 INSERT INTO isos (id, filename, filepath, size, disk_type, disk_label, verdict, reasons, bad_sectors, created_at,
                    label_key, search, mode, trashed_at, check_state)
                 SELECT '00000000-0000-7000-8000-' || substr('000000000000' || i, length('' || i) + 1), 'image ' || i || '.iso',
                    '/srv/images/image ' || i || '.iso', CASE WHEN i % 10000 = 7 THEN 90000000000 ELSE 650000000 + i END,
                    CASE WHEN i % 3 = 0 THEN 'data_cd' ELSE 'data_dvd' END, 'disc ' || i, CASE WHEN i % 50 = 0 THEN 'degraded' ELSE 'complete' END,
                    '[]', 0, {time}, 'disc ' || i, 'disc ' || i || {newline} || '/srv/images/image ' || i || '.iso', 'standard',
                    CASE WHEN i % 20 = 0 THEN {time} END, CASE WHEN i % 9999 = 0 THEN 'failed' ELSE 'never' END FROM n"
            );
            Ok(conn.batch_execute(&sql)?)
        })
        .unwrap();
    }
}

fn is_scan(plan: &str) -> bool {
    plan.lines().any(|line| {
        let line = line.trim_start_matches([' ', '-', '>', '|', '`']);
        line.contains("Seq Scan on isos") || line == "SCAN isos"
    })
}

#[test]
fn no_page_of_a_hundred_thousand_images_looks_at_all_of_them() {
    for database in Database::both() {
        let db = database.migrated();
        fill(&db);
        let sqlite = database.url.starts_with("sqlite");
        let all = IsoFilter::default;
        let some = |text: &str| Some(text.to_owned());
        let requests = [
            ("first page", all(), "-created_at"),
            ("by size", all(), "-size"),
            ("by label", all(), "label"),
            ("the trash", IsoFilter { trash: true, ..all() }, "-created_at"),
            ("kind", IsoFilter { disk_type: some("data_cd"), ..all() }, "-created_at"),
            ("few checks failed", IsoFilter { check: some("failed"), ..all() }, "-created_at"),
            ("few large ones", IsoFilter { min_size: Some(5_000_000_000), ..all() }, "-created_at"),
            ("few large ones, by size", IsoFilter { min_size: Some(5_000_000_000), ..all() }, "size"),
            ("many sizes, by size", IsoFilter { min_size: Some(1), max_size: Some(700_000_000), ..all() }, "-size"),
            ("search and size", IsoFilter { q: some("disc 10007"), min_size: Some(1), ..all() }, "-created_at"),
        ];
        for analyzed in if sqlite { vec![false, true] } else { vec![true] } {
            if analyzed {
                db.write_blocking(|conn| Ok(conn.batch_execute("ANALYZE")?)).unwrap();
            }
            for (name, filter, sort) in &requests {
                let page = Page { sort: Some(sort.parse().unwrap()), ..Page::default() };
                let plans = db.read_blocking(|conn| isos::explain(conn, filter, &page)).unwrap();
                assert!(!plans.iter().any(|plan| is_scan(plan)), "{name}, analyzed {analyzed}: {}", plans.join("\n--\n"));
            }
        }
        let large = IsoFilter { min_size: Some(5_000_000_000), ..all() };
        let hits = db.read_blocking(|conn| isos::tally(conn, &large, 10_000)).unwrap();
        assert_eq!((hits.images, hits.bytes), (10, 900_000_000_000));
        assert_eq!(db.read_blocking(|conn| isos::total(conn, false)).unwrap().images, 95_000);
        assert!(db.read_blocking(|conn| isos::tally(conn, &all(), 10_000)).unwrap().more);
    }
}
