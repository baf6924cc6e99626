//! A statement with its values.

use crate::storage::{
    connection::{AnyConnection, MultiBackend},
    cursor::Key,
    dialect,
    error::StorageError,
};
use diesel::{
    prelude::*,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_types::{BigInt, Text, Timestamp},
};

/// SQL text and the values of its placeholders, which appear in ascending order: SQLite counts them by appearance.
#[derive(Default)]
pub(super) struct Statement {
    pub sql: String,
    pub binds: Vec<Key>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

impl Statement {
    pub(super) fn bind(&mut self, value: Key) -> String {
        self.binds.push(value);
        format!("${}", self.binds.len())
    }

    pub(super) fn condition(&mut self, (condition, value): &(&'static str, Key)) -> String {
        format!("{condition} {}", self.bind(value.clone()))
    }

    fn query(&self, sql: &str) -> BoxedSqlQuery<'static, MultiBackend, SqlQuery> {
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

    pub(super) fn numbers(&self, connection: &mut AnyConnection) -> Result<Vec<i64>, StorageError> {
        let rows: Vec<Number> = self.query(&self.sql).load(connection)?;
        Ok(rows.into_iter().map(|row| row.number).collect())
    }

    /// Number of rows, and the sum of a column over them.
    pub(super) fn tally(&self, connection: &mut AnyConnection, table: &str, column: &str) -> Result<(i64, i64), StorageError> {
        let sql = format!(
            "SELECT COUNT(*) AS count, CAST(COALESCE(SUM({column}), 0) AS BIGINT) AS sum FROM {table}
             WHERE number IN (SELECT number FROM ({}) AS counted)",
            self.sql
        );
        let rows: Vec<Sum> = self.query(&sql).load(connection)?;
        Ok(rows.first().map_or((0, 0), |row| (row.count, row.sum)))
    }

    pub(super) fn plan(&self, connection: &mut AnyConnection) -> Result<String, StorageError> {
        let query = self.query(&format!("{}{}", dialect::explain(connection), self.sql));
        dialect::plan_text(connection, query)
    }
}
