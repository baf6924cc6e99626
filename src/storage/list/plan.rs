//! From a request to statements.

use super::{MAX_LIMIT, Order, Page, Query, Sort, statement::Statement};
use crate::storage::{
    connection::AnyConnection,
    convert,
    cursor::{Cursor, Key},
    dialect,
    error::StorageError,
};

/// Longest search, in characters.
const MAX_SEARCH: usize = 200;
/// Rows that a search looks at before it asks the trigram index.
const WINDOW: u32 = 1000;

/// A checked request.
pub(super) struct Plan<'a> {
    query: &'a Query<'a>,
    pub sort: Sort,
    pub order: &'a Order,
    pub limit: u32,
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
    pub(super) fn new(query: &'a Query<'a>, page: &Page) -> Result<Self, StorageError> {
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
        let search = query.search.map(convert::normalised).filter(|search| !search.is_empty());
        Ok(Self { query, sort, order, limit: page.limit, cursor, search })
    }

    /// The statements to try in turn, until one fills the page. The last one alone decides.
    pub(super) fn statements(&self, connection: &AnyConnection) -> Vec<Statement> {
        let tries: &[Searching] = match &self.search {
            None if self.has_index() => &[Searching::No],
            None => &[Searching::Window, Searching::No],
            Some(search) if search.chars().count() < 3 => &[Searching::Window, Searching::Walk],
            Some(_) => &[Searching::Window, Searching::Index],
        };
        tries.iter().map(|searching| self.statement(connection, *searching)).collect()
    }

    /// Whether an index gives the filtered rows in this order: each filter has one by time of creation, but a range of another
    /// column is in order only by that column.
    fn has_index(&self) -> bool {
        let sorted = |condition: &str| {
            let (column, operator) = condition.split_once(' ').unwrap_or((condition, ""));
            let range = operator != "=" && column != "created_at";
            self.order.column == if range { column } else { "created_at" }
        };
        let values = self.query.any_of.1.is_empty() || self.order.column == "created_at";
        values && self.query.conditions.iter().all(|(condition, _)| sorted(condition))
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
            let first: Vec<String> = self.visible().chain(self.after_cursor(&mut statement)).collect();
            let first = if first.is_empty() { String::new() } else { format!(" WHERE {}", first.join(" AND ")) };
            conditions = self.conditions(&mut statement);
            format!("SELECT * FROM {}{first} {order} LIMIT {WINDOW}", self.query.table)
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
            let placeholder = statement.bind(Key::Text(convert::text(value)));
            conditions.push(format!("{column} = {placeholder}"));
        }
        conditions.extend(self.visible());
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
        let values: Vec<_> = values.iter().map(|value| statement.bind(Key::Text(convert::text(value)))).collect();
        conditions.extend((!values.is_empty()).then(|| format!("{column} IN ({})", values.join(", "))));
        conditions
    }

    /// The condition that the indexes have.
    fn visible(&self) -> impl Iterator<Item = String> {
        self.query.visible.map(str::to_owned).into_iter()
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
