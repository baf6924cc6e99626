//! Fresh databases for tests, always on both backends.
//!
//! ```ignore
//! each_database(|db, url| { db.write_blocking(|conn| …); });
//! each_database_async(async |db, url| { db.write(…).await; }).await;
//! ```
//! PostgreSQL is the server in `DISK2ISO_TEST_POSTGRES` (a URL with a user that may create databases), else a throw-away one from
//! Debian's binaries, started once per process as an unprivileged user and gone with the process. Never skipped.

use diesel::{Connection, connection::SimpleConnection, pg::PgConnection};
use disk2iso::storage::{DatabaseUrl, Db};
use std::{
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// A fresh database that is removed when this is dropped.
pub struct Database {
    /// Where it is.
    pub url: String,
    kind: Kind,
}

enum Kind {
    Sqlite(#[expect(dead_code, reason = "removes the folder when dropped")] tempfile::TempDir),
    Postgres { name: String },
}

impl Database {
    /// An empty SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/test.db", folder.path().display());
        Self { url, kind: Kind::Sqlite(folder) }
    }

    /// An empty database on the PostgreSQL server.
    pub fn postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        administrate(&format!("CREATE DATABASE {name}"));
        Self { url: on_server(&name), kind: Kind::Postgres { name } }
    }

    /// One of each.
    pub fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    /// Opens it; may be called several times, like several processes would.
    pub fn open(&self) -> Db {
        Db::open(&DatabaseUrl::parse(&self.url).unwrap(), 4).unwrap()
    }

    /// Opens it with all tables.
    pub fn migrated(&self) -> Db {
        let db = self.open();
        db.migrate().unwrap();
        db
    }
}

impl Database {
    /// Ends all connections and takes no new ones, as a server that went away. PostgreSQL only.
    pub fn cut_off(&self) {
        let Kind::Postgres { name } = &self.kind else { panic!("a file cannot be cut off") };
        administrate(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        administrate(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    }

    /// Takes connections again.
    pub fn bring_back(&self) {
        let Kind::Postgres { name } = &self.kind else { panic!("a file cannot be cut off") };
        administrate(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Kind::Postgres { name } = &self.kind {
            administrate(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// Runs a test on a fresh, migrated database of each kind.
pub fn each_database(test: impl Fn(Db, String)) {
    for database in Database::both() {
        eprintln!("--- on {}", database.url);
        test(database.migrated(), database.url.clone());
    }
}

/// [`each_database`] for async tests.
pub async fn each_database_async(test: impl AsyncFn(Db, String)) {
    for database in Database::both() {
        eprintln!("--- on {}", database.url);
        test(database.migrated(), database.url.clone()).await;
    }
}

fn administrate(statement: &str) {
    let mut connection = PgConnection::establish(&on_server("postgres")).unwrap();
    connection.batch_execute(statement).unwrap();
}

/// URL of a database on the server: the server's URL with another path.
fn on_server(database: &str) -> String {
    static SERVER: OnceLock<String> = OnceLock::new();
    let server = SERVER.get_or_init(|| std::env::var("DISK2ISO_TEST_POSTGRES").unwrap_or_else(|_| start_server()));
    let (scheme, rest) = server.split_once("://").expect("DISK2ISO_TEST_POSTGRES is a URL");
    let (address, query) = rest.split_once('?').map_or((rest, String::new()), |(a, q)| (a, format!("?{q}")));
    let authority = address.split('/').next().unwrap_or_default();
    format!("{scheme}://{authority}/{database}{query}")
}

/// Starts a server that listens on a Unix socket only and ends when this process does, however it does.
fn start_server() -> String {
    let programs = programs();
    let folder = tempfile::Builder::new().prefix("d2i-pg-").tempdir_in("/tmp").unwrap().keep();
    let unprivileged = unprivileged_user(&folder);
    let program = |path: &Path| {
        let mut command = Command::new(path);
        if let Some((uid, gid)) = unprivileged {
            command.uid(uid).gid(gid);
        }
        command.current_dir(&folder).stdout(Stdio::null());
        command
    };
    let data = folder.join("data");
    let made = program(&programs.join("initdb"))
        .args(["-U", "d2i", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "-D"])
        .arg(&data)
        .status()
        .unwrap();
    assert!(made.success(), "initdb: {made}");
    // The shell ends the server when its standard input closes, that is, when this process is gone.
    let script = r#""$1/postgres" -D "$2/data" -k "$2" -h '' -F -c max_connections=200 2>"$2/log" & server=$!
        cat >/dev/null; kill -INT $server; wait $server; rm -rf "$2""#;
    let mut shell = program(Path::new("/bin/sh"));
    shell.args(["-c", script, "postgres"]).arg(&programs).arg(&folder).stderr(Stdio::null());
    // Its own group, so that Ctrl-C on the test runner does not kill the shell before it has cleaned up.
    let child = shell.stdin(Stdio::piped()).process_group(0).spawn().unwrap();
    std::mem::forget(child);

    let server = format!("postgres://d2i@{}", folder.display().to_string().replace('/', "%2F"));
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(error) = PgConnection::establish(&format!("{server}/postgres")) {
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(Instant::now() < deadline, "PostgreSQL does not start: {error}\n{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
    server
}

/// Folder of the newest PostgreSQL that Debian has installed.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed (apt install postgresql)");
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.unwrap().path()).filter(|path| version(path).is_some()).max_by_key(version);
    newest.expect("a version in /usr/lib/postgresql").join("bin")
}

/// PostgreSQL refuses to run as root: then the folder is given to `postgres` or `nobody`, whose ids are returned.
fn unprivileged_user(folder: &Path) -> Option<(u32, u32)> {
    if !nix::unistd::Uid::effective().is_root() {
        return None;
    }
    let user = ["postgres", "nobody"].iter().find_map(|name| nix::unistd::User::from_name(name).ok().flatten());
    let user = user.expect("a user that is not root");
    let ids = (user.uid.as_raw(), user.gid.as_raw());
    std::os::unix::fs::chown(folder, Some(ids.0), Some(ids.1)).unwrap();
    Some(ids)
}
