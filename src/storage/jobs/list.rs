//! The list of jobs that people and programs page through.

use super::{
    JobRecord,
    row::{Lease, Row},
};
use crate::storage::{
    Connection, Page, StorageError, convert,
    cursor::Key,
    list::{self, Order, Query},
    schema::jobs,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Which jobs; what is empty or `None` restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// In one of these states (words as in the API).
    pub status: Vec<String>,
    /// Of exactly this device node or folder.
    pub device: Option<String>,
    /// For exactly this drive.
    pub drive: Option<String>,
    /// Of this kind of disc (word of [`crate::domain::disc::DiscKind`]).
    pub disk_type: Option<String>,
    /// Created at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Created before this time.
    pub until: Option<DateTime<Utc>>,
    /// Text somewhere in label, file name, device or path, in upper or lower case; at most 200 characters.
    pub q: Option<String>,
    /// Word of [`super::JobKind`].
    pub kind: Option<String>,
    /// Word of [`crate::domain::verdict::Verdict`].
    pub verdict: Option<String>,
}

/// A page of jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct JobPage {
    /// The jobs, in order.
    pub items: Vec<JobRecord>,
    /// For the next [`Page::cursor`]; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// A page of the jobs that pass the filter, sorted by `created_at` (default, newest first), `updated_at`, `priority`, `label` or
/// `status`. Jobs that are inserted meanwhile never make a page repeat or skip one.
///
/// # Errors
/// [`StorageError::Invalid`] for a cursor that is not from this list and order, an unknown order, a limit out of range or too long
/// a search.
pub fn list(connection: &mut Connection, filter: &JobFilter, page: &Page) -> Result<JobPage, StorageError> {
    let load = |connection: &mut Connection, numbers: &[i64]| {
        let rows: Vec<(i64, Row, Lease)> = jobs::table
            .filter(jobs::number.eq_any(numbers))
            .select((jobs::number, Row::as_select(), Lease::as_select()))
            .load(connection)?;
        rows.into_iter().map(|(number, row, lease)| Ok((number, JobRecord::try_from((row, lease))?))).collect()
    };
    let (items, next_cursor) = list::page(connection, &query(filter), page, load, key)?;
    Ok(JobPage { items, next_cursor })
}

/// How the database answers [`list`]: its plan for each statement that is run.
///
/// # Errors
/// As for [`list`].
pub fn explain(connection: &mut Connection, filter: &JobFilter, page: &Page) -> Result<Vec<String>, StorageError> {
    list::explain(connection, &query(filter), page)
}

fn query(filter: &JobFilter) -> Query<'_> {
    let order = |name, column, like| Order { name, column, like };
    let (time, text, int) = (Key::Time(Default::default()), Key::Text(String::new()), Key::Int(0));
    let mut status = filter.status.clone();
    // Each value becomes a branch of the query, so none may come twice.
    status.sort();
    status.dedup();
    let query = Query {
        table: "jobs",
        orders: vec![
            order("created_at", "created_at", time.clone()),
            order("updated_at", "updated_at", time),
            order("priority", "priority", int),
            order("label", "label_key", text.clone()),
            order("status", "status", text),
        ],
        any_of: ("status", status),
        visible: Some("deleted_at IS NULL"),
        conditions: Vec::new(),
        search: filter.q.as_deref(),
    };
    query
        .text("device =", filter.device.as_deref())
        .text("drive_id =", filter.drive.as_deref())
        .text("disk_type =", filter.disk_type.as_deref())
        .text("kind =", filter.kind.as_deref())
        .text("verdict =", filter.verdict.as_deref())
        .time("created_at >=", filter.since.map(convert::time))
        .time("created_at <", filter.until.map(convert::time))
}

fn key(record: &JobRecord, column: &str) -> Key {
    match column {
        "updated_at" => Key::Time(convert::time(record.updated_at)),
        "priority" => Key::Int(i64::from(record.priority)),
        "label_key" => Key::Text(convert::sort_key(&record.disk_label)),
        "status" => Key::Text(record.state.status().to_owned()),
        _ => Key::Time(convert::time(record.created_at)),
    }
}
