//! Pages of long lists: filters, orders, cursors and substring search, the same for every table.
//!
//! A page costs the same however long the list is. Pages begin where the last one ended (`(key, number) < (…)`) and not after
//! n rows. A filter on several values of a column becomes one ordered, limited branch per value, because neither database
//! walks an index in order for `IN`. A search first looks at the next [`WINDOW`] rows in order, which fills the page if hits are
//! frequent; if they are rare, the trigram index finds them. A filter in an order that it has no index for is treated alike: the
//! next rows first, then all rows of the filter, sorted. Not bounded: searches shorter than a trigram with few hits, and
//! filters that are frequent each but rare together.

use super::{
    connection::{AnyConnection, MultiBackend},
    convert::normalised,
    cursor::{Cursor, Key},
    dialect,
    error::StorageError,
};
use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamp},
};
use std::{fmt, str::FromStr};

/// Most rows that one page may have.
pub const MAX_LIMIT: u32 = 200;
/// Longest search, in characters.
const MAX_SEARCH: usize = 200;
/// Rows that a search looks at before it asks the trigram index.
const WINDOW: u32 = 1000;

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

/// A value for a placeholder.
type Bind = Key;

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
    /// Conditions: column and operator, value.
    pub conditions: Vec<(&'static str, Bind)>,
    /// Substring of the search column.
    pub search: Option<&'a str>,
}

impl Query<'_> {
    /// Adds a condition if there is a value.
    pub(super) fn text(mut self, condition: &'static str, value: Option<&str>) -> Self {
        self.conditions.extend(value.map(|value| (condition, Key::Text(super::convert::text(value)))));
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

/// A checked request.
struct Plan<'a> {
    query: &'a Query<'a>,
    sort: Sort,
    order: &'a Order,
    limit: u32,
    cursor: Option<Cursor>,
    search: Option<String>,
}

/// How a statement deals with the search.
#[derive(Clone, Copy, PartialEq)]
enum Searching {
    /// Not at all.
    No,
    /// Only the next rows, whatever has to be found in them.
    Window,
    /// By the trigram index.
    Index,
    /// Row by row.
    Walk,
}

impl<'a> Plan<'a> {
    fn new(query: &'a Query<'a>, page: &Page) -> Result<Self, StorageError> {
        let sort = page.sort.clone().unwrap_or_else(|| Sort { by: "created_at".to_owned(), descending: true });
        let order = query.orders.iter().find(|order| order.name == sort.by).ok_or_else(|| {
            let known: Vec<_> = query.orders.iter().map(|order| order.name).collect();
            StorageError::Invalid(format!("unknown sort order; allowed are {}, each also with - in front", known.join(", ")))
        })?;
        if !(1..=MAX_LIMIT).contains(&page.limit) {
            return Err(StorageError::Invalid(format!("limit must be 1 to {MAX_LIMIT}")));
        }
        let cursor = page.cursor.as_deref().map(|text| Cursor::parse(text, &sort, &order.like)).transpose()?;
        if query.search.is_some_and(|search| search.chars().count() > MAX_SEARCH) {
            return Err(StorageError::Invalid(format!("a search has at most {MAX_SEARCH} characters")));
        }
        let search = query.search.map(normalised).filter(|search| !search.is_empty());
        Ok(Self { query, sort, order, limit: page.limit, cursor, search })
    }

    /// The statements to try in turn, until one fills the page. The last one alone decides.
    fn statements(&self, connection: &AnyConnection) -> Vec<Statement> {
        let tries: &[Searching] = match &self.search {
            None if self.has_index() => &[Searching::No],
            None => &[Searching::Window, Searching::No],
            Some(search) if search.chars().count() < 3 => &[Searching::Window, Searching::Walk],
            Some(_) => &[Searching::Window, Searching::Index],
        };
        tries.iter().map(|searching| self.statement(connection, *searching)).collect()
    }

    /// Whether an index gives the filtered rows in this order: each filter has one by time of creation.
    fn has_index(&self) -> bool {
        let filtered = !self.query.conditions.is_empty() || !self.query.any_of.1.is_empty();
        !filtered || self.order.column == "created_at"
    }

    fn statement(&self, connection: &AnyConnection, searching: Searching) -> Statement {
        let mut statement = Statement::default();
        if searching != Searching::Window {
            statement.sql = self.branches(connection, searching, self.limit + 1, &mut statement);
            return statement;
        }
        let (column, order) = (self.order.column, self.order_by());
        let mut conditions = Vec::new();
        let next_rows = if self.has_index() {
            self.branches(connection, searching, WINDOW, &mut statement)
        } else {
            let after = self.after_cursor(&mut statement).map(|after| format!(" WHERE {after}")).unwrap_or_default();
            conditions = self.conditions(&mut statement);
            format!("SELECT * FROM {}{after} {order} LIMIT {WINDOW}", self.query.table)
        };
        conditions.extend(self.search.as_ref().map(|_| self.like(&mut statement)));
        let filter = conditions.join(" AND ");
        statement.sql =
            format!("SELECT number, {column} FROM ({next_rows}) AS next_rows WHERE {filter} {order} LIMIT {}", self.limit + 1);
        statement
    }

    /// One branch per value of the column with several, and their first `rows` rows together.
    fn branches(&self, connection: &AnyConnection, searching: Searching, rows: u32, statement: &mut Statement) -> String {
        let (column, values) = &self.query.any_of;
        if values.is_empty() {
            return self.branch(connection, searching, None, rows, statement);
        }
        let branches: Vec<_> =
            values.iter().map(|value| self.branch(connection, searching, Some((column, value)), rows, statement)).collect();
        if let [only] = branches.as_slice() {
            return only.clone();
        }
        let named = branches.iter().enumerate().map(|(i, sql)| format!("SELECT * FROM ({sql}) AS branch{i}"));
        let all: Vec<_> = named.collect();
        format!("SELECT * FROM ({}) AS branches {} LIMIT {rows}", all.join(" UNION ALL "), self.order_by())
    }

    /// The first `rows` rows after the cursor, in order, that fulfil the conditions.
    fn branch(
        &self,
        connection: &AnyConnection,
        searching: Searching,
        any_of: Option<(&str, &String)>,
        rows: u32,
        statement: &mut Statement,
    ) -> String {
        let column = self.order.column;
        let mut from = self.query.table.to_owned();
        let mut conditions = Vec::new();
        if let (Searching::Index, Some(search)) = (searching, &self.search) {
            let hits = dialect::hits(connection, self.query.table, statement.binds.len() + 1, search);
            statement.bind(Key::Text(hits.value));
            from = hits.from;
            conditions.extend(hits.condition);
        }
        if let Some((column, value)) = any_of {
            let placeholder = statement.bind(Key::Text(super::convert::text(value)));
            conditions.push(format!("{column} = {placeholder}"));
        }
        conditions.extend(self.query.conditions.iter().map(|condition| statement.condition(condition)));
        conditions.extend(self.after_cursor(statement));
        if matches!(searching, Searching::Index | Searching::Walk) {
            conditions.push(self.like(statement));
        }
        let search = if searching == Searching::Window { ", search" } else { "" };
        let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        format!("SELECT number, {column}{search} FROM {from}{filter} {} LIMIT {rows}", self.order_by())
    }

    /// All filters in one, for rows that were chosen without them.
    fn conditions(&self, statement: &mut Statement) -> Vec<String> {
        let mut conditions: Vec<_> = self.query.conditions.iter().map(|condition| statement.condition(condition)).collect();
        let (column, values) = &self.query.any_of;
        let values: Vec<_> = values.iter().map(|value| statement.bind(Key::Text(super::convert::text(value)))).collect();
        conditions.extend((!values.is_empty()).then(|| format!("{column} IN ({})", values.join(", "))));
        conditions
    }

    /// Where the page begins.
    fn after_cursor(&self, statement: &mut Statement) -> Option<String> {
        let cursor = self.cursor.as_ref()?;
        let (key, number) = (statement.bind(cursor.key.clone()), statement.bind(Key::Int(cursor.number)));
        let beyond = if self.sort.descending { "<" } else { ">" };
        Some(format!("({}, number) {beyond} ({key}, {number})", self.order.column))
    }

    fn order_by(&self) -> String {
        let direction = if self.sort.descending { "DESC" } else { "ASC" };
        format!("ORDER BY {} {direction}, number {direction}", self.order.column)
    }

    /// Both sides are lower case, so it does not matter that SQLite's LIKE ignores case and PostgreSQL's does not.
    fn like(&self, statement: &mut Statement) -> String {
        let search = self.search.as_deref().unwrap_or_default();
        let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let placeholder = statement.bind(Key::Text(format!("%{escaped}%")));
        format!("search LIKE {placeholder} ESCAPE '\\'")
    }
}

/// SQL text and the values of its placeholders, which appear in ascending order: SQLite counts them by appearance.
#[derive(Default)]
struct Statement {
    sql: String,
    binds: Vec<Bind>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Statement {
    fn bind(&mut self, value: Bind) -> String {
        self.binds.push(value);
        format!("${}", self.binds.len())
    }

    fn condition(&mut self, (condition, value): &(&'static str, Bind)) -> String {
        format!("{condition} {}", self.bind(value.clone()))
    }

    fn query(&self, sql: &str) -> diesel::query_builder::BoxedSqlQuery<'static, MultiBackend, diesel::query_builder::SqlQuery> {
        let mut query = diesel::sql_query(sql).into_boxed::<MultiBackend>();
        for value in &self.binds {
            query = match value.clone() {
                Key::Text(text) => query.bind::<Text, _>(text),
                Key::Int(number) => query.bind::<BigInt, _>(number),
                Key::Time(at) => query.bind::<Timestamp, _>(at),
            };
        }
        query
    }

    fn numbers(&self, connection: &mut AnyConnection) -> Result<Vec<i64>, StorageError> {
        let rows: Vec<Number> = self.query(&self.sql).load(connection)?;
        Ok(rows.into_iter().map(|row| row.number).collect())
    }

    fn plan(&self, connection: &mut AnyConnection) -> Result<String, StorageError> {
        let query = self.query(&format!("{}{}", dialect::explain(connection), self.sql));
        dialect::plan_text(connection, query)
    }
}
