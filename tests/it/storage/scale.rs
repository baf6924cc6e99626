//! A page costs the same with 100,000 jobs as with 1,000.

use super::fixtures::{job, minute};
use crate::support::databases::Database;
use diesel::connection::SimpleConnection;
use disk2iso::{
    domain::{
        event::{Level, NewEvent},
        ids::JobId,
        progress::Progress,
    },
    storage::{
        Connection, Db, Page, events,
        jobs::{self, JobFilter},
    },
};
use std::time::{Duration, Instant};

/// Inserts jobs number `from` to `to`, in the database itself. Every 10,000th is labelled "needle", every 50th failed, the last three
/// are running or paused.
fn fill(db: &Db, from: u32, to: u32) {
    db.write_blocking(|conn: &mut Connection| {
        let (sqlite, time) = match conn {
            Connection::Sqlite(_) => (true, "strftime('%Y-%m-%d %H:%M:%f', '2020-01-01', '+' || i || ' minutes')"),
            Connection::Pg(_) => (false, "timestamp '2020-01-01' + i * interval '1 minute'"),
        };
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}),
             j AS (SELECT i, {time} AS at, CASE WHEN i > 99997 THEN 'paused' WHEN i % 50 = 0 THEN 'failed' ELSE 'completed' END AS status,
                CASE WHEN i % 10000 = 7 THEN 'needle ' ELSE 'disc ' END || i AS label FROM n)
             INSERT INTO jobs (id, kind, mode, origin, options, priority, device, drive_id, media_session, medium, disk_label, disk_type,
                output_dir, output_path, status, reason, verdict, attempts, size_total, size_processed, speed, error_count, created_at,
                updated_at, revision, label_key, search)
             SELECT '00000000-0000-7000-8000-' || substr('000000000000' || i, length('' || i) + 1), 'image', 'standard', 'auto', '{{}}',
                i % 10, '/dev/sr' || (i % 8), 'bus-' || (i % 8), i, NULL, label, CASE WHEN i % 3 = 0 THEN 'data_cd' ELSE 'data_dvd' END,
                '/srv/images', '/srv/images/' || label || '.iso', status, CASE status WHEN 'paused' THEN 'user' END,
                CASE status WHEN 'completed' THEN 'complete' END, 0, 4700000000, 4700000000, 1.0e7, 0, at, at, 1, label,
                label || chr_newline || '/dev/sr' || (i % 8) || chr_newline || '/srv/images/' || label || '.iso' FROM j"
        )
        .replace("chr_newline", if sqlite { "char(10)" } else { "chr(10)" });
        Ok(conn.batch_execute(&sql)?)
    })
    .unwrap();
}

fn status(words: &[&str]) -> JobFilter {
    JobFilter { status: words.iter().map(|word| (*word).to_owned()).collect(), ..JobFilter::default() }
}

fn requests() -> Vec<(&'static str, JobFilter, Page)> {
    let all = JobFilter::default;
    let some = |text: &str| Some(text.to_owned());
    let by = |sort: &str| Page { sort: Some(sort.parse().unwrap()), ..Page::default() };
    vec![
        ("first page", all(), Page::default()),
        ("by updated_at", all(), by("-updated_at")),
        ("by priority", all(), by("-priority")),
        ("by label", all(), by("label")),
        ("by status", all(), by("status")),
        ("status=completed", status(&["completed"]), Page::default()),
        ("status=failed", status(&["failed"]), Page::default()),
        ("status=completed,failed", status(&["completed", "failed"]), Page::default()),
        ("status=queued,running,paused", status(&["queued", "running", "paused"]), Page::default()),
        ("device", JobFilter { device: some("/dev/sr3"), ..all() }, Page::default()),
        ("drive", JobFilter { drive: some("bus-3"), ..all() }, Page::default()),
        ("drive, by label", JobFilter { drive: some("bus-3"), ..all() }, by("label")),
        ("drive and status", JobFilter { drive: some("bus-3"), ..status(&["failed"]) }, Page::default()),
        ("disk_type", JobFilter { disk_type: some("data_cd"), ..all() }, Page::default()),
        ("kind, no hit", JobFilter { kind: some("verify"), ..all() }, Page::default()),
        ("verdict, no hit", JobFilter { verdict: some("degraded"), ..all() }, Page::default()),
        ("since", JobFilter { since: Some(minute(-3_155_000)), ..all() }, by("created_at")),
        ("q, many hits", JobFilter { q: some("disc"), ..all() }, Page::default()),
        ("q, few hits", JobFilter { q: some("Needle"), ..all() }, Page::default()),
        ("q, few hits of common trigrams", JobFilter { q: some("/dev/sr3\n/srv/images/needle"), ..all() }, Page::default()),
        ("q, no hit", JobFilter { q: some("xyzzy"), ..all() }, Page::default()),
        ("q, 3 % hits", JobFilter { q: some("00"), ..all() }, Page::default()),
        ("q, 3 % hits, three characters", JobFilter { q: some("000"), ..all() }, Page::default()),
        ("q and status", JobFilter { q: some("needle"), ..status(&["completed"]) }, Page::default()),
        ("status, by label", status(&["completed"]), by("label")),
        ("status, by updated_at", status(&["failed"]), by("-updated_at")),
        ("several states, by priority", status(&["failed", "completed", "paused"]), by("-priority")),
        ("disk_type, by updated_at", JobFilter { disk_type: some("data_dvd"), ..all() }, by("-updated_at")),
        ("q and status, by label", JobFilter { q: some("needle"), ..status(&["failed", "completed"]) }, by("label")),
    ]
}

/// The best of several times: what other processes on this machine do only makes times longer.
fn best_of<T>(mut action: impl FnMut() -> T) -> Duration {
    let timed = |_| {
        let begun = Instant::now();
        action();
        begun.elapsed()
    };
    (0..15).map(timed).min().unwrap()
}

fn best(db: &Db, filter: &JobFilter, page: &Page) -> Duration {
    best_of(|| db.read_blocking(|conn| jobs::list(conn, filter, page)).unwrap())
}

/// What the service does all day, with many old jobs around; printed, because disks differ.
fn print_daily_work(db: &Db) {
    let mut record = job("today's disc");
    let insert = best_of(|| {
        record.id = JobId(uuid::Uuid::now_v7());
        db.write_blocking(|conn| jobs::insert(conn, &record)).unwrap();
    });
    db.write_blocking(|conn| jobs::claim(conn, record.id, "node", minute(5), minute(1))).unwrap();
    let progress = Progress::default();
    let store = best_of(|| db.write_blocking(|conn| jobs::set_progress(conn, record.id, &progress, minute(2))).unwrap());
    let event = NewEvent::new("test.event", Level::Info, "");
    let append = best_of(|| db.write_blocking(|conn| events::append(conn, "node", minute(0), &event)).unwrap());
    let unfinished = best_of(|| db.read_blocking(jobs::unfinished).unwrap());
    let places = best_of(|| db.read_blocking(jobs::places).unwrap());
    let counts = best_of(|| db.read_blocking(jobs::counts_by_status).unwrap());
    eprintln!(
        "insert {insert:.2?}, progress {store:.2?}, event {append:.2?}, 18 unfinished {unfinished:.2?}, places {places:.2?}, counts {counts:.2?}"
    );
}

/// Words of plans that look at every row.
fn is_scan(plan: &str) -> bool {
    plan.lines().any(|line| {
        let line = line.trim_start_matches([' ', '-', '>', '|', '`']);
        line.contains("Seq Scan on jobs") || line == "SCAN jobs"
    })
}

#[test]
fn a_page_of_a_hundred_thousand_jobs_costs_what_one_of_a_thousand_costs() {
    for database in Database::both() {
        let db = database.migrated();
        let begun = Instant::now();
        fill(&db, 1, 1000);
        let small: Vec<_> = requests().iter().map(|(_, filter, page)| best(&db, filter, page)).collect();
        // In parts, because PostgreSQL's statements are limited to 30 s.
        for from in (1001..100_000).step_by(9900) {
            fill(&db, from, from + 9899);
        }
        eprintln!("{} filled in {:?}", database.url, begun.elapsed());
        // SQLite never gathers statistics by itself, so it must do without; PostgreSQL does so within a minute of growth like this.
        let sqlite = database.url.starts_with("sqlite");
        for analyzed in if sqlite { vec![false, true] } else { vec![true] } {
            if analyzed {
                db.write_blocking(|conn| Ok(conn.batch_execute("ANALYZE")?)).unwrap();
            }
            eprintln!("{:<34} {:>10} {:>10}  analyzed: {analyzed}", "", "1,000", "100,000");
            for ((name, filter, page), small) in requests().iter().zip(&small) {
                let plans = db.read_blocking(|conn| jobs::explain(conn, filter, page)).unwrap();
                let large = best(&db, filter, page);
                eprintln!("{name:<34} {small:>10.2?} {large:>10.2?}");
                if std::env::var_os("SHOW_PLANS").is_some() {
                    eprintln!("{}", plans.join("\n--\n"));
                }
                // No index knows texts of two characters; PostgreSQL may choose to look at all rows then. Measured, not promised.
                if filter.q.as_ref().is_some_and(|q| q.len() < 3) {
                    continue;
                }
                assert!(!plans.iter().any(|plan| is_scan(plan)), "{name}: {}", plans.join("\n"));
            }
        }
        print_daily_work(&db);
    }
}
