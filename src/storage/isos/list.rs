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
use diesel::{dsl::count_star, prelude::*};

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
    /// Of so many bytes or more.
    pub min_size: Option<u64>,
    /// Of so many bytes or fewer.
    pub max_size: Option<u64>,
    /// How the last comparison with the stored hashes ended: `never`, `passed`, `failed`.
    pub check: Option<String>,
    /// What is in the trash, instead of what is not.
    pub trash: bool,
}

/// How many images there are, and how large they are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Images.
    pub images: u64,
    /// Bytes.
    pub bytes: u64,
    /// There are more: counting stopped here.
    pub more: bool,
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

/// Counts the images that pass the filter, up to so many.
///
/// # Errors
/// As for [`list`].
pub fn tally(connection: &mut Connection, filter: &IsoFilter, most: u32) -> Result<Tally, StorageError> {
    let (images, bytes) = list::tally(connection, &query(filter), "size", most)?;
    Ok(Tally { images: images.min(u64::from(most)), bytes, more: images > u64::from(most) })
}

/// Counts all images of the library, or of the trash: a walk over one small index.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn total(connection: &mut Connection, trash: bool) -> Result<Tally, StorageError> {
    let count = (count_star(), coalesce_sum());
    let (images, bytes): (i64, i64) = if trash {
        isos::table.filter(isos::trashed_at.is_not_null()).select(count).first(connection)?
    } else {
        isos::table.filter(isos::trashed_at.is_null()).select(count).first(connection)?
    };
    Ok(Tally { images: convert::unsigned("count", images)?, bytes: convert::unsigned("sum", bytes)?, more: false })
}

/// The sum of all sizes; both databases would give another type than that of the column, and nothing for no rows.
fn coalesce_sum() -> diesel::expression::SqlLiteral<diesel::sql_types::BigInt> {
    diesel::dsl::sql("CAST(COALESCE(SUM(size), 0) AS BIGINT)")
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
        conditions: Vec::new(),
        visible: Some(if filter.trash { "trashed_at IS NOT NULL" } else { "trashed_at IS NULL" }),
        search: filter.q.as_deref(),
    };
    query
        .text("job_id =", job.as_deref())
        .text("disk_type =", filter.disk_type.as_deref())
        .text("verdict =", filter.verdict.as_deref())
        .time("created_at >=", filter.since.map(convert::time))
        .time("created_at <", filter.until.map(convert::time))
        .number("size >=", filter.min_size)
        .number("size <=", filter.max_size)
        .text("check_state =", filter.check.as_deref())
}

fn key(record: &IsoRecord, column: &str) -> Key {
    match column {
        "label_key" => Key::Text(convert::sort_key(&record.disk_label)),
        "filename" => Key::Text(record.filename.clone()),
        "size" => Key::Int(i64::try_from(record.size).unwrap_or(i64::MAX)),
        _ => Key::Time(convert::time(record.created_at)),
    }
}
