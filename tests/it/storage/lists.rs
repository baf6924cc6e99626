//! Lists: pages, orders, filters, searches, and what strangers send.

use super::fixtures::{iso, job, minute};
use crate::support::databases::each_database;
use disk2iso::{
    domain::{
        ids::JobId,
        job::{JobState, PauseReason, Phase},
        verdict::Verdict,
    },
    storage::{
        Db, MAX_LIMIT, Page, StorageError,
        isos::{self, IsoFacts, IsoFilter, IsoRecord},
        jobs::{self, JobFilter, JobKind, JobRecord},
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

fn page(sort: &str, limit: u32) -> Page {
    Page { sort: Some(sort.parse().unwrap()), limit, cursor: None }
}

/// All labels of a list, page by page; `between` runs after each page.
fn walk(db: &Db, filter: &JobFilter, sort: &str, limit: u32, mut between: impl FnMut(usize)) -> Vec<String> {
    let (mut labels, mut page) = (Vec::new(), page(sort, limit));
    for round in 0.. {
        assert!(round < 1000, "a list that never ends");
        let found = db.read_blocking(|conn| jobs::list(conn, filter, &page)).unwrap();
        assert!(found.items.len() <= limit as usize);
        assert!(found.next_cursor.is_none() || found.items.len() == limit as usize);
        labels.extend(found.items.into_iter().map(|job| job.disk_label));
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            break;
        }
        between(round);
    }
    labels
}

fn labels(db: &Db, filter: &JobFilter) -> Vec<String> {
    walk(db, filter, "label", 200, |_| ())
}

fn insert(db: &Db, record: &JobRecord) {
    db.write_blocking(|conn| jobs::insert(conn, record)).unwrap();
}

#[test]
fn pages_are_complete_and_in_order_whatever_the_order() {
    each_database(|db, _| {
        let states = [JobState::Queued, JobState::Failed, JobState::Paused { reason: PauseReason::User }];
        for i in 0..25_i32 {
            insert(
                &db,
                &JobRecord {
                    // Many rows share each key, so that only the tie-break tells them apart.
                    created_at: minute(i64::from(i / 10)),
                    updated_at: minute(i64::from(i % 3)),
                    priority: i % 4 - 2,
                    state: states[i as usize % 3],
                    ..job(&format!("{}{:02}", if i % 2 == 0 { "Ä" } else { "a" }, i / 2))
                },
            );
        }
        let all = JobFilter::default();
        for sort in ["created_at", "updated_at", "priority", "label", "status"] {
            let up = walk(&db, &all, sort, 25, |_| ());
            assert_eq!(up.iter().collect::<BTreeSet<_>>().len(), 25);
            let mut down = walk(&db, &all, &format!("-{sort}"), 4, |_| ());
            down.reverse();
            assert_eq!(down, up, "{sort}");
            for limit in [1, 5, 24] {
                assert_eq!(walk(&db, &all, sort, limit, |_| ()), up, "{sort}, {limit} at a time");
            }
        }
        let by_label = walk(&db, &all, "label", 7, |_| ());
        assert!(by_label.iter().is_sorted_by_key(|label| label.to_lowercase()));
        let three = JobFilter { status: ["queued", "failed", "paused", "queued"].map(str::to_owned).to_vec(), ..all.clone() };
        for sort in ["-created_at", "priority", "status"] {
            assert_eq!(walk(&db, &three, sort, 4, |_| ()), walk(&db, &all, sort, 25, |_| ()), "several states, {sort}");
        }
        let newest = db.read_blocking(|conn| jobs::list(conn, &all, &Page::default())).unwrap();
        assert_eq!(
            newest.items.iter().map(|job| job.disk_label.clone()).collect::<Vec<_>>(),
            walk(&db, &all, "-created_at", 9, |_| ())
        );
    });
}

#[test]
fn inserting_meanwhile_neither_repeats_nor_hides_a_job() {
    each_database(|db, _| {
        for i in 0..20 {
            insert(&db, &JobRecord { created_at: minute(i * 2), ..job(&format!("old {i}")) });
        }
        for sort in ["created_at", "-created_at", "label"] {
            let before = labels(&db, &JobFilter::default());
            let seen = walk(&db, &JobFilter::default(), sort, 3, |round| {
                // Before, between and after what was read.
                for at in [-1, 2 * round as i64 + 1, 100] {
                    insert(&db, &JobRecord { created_at: minute(at), ..job(&format!("new {sort} {round} {at}")) });
                }
            });
            let old: Vec<_> = seen.iter().filter(|label| before.contains(label)).collect();
            assert_eq!(old.len(), before.len(), "{sort}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "{sort}");
        }
    });
}

#[test]
fn filters_find_what_they_say() {
    each_database(|db, _| {
        let running = JobState::Running { phase: Phase::Reading, stopping: None };
        let done = |verdict| JobState::Completed { verdict };
        insert(&db, &JobRecord { created_at: minute(1), state: running, ..job("a") });
        insert(&db, &JobRecord { created_at: minute(2), device: "/dev/sr1".to_owned(), ..job("b") });
        insert(&db, &JobRecord { created_at: minute(3), disk_type: "data_cd".to_owned(), ..job("c") });
        insert(&db, &JobRecord { created_at: minute(4), state: done(Verdict::Degraded), kind: JobKind::Verify, ..job("d") });
        insert(&db, &JobRecord { created_at: minute(5), state: done(Verdict::Complete), ..job("e") });
        let some = |text: &str| Some(text.to_owned());
        let found = |filter: JobFilter| labels(&db, &filter).concat();
        let all = JobFilter::default;
        assert_eq!(found(all()), "abcde");
        assert_eq!(found(JobFilter { status: vec!["completed".to_owned()], ..all() }), "de");
        assert_eq!(found(JobFilter { status: vec!["completed".to_owned(), "running".to_owned()], ..all() }), "ade");
        assert_eq!(found(JobFilter { status: vec!["nonsense\0'".to_owned()], ..all() }), "");
        assert_eq!(found(JobFilter { device: some("/dev/sr1"), ..all() }), "b");
        assert_eq!(found(JobFilter { disk_type: some("data_cd"), ..all() }), "c");
        assert_eq!(found(JobFilter { kind: some("verify"), ..all() }), "d");
        assert_eq!(found(JobFilter { verdict: some("complete"), ..all() }), "e");
        assert_eq!(found(JobFilter { since: Some(minute(2)), until: Some(minute(4)), ..all() }), "bc");
        let far = (Some(chrono::DateTime::<chrono::Utc>::MIN_UTC), Some(chrono::DateTime::<chrono::Utc>::MAX_UTC));
        assert_eq!(found(JobFilter { since: far.0, until: far.1, ..all() }), "abcde");
        assert_eq!(found(JobFilter { since: far.1, ..all() }), "");
        let both =
            JobFilter { status: vec!["completed".to_owned()], verdict: some("degraded"), device: some("/dev/sr0"), ..all() };
        assert_eq!(found(both), "d");
    });
}

#[test]
fn a_search_finds_any_part_in_any_case_and_knows_no_wildcards() {
    each_database(|db, _| {
        insert(&db, &JobRecord { output_path: Some("/srv/Fotos/straße_1.iso".to_owned()), ..job("URLAUB ÄGÄIS 2004") });
        insert(&db, &JobRecord { requested_name: Some("50%_off.iso".to_owned()), ..job("b\"quoted\"") });
        insert(&db, &JobRecord { device: "/srv/drives/one".to_owned(), ..job("c\\d 日本語") });
        insert(&db, &job("50 percent off"));
        let found = |q: &str| labels(&db, &JobFilter { q: Some(q.to_owned()), ..JobFilter::default() });
        assert_eq!(found("").len(), 4);
        assert_eq!(found("ägäis"), ["URLAUB ÄGÄIS 2004"]);
        assert_eq!(found("ÄGÄ"), ["URLAUB ÄGÄIS 2004"]);
        assert_eq!(found("FOTOS/STRAßE"), ["URLAUB ÄGÄIS 2004"]);
        assert_eq!(found("ub"), ["URLAUB ÄGÄIS 2004"]);
        assert_eq!(found("50%"), ["b\"quoted\""]);
        assert_eq!(found("%_o"), ["b\"quoted\""]);
        assert_eq!(found("\"quoted\""), ["b\"quoted\""]);
        assert_eq!(found("\\"), ["c\\d 日本語"]);
        assert_eq!(found("c\\d"), ["c\\d 日本語"]);
        assert_eq!(found("日本語"), ["c\\d 日本語"]);
        assert_eq!(found("drives/one"), ["c\\d 日本語"]);
        assert_eq!(found("/srv/images").len(), 3);
        for nothing in ["%%%", "___", "'; DROP TABLE jobs; --", "a OR b", "NEAR(a b)", "off.iso/dev", "\0\0\0", "2004 ägäis", "*"]
        {
            assert_eq!(found(nothing), [""; 0], "{nothing:?}");
        }
        assert_eq!(found(&"x".repeat(200)), [""; 0]);
    });
}

/// More rows than a search looks at before it asks the index.
#[test]
fn a_search_finds_rare_hits_behind_many_others_and_pages_through_them() {
    each_database(|db, _| {
        db.write_blocking(|conn| {
            for i in 0..1500 {
                let rare = i % 500 == 3;
                let state = if i % 2 == 0 { JobState::Queued } else { JobState::Failed };
                let label = format!("{} {i:04}", if rare { "needle" } else { "hay" });
                jobs::insert(conn, &JobRecord { created_at: minute(i), state, ..job(&label) })?;
            }
            Ok(())
        })
        .unwrap();
        let q = |q: &str| JobFilter { q: Some(q.to_owned()), ..JobFilter::default() };
        let needles = ["needle 0003", "needle 0503", "needle 1003"];
        assert_eq!(walk(&db, &q("NEEDLE"), "created_at", 1, |_| ()), needles);
        assert_eq!(walk(&db, &q("NEEDLE"), "-label", 2, |_| ()), [needles[2], needles[1], needles[0]]);
        assert_eq!(walk(&db, &q("hay"), "created_at", 200, |_| ()).len(), 1497);
        assert_eq!(walk(&db, &q("ee"), "created_at", 2, |_| ()), needles);
        let failed = JobFilter { status: vec!["failed".to_owned(), "queued".to_owned()], ..q("needle") };
        assert_eq!(walk(&db, &failed, "created_at", 2, |_| ()), needles);
        let queued = JobFilter { status: vec!["queued".to_owned()], ..q("needle") };
        assert_eq!(walk(&db, &queued, "created_at", 2, |_| ()), [""; 0]);
        // The index follows changes.
        let found = db.read_blocking(|conn| jobs::list(conn, &q("needle"), &page("created_at", 3))).unwrap().items;
        db.write_blocking(|conn| {
            jobs::update(conn, &JobRecord { disk_label: "lost".to_owned(), ..found[0].clone() })?;
            jobs::delete(conn, found[1].id)
        })
        .unwrap();
        assert_eq!(walk(&db, &q("needle"), "created_at", 2, |_| ()), needles[2..]);
        assert_eq!(walk(&db, &q("lost"), "created_at", 2, |_| ()), ["lost"]);
    });
}

#[test]
fn hostile_requests_are_errors() {
    each_database(|db, _| {
        for i in 0..3 {
            insert(&db, &job(&format!("job {i}")));
        }
        let ask = |sort: &str, limit, cursor: Option<&str>| {
            let page = Page { cursor: cursor.map(str::to_owned), ..page(sort, limit) };
            db.read_blocking(|conn| jobs::list(conn, &JobFilter::default(), &page))
        };
        let good = ask("label", 1, None).unwrap().next_cursor.unwrap();
        assert!(good.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)), "{good}");
        assert_eq!(ask("label", 1, Some(&good)).unwrap().items[0].disk_label, "job 1");
        let long = "1.label.1.t".to_owned() + &"61".repeat(10_000);
        let bad = [
            "",
            "1",
            "1.",
            "x",
            "1.label",
            "1.label.1",
            "1.label.1.",
            "1.label.1.t6",
            "1.label.1.tzz",
            "1.label.1.tff",
            "1.label.1.i31",
            "1.label.1.t00",
            "1.label.9999999999999999999.t61",
            "1.-label.1.t61",
            "2.label.1.t61",
            "1.created_at.1.d61",
            "é",
            "1.label.1.té",
            "\0",
            "1.label.1.t+1",
            &long,
            &good[..good.len() - 1],
            "' OR 1=1 --",
        ];
        for cursor in bad {
            let answer = ask("label", 1, Some(cursor));
            assert!(matches!(answer, Err(StorageError::Invalid(_))), "{cursor:?}: {answer:?}");
        }
        for cursor in ["1.created_at.1.d61", "1.created_at.1.d", "1.created_at.1.i31"] {
            assert!(matches!(ask("created_at", 1, Some(cursor)), Err(StorageError::Invalid(_))), "{cursor}");
        }
        // A time beyond what the database can hold is a time, only a strange one.
        let far: String = "+99999-01-01T00:00:00.000000".bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(matches!(ask("created_at", 1, Some(&format!("1.created_at.1.d{far}"))), Ok(_) | Err(StorageError::Invalid(_))));
        for sort in ["", "-", "number", "label; DROP TABLE jobs", "--label", "Label"] {
            assert!(matches!(ask(sort, 1, None), Err(StorageError::Invalid(_))), "{sort}");
        }
        for limit in [0, MAX_LIMIT + 1, u32::MAX] {
            assert!(matches!(ask("label", limit, None), Err(StorageError::Invalid(_))), "{limit}");
        }
        let long = JobFilter { q: Some("x".repeat(201)), ..JobFilter::default() };
        let answer = db.read_blocking(|conn| jobs::list(conn, &long, &Page::default()));
        assert!(matches!(answer, Err(StorageError::Invalid(_))));
        assert_eq!(labels(&db, &JobFilter::default()).len(), 3, "nothing happened to the table");
    });
}

#[test]
fn images_are_listed_like_jobs() {
    each_database(|db, _| {
        let maker = job("maker");
        insert(&db, &maker);
        let verdicts = [Verdict::Complete, Verdict::Degraded];
        for i in 0..10_u32 {
            let record = IsoRecord {
                job_id: (i == 4).then_some(maker.id),
                size: u64::from(i % 3) << 40,
                disk_label: format!("Label {}", 9 - i),
                disk_type: if i < 5 { "data_cd" } else { "data_dvd" }.to_owned(),
                verdict: verdicts[i as usize % 2],
                created_at: minute(i64::from(i)),
                ..iso(&format!("Image_{i}.iso"))
            };
            db.write_blocking(|conn| isos::publish(conn, &record, &IsoFacts::default())).unwrap();
        }
        let found = |filter: IsoFilter, sort: &str, limit| {
            let (mut names, mut page) = (Vec::new(), page(sort, limit));
            loop {
                let part = db.read_blocking(|conn| isos::list(conn, &filter, &page)).unwrap();
                names.extend(part.items.into_iter().map(|iso| iso.filename[6..7].to_owned()));
                page.cursor = part.next_cursor;
                if page.cursor.is_none() {
                    return names.concat();
                }
            }
        };
        let all = IsoFilter::default;
        assert_eq!(found(all(), "-created_at", 3), "9876543210");
        assert_eq!(found(all(), "label", 3), "9876543210");
        assert_eq!(found(all(), "filename", 3), "0123456789");
        assert_eq!(found(all(), "size", 2), "0369147258");
        assert_eq!(found(IsoFilter { q: Some("MAGE_3".to_owned()), ..all() }, "size", 2), "3");
        assert_eq!(found(IsoFilter { disk_type: Some("data_cd".to_owned()), ..all() }, "filename", 2), "01234");
        assert_eq!(found(IsoFilter { verdict: Some("degraded".to_owned()), ..all() }, "filename", 2), "13579");
        assert_eq!(found(IsoFilter { job: Some(maker.id), ..all() }, "filename", 2), "4");
        assert_eq!(found(IsoFilter { job: Some(JobId(Uuid::nil())), ..all() }, "filename", 2), "");
        assert_eq!(found(IsoFilter { since: Some(minute(3)), until: Some(minute(5)), ..all() }, "filename", 2), "34");
    });
}
