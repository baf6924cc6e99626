//! The log: every change of anything, numbered in the order of commits. Append-only; it is the plan's `logs` table, the source
//! of the live channels and the audit trail in one.
//!
//! `append` belongs into the [`super::Db::write`] that stores the change itself. Because writers never overlap, a reader that has
//! seen number n has seen everything up to n (numbers of transactions that were undone are missing).

use super::{
    Connection, StorageError,
    connection::MultiBackend,
    convert,
    schema::events::{self, dsl},
};
use crate::domain::{
    event::{AUDIT, Event, Level, NewEvent},
    ids::{DriveId, IsoId, JobId},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Bool, Integer, Text},
};

diesel::define_sql_function! {
    /// First `length` characters from `start`, on both databases; unlike LIKE it knows no wildcards.
    fn substr(text: Text, start: Integer, length: Integer) -> Text;
}

diesel::define_sql_function! {
    /// In small letters: all of them on PostgreSQL, A to Z on SQLite.
    fn lower(text: Text) -> Text;
}

/// Which events; everything that is `None` restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// About this drive.
    pub drive_id: Option<DriveId>,
    /// About this job.
    pub job_id: Option<JobId>,
    /// About this image.
    pub iso_id: Option<IsoId>,
    /// This level and those above it.
    pub level_at_least: Option<Level>,
    /// Kinds that begin so, for example `job.`.
    pub kind_prefix: Option<String>,
    /// Not before this time.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
    /// With this text in the message; upper and lower case of A to Z are the same.
    pub text: Option<String>,
    /// Also what accounts did, which only administrators may see. Has to be asked for.
    pub audit: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct Row {
    seq: i64,
    at: NaiveDateTime,
    node: String,
    kind: String,
    level: String,
    drive_id: Option<String>,
    job_id: Option<String>,
    iso_id: Option<String>,
    message: String,
    payload: String,
}

/// Appends an event and gives it its number. Inside [`super::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn append(connection: &mut Connection, node: &str, at: DateTime<Utc>, event: &NewEvent) -> Result<Event, StorageError> {
    let at = convert::time(at);
    let (node, message) = (convert::text(node), convert::text(&event.message));
    let seq: i64 = diesel::insert_into(dsl::events)
        .values((
            dsl::at.eq(at),
            dsl::node.eq(&node),
            dsl::kind.eq(convert::text(&event.kind)),
            dsl::level.eq(event.level.as_str()),
            dsl::drive_id.eq(event.drive_id.as_ref().map(DriveId::as_str)),
            dsl::job_id.eq(event.job_id.map(|id| id.to_string())),
            dsl::iso_id.eq(event.iso_id.map(|id| id.to_string())),
            dsl::message.eq(&message),
            dsl::payload.eq(convert::json("payload", &event.payload)?),
        ))
        .returning(dsl::seq)
        .get_result(connection)?;
    Ok(Event { seq, at: convert::utc(at), node, event: NewEvent { message, ..event.clone() } })
}

/// Up to `limit` events after number `after_seq`, oldest first.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn since(connection: &mut Connection, after_seq: i64, limit: u32, filter: &EventFilter) -> Result<Vec<Event>, StorageError> {
    let query = filtered(filter).filter(dsl::seq.gt(after_seq)).order(dsl::seq.asc());
    let rows: Vec<Row> = query.limit(i64::from(limit)).load(connection)?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Up to `limit` events, newest first; only those before number `before_seq` if given.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn latest(
    connection: &mut Connection,
    limit: u32,
    before_seq: Option<i64>,
    filter: &EventFilter,
) -> Result<Vec<Event>, StorageError> {
    let query = filtered(filter).filter(dsl::seq.lt(before_seq.unwrap_or(i64::MAX))).order(dsl::seq.desc());
    let rows: Vec<Row> = query.limit(i64::from(limit)).load(connection)?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Number of the event that is `count` matching ones before the newest, 0 if there are not so many: where the last `count` begin.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn before_last(connection: &mut Connection, count: u32, filter: &EventFilter) -> Result<i64, StorageError> {
    let query = filtered(filter).order(dsl::seq.desc()).offset(i64::from(count)).limit(1);
    let found: Option<Row> = query.first(connection).optional()?;
    Ok(found.map_or(0, |row| row.seq))
}

/// Number of the last event, 0 before the first.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn last_seq(connection: &mut Connection) -> Result<i64, StorageError> {
    let last: Option<i64> = dsl::events.select(diesel::dsl::max(dsl::seq)).first(connection)?;
    Ok(last.unwrap_or(0))
}

type Filtered<'a> =
    diesel::dsl::IntoBoxed<'a, diesel::dsl::Select<events::table, diesel::dsl::AsSelect<Row, MultiBackend>>, MultiBackend>;

fn filtered(filter: &EventFilter) -> Filtered<'static> {
    let mut query = dsl::events.select(Row::as_select()).into_boxed::<MultiBackend>();
    if let Some(id) = &filter.drive_id {
        query = query.filter(dsl::drive_id.eq(id.as_str().to_owned()));
    }
    if let Some(id) = filter.job_id {
        query = query.filter(dsl::job_id.eq(id.to_string()));
    }
    if let Some(id) = filter.iso_id {
        query = query.filter(dsl::iso_id.eq(id.to_string()));
    }
    // Written out and not bound, so that both planners see that the index of the events that matter will do.
    if filter.level_at_least.is_some_and(|level| level > Level::Info) {
        query = query.filter(diesel::dsl::sql::<Bool>("level <> 'info'"));
    }
    if filter.level_at_least == Some(Level::Error) {
        query = query.filter(dsl::level.eq(Level::Error.as_str()));
    }
    if !filter.audit {
        let length = i32::try_from(AUDIT.len()).unwrap_or(i32::MAX);
        query = query.filter(substr(dsl::kind, 1, length).ne(AUDIT));
    }
    if let Some(prefix) = &filter.kind_prefix {
        let length = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
        query = query.filter(substr(dsl::kind, 1, length).eq(convert::text(prefix)));
    }
    if let Some(since) = filter.since {
        query = query.filter(dsl::at.ge(convert::time(since)));
    }
    if let Some(until) = filter.until {
        query = query.filter(dsl::at.lt(convert::time(until)));
    }
    if let Some(text) = &filter.text {
        let pattern = format!("%{}%", escaped(&convert::text(text).to_lowercase()));
        query = query.filter(lower(dsl::message).like(pattern).escape('\\'));
    }
    query
}

/// A text in which LIKE finds no wildcards.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

impl TryFrom<Row> for Event {
    type Error = StorageError;
    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            seq: row.seq,
            at: convert::utc(row.at),
            node: row.node,
            event: NewEvent {
                kind: row.kind,
                level: convert::from_word("level", &row.level)?,
                drive_id: row.drive_id.map(|id| DriveId::new(&id)),
                job_id: row.job_id.map(|id| convert::parsed("job id", &id)).transpose()?,
                iso_id: row.iso_id.map(|id| convert::parsed("image id", &id)).transpose()?,
                message: row.message,
                payload: convert::from_json("payload", &row.payload)?,
            },
        })
    }
}
