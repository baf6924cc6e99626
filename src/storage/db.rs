//! The pool, and the two ways to use it: [`Db::read`] and [`Db::write`].

use super::{
    connection::{AnyConnection, Manager},
    dialect,
    error::StorageError,
    migrations,
    queue::Queue,
    url::DatabaseUrl,
};
use r2d2::{ManageConnection, Pool};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a caller waits for a free connection.
const CHECKOUT: Duration = Duration::from_secs(10);

/// A database. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    url: DatabaseUrl,
    pool: Pool<Manager>,
    /// Writers of this process queue here, in order of arrival and without holding a connection. The databases would make
    /// them wait too, but SQLite's waiting is polling without any order.
    writer: Mutex<()>,
    /// The same order for async callers.
    async_writer: Queue,
    async_readers: Queue,
}

impl Db {
    /// Opens the database (a SQLite file is created, its folder is not) with at most `pool_size` connections, at least two.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] with the database's own words when the first connection fails.
    pub fn open(url: &DatabaseUrl, pool_size: u32) -> Result<Self, StorageError> {
        let pool_size = pool_size.max(2);
        let manager = Manager(url.clone());
        // The pool would retry in the background and hide why it fails.
        drop(manager.connect().map_err(|error| StorageError::Unavailable(format!("{url}: {error}")))?);
        let pool = Pool::builder()
            .max_size(pool_size)
            .min_idle(Some(1))
            .test_on_check_out(true)
            .connection_timeout(CHECKOUT)
            .build(manager)?;
        Ok(Self(Arc::new(Inner {
            url: url.clone(),
            pool,
            writer: Mutex::new(()),
            async_writer: Queue::start("db-writer", 1)?,
            async_readers: Queue::start("db-reader", pool_size - 1)?,
        })))
    }

    /// Where this database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Applies the embedded migrations that are missing; their names. Processes that start together wait for each other.
    ///
    /// # Errors
    /// [`StorageError`] if one fails.
    pub fn migrate(&self) -> Result<Vec<String>, StorageError> {
        self.guarded(migrations::run)
    }

    /// Undoes all migrations, and with them all data; how many there were. For tests and for leaving.
    ///
    /// # Errors
    /// [`StorageError`] if one cannot be undone.
    pub fn undo_migrations(&self) -> Result<usize, StorageError> {
        self.guarded(migrations::undo)
    }

    /// Names of the migrations that [`Db::migrate`] would apply.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not answer.
    pub fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.guarded(migrations::pending)
    }

    /// Whether the database answers. Blocks.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if it does not.
    pub fn ping(&self) -> Result<(), StorageError> {
        let mut connection = self.0.pool.get()?;
        diesel::r2d2::R2D2Connection::ping(&mut *connection).map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    /// Runs `work` on a consistent, read-only snapshot: what it reads belongs together, and a write in it fails.
    ///
    /// # Errors
    /// What `work` returns, [`StorageError::Panicked`] if it panics, [`StorageError::Unavailable`] without a database.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let db = self.clone();
        self.0.async_readers.run(move || db.read_blocking(work)).await
    }

    /// Runs `work` in a transaction that no other writer overlaps: committed if it returns `Ok`, undone otherwise.
    ///
    /// Dropping the future does not stop a transaction that has begun. Inside `work`, never call the `Db` again.
    ///
    /// # Errors
    /// As for [`Db::read`].
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let db = self.clone();
        self.0.async_writer.run(move || db.write_blocking(work)).await
    }

    /// [`Db::read`] for threads that may block.
    ///
    /// # Errors
    /// As for [`Db::read`].
    pub fn read_blocking<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError>) -> Result<T, StorageError> {
        self.guarded(|connection| {
            dialect::begin_read(connection)?;
            let result = work(connection);
            dialect::end_read(connection)?;
            result
        })
    }

    /// [`Db::write`] for threads that may block.
    ///
    /// # Errors
    /// As for [`Db::read`].
    pub fn write_blocking<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError>) -> Result<T, StorageError> {
        // The mutex guards no data, so a panic of an earlier holder spoils nothing.
        let _turn = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.guarded(|connection| {
            dialect::begin_write(connection)?;
            match work(connection) {
                Ok(value) => dialect::commit(connection).map(|()| value),
                // What went wrong is told even if undoing it goes wrong too: the pool closes such a connection, which undoes it.
                Err(error) => dialect::rollback(connection).map_or(Err(error.clone()), |()| Err(error)),
            }
        })
    }

    /// Turns a panic into an error. The connection is taken inside, so that it is dropped while the thread panics: that is how
    /// the pool knows that it must not be used again.
    fn guarded<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError>) -> Result<T, StorageError> {
        catch_unwind(AssertUnwindSafe(|| {
            let mut connection = self.0.pool.get()?;
            work(&mut connection)
        }))
        .unwrap_or_else(|panic| Err(StorageError::Panicked(panic_text(panic.as_ref()))))
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
