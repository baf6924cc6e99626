//! Pages of long lists: filters, orders, cursors and substring search, the same for every table.
//!
//! A page costs the same however long the list is. Pages begin where the last one ended (`(key, number) < (…)`) and not after
//! n rows. A filter on several values of a column becomes one ordered, limited branch per value, because neither database
//! walks an index in order for `IN`. A search first looks at the next thousand rows in order, which fills the page if hits are
//! frequent; if they are rare, the trigram index finds them. A filter in an order that it has no index for is treated alike: the
//! next rows first, then all rows of the filter, sorted. Not bounded: searches shorter than a trigram with few hits, and
//! filters that are frequent each but rare together.

mod plan;
mod statement;

use super::{
    connection::AnyConnection,
    convert,
    cursor::{Cursor, Key},
    error::StorageError,
};
use chrono::NaiveDateTime;
use plan::Plan;
use std::{fmt, str::FromStr};

/// Most rows that one page may have.
pub const MAX_LIMIT: u32 = 200;

/// Order of a list. As text: the field's name, with `-` in front when descending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Name of the field.
    pub by: String,
    /// Largest first.
    pub descending: bool,
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.by)
    }
}

impl FromStr for Sort {
    type Err = std::convert::Infallible;
    /// Never fails; whether the list knows the field is found out when it is asked.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (by, descending) = text.strip_prefix('-').map_or((text, false), |by| (by, true));
        Ok(Self { by: by.to_owned(), descending })
    }
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Order; newest first if not given.
    pub sort: Option<Sort>,
    /// Number of rows, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// The last page's `next_cursor`.
    pub cursor: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self { sort: None, limit: 50, cursor: None }
    }
}

/// One order that a list offers.
pub(super) struct Order {
    pub name: &'static str,
    pub column: &'static str,
    /// Any key of the column's type.
    pub like: Key,
}

/// What to list.
pub(super) struct Query<'a> {
    pub table: &'static str,
    pub orders: Vec<Order>,
    /// Column that must have one of these values; no restriction if empty.
    pub any_of: (&'static str, Vec<String>),
    /// Condition without a value that nearly every row fulfils, so that no index is needed for it: what is deleted is left out.
    pub visible: Option<&'static str>,
    /// Conditions: column and operator, value.
    pub conditions: Vec<(&'static str, Key)>,
    /// Substring of the search column.
    pub search: Option<&'a str>,
}

impl Query<'_> {
    /// Adds a condition if there is a value.
    pub(super) fn text(mut self, condition: &'static str, value: Option<&str>) -> Self {
        self.conditions.extend(value.map(|value| (condition, Key::Text(convert::text(value)))));
        self
    }

    /// Adds a condition if there is a value.
    pub(super) fn number(mut self, condition: &'static str, value: Option<u64>) -> Self {
        self.conditions.extend(value.map(|value| (condition, Key::Int(i64::try_from(value).unwrap_or(i64::MAX)))));
        self
    }

    /// Adds a condition if there is a value.
    pub(super) fn time(mut self, condition: &'static str, value: Option<NaiveDateTime>) -> Self {
        self.conditions.extend(value.map(|value| (condition, Key::Time(value))));
        self
    }
}

/// Loads a page: the rows and the cursor of the next one. `load` fetches rows by number, `key` tells a row's sort column.
pub(super) fn page<R>(
    connection: &mut AnyConnection,
    query: &Query<'_>,
    page: &Page,
    load: impl FnOnce(&mut AnyConnection, &[i64]) -> Result<Vec<(i64, R)>, StorageError>,
    key: impl FnOnce(&R, &str) -> Key,
) -> Result<(Vec<R>, Option<String>), StorageError> {
    let plan = Plan::new(query, page)?;
    let wanted = plan.limit as usize;
    let mut numbers = Vec::new();
    for statement in plan.statements(connection) {
        numbers = statement.numbers(connection)?;
        if numbers.len() > wanted {
            break;
        }
    }
    let more = numbers.len() > wanted;
    numbers.truncate(wanted);
    let mut rows = load(connection, &numbers)?;
    rows.sort_by_key(|(number, _)| numbers.iter().position(|wanted| wanted == number));
    let next = rows.last().filter(|_| more).map(|(number, row)| {
        let cursor = Cursor { key: key(row, plan.order.column), number: *number };
        cursor.to_text(&plan.sort)
    });
    Ok((rows.into_iter().map(|(_, row)| row).collect(), next))
}

/// Counts the rows of a query, and adds up one of their columns, up to so many rows.
pub(super) fn tally(
    connection: &mut AnyConnection,
    query: &Query<'_>,
    column: &str,
    most: u32,
) -> Result<(u64, u64), StorageError> {
    let mut plan = Plan::new(query, &Page::default())?;
    plan.limit = most;
    let mut statements = plan.statements(connection);
    // The last one alone decides, and here nothing is shown before.
    let Some(statement) = statements.pop() else { return Ok((0, 0)) };
    let (count, sum) = statement.tally(connection, query.table, column)?;
    Ok((u64::try_from(count).unwrap_or(0), u64::try_from(sum).unwrap_or(0)))
}

/// The database's plans for the statements that [`page`] runs, one text per statement.
pub(super) fn explain(connection: &mut AnyConnection, query: &Query<'_>, page: &Page) -> Result<Vec<String>, StorageError> {
    let plan = Plan::new(query, page)?;
    let mut plans = Vec::new();
    for statement in plan.statements(connection) {
        plans.push(statement.plan(connection)?);
        if statement.numbers(connection)?.len() > plan.limit as usize {
            break;
        }
    }
    Ok(plans)
}
