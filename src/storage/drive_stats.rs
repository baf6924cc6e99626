//! What each drive has done in its life: sums, rings of the disc, and the discs that it fails and another drive reads.

use super::{
    Connection, StorageError, convert,
    schema::{drive_statistics, drive_zones, drives, jobs},
};
use crate::domain::{
    drive_statistics::{DriveStatistics, Zone, zones},
    ids::{DriveId, JobId},
    result::ReadStatistics,
    verdict::Verdict,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A drive's newest failures that are compared with what others made of the same discs.
const MAX_FAILURES: i64 = 200;
/// Good jobs on those discs that are looked at.
const MAX_SUCCESSES: i64 = 2_000;
/// Most discs told.
pub const MAX_DISCS: usize = 50;

/// A disc that one drive has failed and another one has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadElsewhere {
    /// The disc.
    pub fingerprint: String,
    /// Its label.
    pub label: String,
    /// The newest job of this drive on it, which ended without a good image.
    pub job: JobId,
    /// How: a verdict, or `failed`.
    pub verdict: String,
    /// The drive that has read it.
    pub other_drive: DriveId,
    /// The newest job that did.
    pub other_job: JobId,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = drive_statistics)]
struct Row {
    drive_id: String,
    jobs: i64,
    complete: i64,
    complete_trimmed: i64,
    degraded: i64,
    incomplete: i64,
    failed: i64,
    sectors: i64,
    recovered: i64,
    unreadable: i64,
    resets: i64,
    wedged: i64,
    seconds: f64,
    updated_at: NaiveDateTime,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = drive_zones)]
struct ZoneRow {
    drive_id: String,
    class: String,
    zone: i64,
    sectors: i64,
    seconds: f64,
    bad: i64,
}

/// Adds what a job has cost. Inside the [`super::Db::write`] that stores the job's end, so that no job counts twice. `class`
/// is the disc's [class](crate::domain::disc::MediaProfile::class), `seconds` the job's length.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn record(
    connection: &mut Connection,
    drive: &DriveId,
    statistics: &ReadStatistics,
    class: &str,
    seconds: f64,
    verdict: Verdict,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    change(connection, drive, now, |row| {
        row.jobs += 1;
        *match verdict {
            Verdict::Complete => &mut row.complete,
            Verdict::CompleteTrimmed => &mut row.complete_trimmed,
            Verdict::Degraded => &mut row.degraded,
            Verdict::Incomplete => &mut row.incomplete,
            Verdict::Failed => &mut row.failed,
        } += 1;
        add(&mut row.sectors, statistics.sectors);
        add(&mut row.recovered, statistics.recovered);
        add(&mut row.unreadable, statistics.unreadable);
        add(&mut row.resets, statistics.resets);
        row.seconds += if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
    })?;
    for ring in zones(class, statistics) {
        add_zone(connection, drive, class, &ring)?;
    }
    Ok(())
}

/// Counts that a drive did not answer. Inside [`super::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn wedged(connection: &mut Connection, drive: &DriveId, now: DateTime<Utc>) -> Result<(), StorageError> {
    change(connection, drive, now, |row| row.wedged += 1)
}

/// Sums never run over: a worker's numbers are not trusted that far.
fn add(sum: &mut i64, more: u64) {
    *sum = sum.saturating_add(i64::try_from(more).unwrap_or(i64::MAX));
}

fn change(
    connection: &mut Connection,
    drive: &DriveId,
    now: DateTime<Utc>,
    apply: impl FnOnce(&mut Row),
) -> Result<(), StorageError> {
    let known = row(connection, drive)?;
    let is_new = known.is_none();
    let mut row = known.unwrap_or_else(|| Row::new(drive));
    apply(&mut row);
    row.updated_at = convert::time(now);
    if is_new {
        diesel::insert_into(drive_statistics::table).values(&row).execute(connection)?;
    } else {
        let target = drive_statistics::table.filter(drive_statistics::drive_id.eq(drive.as_str()));
        diesel::update(target).set(&row).execute(connection)?;
    }
    Ok(())
}

fn row(connection: &mut Connection, drive: &DriveId) -> Result<Option<Row>, StorageError> {
    let found = drive_statistics::table.filter(drive_statistics::drive_id.eq(drive.as_str())).select(Row::as_select());
    Ok(found.first(connection).optional()?)
}

fn add_zone(connection: &mut Connection, drive: &DriveId, class: &str, ring: &Zone) -> Result<(), StorageError> {
    let (id, number) = (drive.as_str(), i64::from(ring.zone));
    let target = drive_zones::table
        .filter(drive_zones::drive_id.eq(id))
        .filter(drive_zones::class.eq(class))
        .filter(drive_zones::zone.eq(number));
    let known: Option<ZoneRow> = target.select(ZoneRow::as_select()).first(connection).optional()?;
    let is_new = known.is_none();
    let mut row = known.unwrap_or_else(|| ZoneRow {
        drive_id: id.to_owned(),
        class: class.to_owned(),
        zone: number,
        sectors: 0,
        seconds: 0.0,
        bad: 0,
    });
    add(&mut row.sectors, ring.sectors);
    add(&mut row.bad, ring.bad);
    row.seconds += ring.seconds;
    if is_new {
        diesel::insert_into(drive_zones::table).values(&row).execute(connection)?;
    } else {
        diesel::update(target).set(&row).execute(connection)?;
    }
    Ok(())
}

/// What a drive has done so far; zeros for one that has done nothing.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn get(connection: &mut Connection, drive: &DriveId) -> Result<DriveStatistics, StorageError> {
    let row = row(connection, drive)?.unwrap_or_else(|| Row::new(drive));
    let discs: Option<i64> =
        drives::table.filter(drives::id.eq(drive.as_str())).select(drives::session).first(connection).optional()?;
    let rings: Vec<ZoneRow> = drive_zones::table
        .filter(drive_zones::drive_id.eq(drive.as_str()))
        .order((drive_zones::class, drive_zones::zone))
        .select(ZoneRow::as_select())
        .load(connection)?;
    let mut zones: BTreeMap<String, Vec<Zone>> = BTreeMap::new();
    for ring in rings {
        zones.entry(ring.class).or_default().push(Zone {
            zone: convert::unsigned("zone", ring.zone)?,
            sectors: convert::unsigned("sectors", ring.sectors)?,
            seconds: ring.seconds,
            bad: convert::unsigned("sectors", ring.bad)?,
        });
    }
    let count = |verdict: Verdict, number| Ok((verdict.as_str().to_owned(), convert::unsigned("jobs", number)?));
    Ok(DriveStatistics {
        discs: convert::unsigned("session", discs.unwrap_or(0))?,
        jobs: convert::unsigned("jobs", row.jobs)?,
        verdicts: [
            (Verdict::Complete, row.complete),
            (Verdict::CompleteTrimmed, row.complete_trimmed),
            (Verdict::Degraded, row.degraded),
            (Verdict::Incomplete, row.incomplete),
            (Verdict::Failed, row.failed),
        ]
        .into_iter()
        .map(|(verdict, number)| count(verdict, number))
        .collect::<Result<_, StorageError>>()?,
        sectors: convert::unsigned("sectors", row.sectors)?,
        recovered: convert::unsigned("errors", row.recovered)?,
        unreadable: convert::unsigned("errors", row.unreadable)?,
        resets: convert::unsigned("resets", row.resets)?,
        wedged: convert::unsigned("hangs", row.wedged)?,
        seconds: row.seconds,
        zones,
    })
}

type Failure = (String, String, String, String, Option<String>);
type Success = (String, String, Option<String>);

/// Discs that this drive has failed and another one has read, newest first, at most [`MAX_DISCS`]. A disc that this drive has
/// read as well, later or before, is told too: it was lucky once.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn read_elsewhere(connection: &mut Connection, drive: &DriveId) -> Result<Vec<ReadElsewhere>, StorageError> {
    let good = [Verdict::Complete.as_str(), Verdict::CompleteTrimmed.as_str()];
    let bad = [Verdict::Degraded.as_str(), Verdict::Incomplete.as_str(), Verdict::Failed.as_str()];
    let failures: Vec<Failure> = jobs::table
        .filter(jobs::drive_id.eq(drive.as_str()))
        .filter(jobs::kind.eq("image"))
        .filter(jobs::fingerprint.is_not_null())
        .filter(jobs::status.eq("failed").or(jobs::status.eq("completed").and(jobs::verdict.eq_any(bad))))
        .order(jobs::number.desc())
        .limit(MAX_FAILURES)
        .select((jobs::fingerprint.assume_not_null(), jobs::disk_label, jobs::id, jobs::status, jobs::verdict))
        .load(connection)?;
    let discs: Vec<&str> = failures.iter().map(|failure| failure.0.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let successes: Vec<Success> = jobs::table
        .filter(jobs::fingerprint.eq_any(discs))
        .filter(jobs::kind.eq("image"))
        .filter(jobs::status.eq("completed"))
        .filter(jobs::verdict.eq_any(good))
        .filter(jobs::drive_id.ne(drive.as_str()))
        .order(jobs::number.desc())
        .limit(MAX_SUCCESSES)
        .select((jobs::fingerprint.assume_not_null(), jobs::id, jobs::drive_id))
        .load(connection)?;
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (fingerprint, label, job, status, verdict) in failures {
        let success = successes.iter().find(|success| success.0 == fingerprint);
        let Some((_, other_job, Some(other))) = success else { continue };
        if !told.insert(fingerprint.clone()) {
            continue;
        }
        found.push(ReadElsewhere {
            fingerprint,
            label,
            job: convert::parsed("job id", &job)?,
            verdict: verdict.unwrap_or(status),
            other_drive: DriveId::new(other),
            other_job: convert::parsed("job id", other_job)?,
        });
        if found.len() == MAX_DISCS {
            break;
        }
    }
    Ok(found)
}

impl Row {
    fn new(drive: &DriveId) -> Self {
        Self {
            drive_id: drive.as_str().to_owned(),
            jobs: 0,
            complete: 0,
            complete_trimmed: 0,
            degraded: 0,
            incomplete: 0,
            failed: 0,
            sectors: 0,
            recovered: 0,
            unreadable: 0,
            resets: 0,
            wedged: 0,
            seconds: 0.0,
            updated_at: NaiveDateTime::default(),
        }
    }
}
