//! The list of images that people and programs page through.

use super::{IsoRecord, row::Row};
use crate::{
    domain::ids::JobId,
    storage::{
        Connection, Page, StorageError, convert,
        cursor::Key,
        list::{self, Order, Query},
        schema::isos,
    },
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Which images; `None` restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IsoFilter {
    /// Text somewhere in label or path, in upper or lower case; at most 200 characters.
    pub q: Option<String>,
    /// Of this kind of disc (word of [`crate::domain::disc::DiscKind`]).
    pub disk_type: Option<String>,
    /// Word of [`crate::domain::verdict::Verdict`].
    pub verdict: Option<String>,
    /// Made by this job.
    pub job: Option<JobId>,
    /// Entered at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Entered before this time.
    pub until: Option<DateTime<Utc>>,
}

/// A page of images.
#[derive(Debug, Clone, PartialEq)]
pub struct IsoPage {
    /// The images, in order.
    pub items: Vec<IsoRecord>,
    /// For the next [`Page::cursor`]; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// A page of the images that pass the filter, sorted by `created_at` (default, newest first), `label`, `filename` or `size`.
///
/// # Errors
/// [`StorageError::Invalid`] as for [`crate::storage::jobs::list`].
pub fn list(connection: &mut Connection, filter: &IsoFilter, page: &Page) -> Result<IsoPage, StorageError> {
    let load = |connection: &mut Connection, numbers: &[i64]| {
        let rows: Vec<(i64, Row)> =
            isos::table.filter(isos::number.eq_any(numbers)).select((isos::number, Row::as_select())).load(connection)?;
        rows.into_iter().map(|(number, row)| Ok((number, IsoRecord::try_from(row)?))).collect()
    };
    let (items, next_cursor) = list::page(connection, &query(filter), page, load, key)?;
    Ok(IsoPage { items, next_cursor })
}

/// How the database answers [`list`]: its plan for each statement that is run.
///
/// # Errors
/// As for [`list`].
pub fn explain(connection: &mut Connection, filter: &IsoFilter, page: &Page) -> Result<Vec<String>, StorageError> {
    list::explain(connection, &query(filter), page)
}

fn query(filter: &IsoFilter) -> Query<'_> {
    let order = |name, column, like| Order { name, column, like };
    let text = Key::Text(String::new());
    let job = filter.job.map(|id| id.to_string());
    let query = Query {
        table: "isos",
        orders: vec![
            order("created_at", "created_at", Key::Time(Default::default())),
            order("label", "label_key", text.clone()),
            order("filename", "filename", text),
            order("size", "size", Key::Int(0)),
        ],
        any_of: ("verdict", Vec::new()),
        visible: None,
        conditions: Vec::new(),
        search: filter.q.as_deref(),
    };
    query
        .text("job_id =", job.as_deref())
        .text("disk_type =", filter.disk_type.as_deref())
        .text("verdict =", filter.verdict.as_deref())
        .time("created_at >=", filter.since.map(convert::time))
        .time("created_at <", filter.until.map(convert::time))
}

fn key(record: &IsoRecord, column: &str) -> Key {
    match column {
        "label_key" => Key::Text(convert::sort_key(&record.disk_label)),
        "filename" => Key::Text(record.filename.clone()),
        "size" => Key::Int(i64::try_from(record.size).unwrap_or(i64::MAX)),
        _ => Key::Time(convert::time(record.created_at)),
    }
}
