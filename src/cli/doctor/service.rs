//! Folders, database, address and hook of the service.

use super::Finding;
use crate::{
    config::Config,
    storage::{DatabaseUrl, Db},
};
use std::{os::unix::fs::PermissionsExt as _, path::Path};

/// Looks at all of them.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = folders(config);
    findings.push(database(config));
    findings.extend(hook(config));
    findings.push(listen(config));
    findings
}

fn folders(config: &Config) -> Vec<Finding> {
    let named = [("state", &config.state_dir), ("output", &config.output_dir)];
    named.into_iter().chain(config.output_roots.iter().map(|root| ("output", root))).map(|(t, f)| folder(t, f)).collect()
}

fn folder(topic: &'static str, folder: &Path) -> Finding {
    let (probe, shown) = (folder.join(".disk2iso-doctor"), folder.display());
    let written =
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b"x")).and_then(|()| std::fs::remove_file(&probe));
    match (written, crate::imaging::free_space(folder)) {
        (Err(error), _) => Finding::bad(
            topic,
            format!("{shown}: {error}"),
            format!("create it and let this user write there: chown disk2iso {shown}"),
        ),
        (Ok(()), Ok(free)) if topic == "output" && free < 9 << 30 => Finding::note(
            topic,
            format!("{shown}: {} MB free", free / 1_000_000),
            "a DVD needs up to 8.5 GB, a Blu-ray up to 100 GB; jobs wait when the folder is full",
        ),
        (Ok(()), Ok(free)) => Finding::ok(topic, format!("{shown}: writable, {} GB free", free / 1_000_000_000)),
        (Ok(()), Err(error)) => {
            Finding::bad(topic, format!("{shown}: {error}"), "the file system does not tell its free space; is it mounted?")
        }
    }
}

fn database(config: &Config) -> Finding {
    let check = || -> Result<(String, usize), String> {
        let url = DatabaseUrl::parse(&config.database_url()).map_err(|error| error.to_string())?;
        if url.sqlite_path().is_some_and(|path| !Path::new(path).exists()) {
            return Ok((format!("{url} does not exist yet; it is created at the first start"), 0));
        }
        let db = Db::open(&url, 1).map_err(|error| error.to_string())?;
        db.ping().map_err(|error| error.to_string())?;
        let pending = db.pending_migrations().map_err(|error| error.to_string())?.len();
        Ok((format!("{url} answers"), pending))
    };
    match check() {
        Ok((text, 0)) => Finding::ok("database", text),
        Ok((text, pending)) => Finding::note(
            "database",
            format!("{text}, {pending} migrations are pending"),
            "the service does them at its start, or run: disk2iso migrate",
        ),
        Err(error) => Finding::bad(
            "database",
            format!("cannot be used: {error}"),
            "check DISK2ISO_DATABASE_URL and that the server runs and lets this user in",
        ),
    }
}

fn hook(config: &Config) -> Option<Finding> {
    let program = config.hook.as_ref()?;
    let shown = program.display();
    Some(match std::fs::metadata(program) {
        Ok(data) if data.is_file() && data.permissions().mode() & 0o111 != 0 => {
            Finding::ok("hook", format!("{shown}, at most {} s", config.hook_limit.as_secs()))
        }
        Ok(_) => Finding::bad("hook", format!("{shown} is not executable"), format!("chmod +x {shown}")),
        Err(error) => Finding::bad("hook", format!("{shown}: {error}"), "correct DISK2ISO_HOOK_COMMAND"),
    })
}

fn listen(config: &Config) -> Finding {
    match std::net::TcpListener::bind(config.listen) {
        Ok(_) => Finding::ok("web", format!("{} is free", config.listen)),
        Err(error) => Finding::note(
            "web",
            format!("{}: {error}", config.listen),
            "fine if the service runs already; otherwise set DISK2ISO_LISTEN",
        ),
    }
}
