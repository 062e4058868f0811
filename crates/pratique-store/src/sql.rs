//! One way to two databases: the same SQL, three types (`BIGINT`, `TEXT`, `BYTEA`), rows by position.
//!
//! SQLite has one writer at a time: a single connection, so that waiting is a queue here and not a busy error there.
//! Readers see the last committed state and wait for nobody (write-ahead log). Commits are synced to the disk.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    Arguments as _, AssertSqlSafe, Connection as _, Row as _,
    pool::PoolConnection,
    postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow, Postgres},
    sqlite::{
        Sqlite, SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
        SqliteRow, SqliteSynchronous,
    },
};

use crate::{StoreError, schema};

/// The database.
#[derive(Debug, Clone)]
pub struct Store(Pools);

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// A value of a parameter. Absent ones have a type too: PostgreSQL wants to know it.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// `BIGINT`
    Int(Option<i64>),
    /// `TEXT`
    Text(Option<&'a str>),
    /// `BYTEA`
    Bytes(Option<&'a [u8]>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

/// The values of a statement's parameters, in order.
#[macro_export]
#[doc(hidden)]
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}
pub(crate) use values;

/// A row of an answer.
#[derive(Debug)]
pub struct Row(Inner);

#[derive(Debug)]
enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    fn get<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: for<'r> sqlx::Decode<'r, Sqlite>
            + sqlx::Type<Sqlite>
            + for<'r> sqlx::Decode<'r, Postgres>
            + sqlx::Type<Postgres>,
    {
        match &self.0 {
            Inner::Sqlite(row) => row.try_get(column),
            Inner::Postgres(row) => row.try_get(column),
        }
        .map_err(StoreError::doing("reading a row"))
    }

    /// A number.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.get(column)
    }

    /// A number or nothing.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.get(column)
    }

    /// A truth value.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.get(column)
    }

    /// A text or nothing.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.get(column)
    }

    /// A text that means something: a digest, a number, …
    pub fn parsed<T: FromStr>(&self, column: usize, what: &'static str) -> Result<T, StoreError> {
        let text = self.text(column)?;
        text.parse().map_err(|_| damaged(what, &text))
    }

    /// As [`Row::parsed`], or nothing.
    pub fn opt_parsed<T: FromStr>(&self, column: usize, what: &'static str) -> Result<Option<T>, StoreError> {
        self.opt_text(column)?.map(|text| text.parse().map_err(|_| damaged(what, &text))).transpose()
    }

    /// A JSON document.
    pub fn json<T: serde::de::DeserializeOwned>(
        &self,
        column: usize,
        what: &'static str,
    ) -> Result<T, StoreError> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|_| damaged(what, &text))
    }
}

pub(crate) fn damaged(what: &'static str, value: &str) -> StoreError {
    StoreError::Damaged { what, value: value.chars().take(100).collect() }
}

/// What was written as JSON; plain data, which always can be.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A conversation with the database: reading, or one transaction.
#[derive(Debug)]
pub struct Session(Connection);

#[derive(Debug)]
enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    SqliteWrite(sqlx::Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresWrite(sqlx::Transaction<'static, Postgres>),
}

/// What the same statement is called on either kind of connection.
macro_rules! on {
    ($session:expr, $sql:expr, $values:expr, $method:ident, $doing:expr, $wrap:ident) => {{
        let doing = $doing;
        match &mut $session.0 {
            Connection::Sqlite(to) => {
                let query = sqlx::query_with(AssertSqlSafe($sql), sqlite_arguments($values)?);
                query.$method(&mut **to).await.map_err(StoreError::doing(doing))?.$wrap()
            }
            Connection::SqliteWrite(to) => {
                let query = sqlx::query_with(AssertSqlSafe($sql), sqlite_arguments($values)?);
                query.$method(&mut **to).await.map_err(StoreError::doing(doing))?.$wrap()
            }
            Connection::Postgres(to) => {
                let query = sqlx::query_with(AssertSqlSafe($sql), postgres_arguments($values)?);
                query.$method(&mut **to).await.map_err(StoreError::doing(doing))?.$wrap()
            }
            Connection::PostgresWrite(to) => {
                let query = sqlx::query_with(AssertSqlSafe($sql), postgres_arguments($values)?);
                query.$method(&mut **to).await.map_err(StoreError::doing(doing))?.$wrap()
            }
        }
    }};
}

/// Makes [`Row`]s, and counts, of what the drivers answer.
trait Wrapped {
    type As;
    fn wrapped(self) -> Self::As;
}

impl Wrapped for Vec<SqliteRow> {
    type As = Vec<Row>;
    fn wrapped(self) -> Vec<Row> {
        self.into_iter().map(|row| Row(Inner::Sqlite(row))).collect()
    }
}

impl Wrapped for Vec<PgRow> {
    type As = Vec<Row>;
    fn wrapped(self) -> Vec<Row> {
        self.into_iter().map(|row| Row(Inner::Postgres(row))).collect()
    }
}

impl Wrapped for Option<SqliteRow> {
    type As = Option<Row>;
    fn wrapped(self) -> Option<Row> {
        self.map(|row| Row(Inner::Sqlite(row)))
    }
}

impl Wrapped for Option<PgRow> {
    type As = Option<Row>;
    fn wrapped(self) -> Option<Row> {
        self.map(|row| Row(Inner::Postgres(row)))
    }
}

impl Session {
    /// Rows of `sql`.
    pub(crate) async fn all(
        &mut self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self, sql, values, fetch_all, doing, wrapped))
    }

    /// The first row of `sql`, if there is one.
    pub(crate) async fn one(
        &mut self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(on!(self, sql, values, fetch_optional, doing, wrapped))
    }

    /// Runs `sql` and says how many rows it touched.
    pub(crate) async fn execute(
        &mut self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        Ok(on!(self, sql, values, execute, doing, rows_affected))
    }

    /// Makes what was written since [`Store::write`] last, all of it at once. A session that is dropped instead leaves
    /// nothing behind.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not; then nothing of it is there.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Connection::Sqlite(_) | Connection::Postgres(_) => Ok(()),
            Connection::SqliteWrite(transaction) => transaction.commit().await,
            Connection::PostgresWrite(transaction) => transaction.commit().await,
        }
        .map_err(StoreError::doing("committing"))
    }

    /// Whether this is PostgreSQL, where rows must be locked that SQLite's single writer has to itself.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.0, Connection::Postgres(_) | Connection::PostgresWrite(_))
    }
}

fn sqlite_arguments(values: &[Value<'_>]) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match *value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(unencodable)?;
    }
    Ok(arguments)
}

fn postgres_arguments(values: &[Value<'_>]) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for value in values {
        match *value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(unencodable)?;
    }
    Ok(arguments)
}

fn unencodable(error: sqlx::error::BoxDynError) -> StoreError {
    StoreError::Database { doing: "passing a parameter", source: sqlx::Error::Encode(error) }
}

impl Store {
    /// Opens the embedded database in `file`, which is made with its directory if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be made or opened, or is of a newer program.
    pub async fn open_file(file: &Path) -> Result<Self, StoreError> {
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory)
                .map_err(|source| StoreError::Directory { path: directory.into(), source })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .pragma("cache_size", "-16384")
            .statement_cache_capacity(256);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_mins(1))
            // When the disk is full SQLite ends a transaction by itself, and the driver believes that it goes on: no other
            // could ever be begun on that connection, which is the only one that writes.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options.clone())
            .await
            .map_err(StoreError::doing("opening the database"))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_mins(1))
            .connect_lazy_with(options.read_only(true));
        let store = Self(Pools::Sqlite { writer, readers });
        schema::bring_up_to_date(&store).await?;
        Ok(store)
    }

    /// Opens the database at `url`, `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be reached, or is of a newer program.
    pub async fn open_url(url: &str) -> Result<Self, StoreError> {
        let without_password =
            || StoreError::Address { url: url.split('@').next_back().unwrap_or("").into() };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(without_password());
        }
        let options = PgConnectOptions::from_str(url).map_err(|_| without_password())?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_mins(1))
            .connect_with(options)
            .await
            .map_err(StoreError::doing("connecting to the database"))?;
        let store = Self(Pools::Postgres(pool));
        schema::bring_up_to_date(&store).await?;
        Ok(store)
    }

    /// A session that reads.
    ///
    /// # Errors
    /// [`StoreError`] when no connection can be had.
    pub async fn read(&self) -> Result<Session, StoreError> {
        let connection = match &self.0 {
            Pools::Sqlite { readers, .. } => readers.acquire().await.map(Connection::Sqlite),
            Pools::Postgres(pool) => pool.acquire().await.map(Connection::Postgres),
        };
        connection.map(Session).map_err(StoreError::doing("connecting to the database"))
    }

    /// A session that is one transaction, with the right to write.
    ///
    /// # Errors
    /// [`StoreError`] when no connection can be had.
    pub async fn write(&self) -> Result<Session, StoreError> {
        let connection = match &self.0 {
            Pools::Sqlite { writer, .. } => {
                writer.begin_with("BEGIN IMMEDIATE").await.map(Connection::SqliteWrite)
            }
            Pools::Postgres(pool) => pool.begin().await.map(Connection::PostgresWrite),
        };
        connection.map(Session).map_err(StoreError::doing("beginning a transaction"))
    }

    /// Waits for running sessions and closes all connections.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
