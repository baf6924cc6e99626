//! Folders, database, address and hook of the service.

use super::{Both, Circumstances, Finding, Progress, finding::both};
use crate::{
    config::Config,
    storage::{DatabaseUrl, Db},
};
use std::{os::unix::fs::PermissionsExt as _, path::Path};

/// Below this a DVD does not fit.
const ROOM_FOR_A_DVD: u64 = 9 << 30;

/// Looks at all of them.
pub(super) fn look(config: &Config, circumstances: &Circumstances, progress: Progress<'_>) -> Vec<Finding> {
    let mut findings = folders(config, progress);
    progress(Both::new("database", "Datenbank"));
    findings.push(database(config));
    findings.extend(config.hook.as_deref().map(|program| hook(program, config.hook_limit.as_secs())));
    findings.push(listen(config, circumstances.serving));
    findings
}

fn folders(config: &Config, progress: Progress<'_>) -> Vec<Finding> {
    let named = [("state", &config.state_dir), ("output", &config.output_dir)];
    let all = named.into_iter().chain(config.output_roots.iter().map(|root| ("output", root)));
    all.map(|(topic, path)| {
        let shown = path.display();
        progress(both!("folder {shown}", "Ordner {shown}"));
        folder(topic, path)
    })
    .collect()
}

/// Whether a folder exists or can be made, and can be written to.
pub(super) fn writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(".disk2iso-doctor");
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b"x")).and_then(|()| std::fs::remove_file(&probe))
}

fn folder(topic: &'static str, folder: &Path) -> Finding {
    let shown = folder.display();
    match (writable(folder), crate::imaging::free_space(folder)) {
        (Err(error), _) => Finding::bad(
            topic,
            both!("{shown}: {error}", "{shown}: {error}"),
            Both::new("create it and let this user write there", "ihn anlegen und diesen Benutzer dort schreiben lassen"),
        )
        .command(format!("mkdir -p '{shown}' && chown disk2iso '{shown}'")),
        (Ok(()), Ok(free)) if topic == "output" && free < ROOM_FOR_A_DVD => {
            let megabytes = free / 1_000_000;
            Finding::note(
                topic,
                both!("{shown}: {megabytes} MB free", "{shown}: {megabytes} MB frei"),
                Both::new(
                    "a DVD needs up to 8.5 GB, a Blu-ray up to 100 GB; jobs wait when the folder is full",
                    "eine DVD braucht bis 8,5 GB, eine Blu-ray bis 100 GB; ist der Ordner voll, warten die Aufgaben",
                ),
            )
        }
        (Ok(()), Ok(free)) => {
            let gigabytes = free / 1_000_000_000;
            Finding::ok(topic, both!("{shown}: writable, {gigabytes} GB free", "{shown}: beschreibbar, {gigabytes} GB frei"))
        }
        (Ok(()), Err(error)) => Finding::bad(
            topic,
            both!("{shown}: {error}", "{shown}: {error}"),
            Both::new(
                "the file system does not tell its free space; is it mounted?",
                "das Dateisystem sagt seinen freien Platz nicht; ist es eingehängt?",
            ),
        ),
    }
}

fn database(config: &Config) -> Finding {
    let check = || -> Result<(Both, usize), String> {
        let url = DatabaseUrl::parse(&config.database_url()).map_err(|error| error.to_string())?;
        if url.sqlite_path().is_some_and(|path| !Path::new(path).exists()) {
            let text = both!(
                "{url} does not exist yet; it is created at the first start",
                "{url} gibt es noch nicht; sie wird beim ersten Start angelegt"
            );
            return Ok((text, 0));
        }
        let db = Db::open(&url, 1).map_err(|error| error.to_string())?;
        db.ping().map_err(|error| error.to_string())?;
        let pending = db.pending_migrations().map_err(|error| error.to_string())?.len();
        Ok((both!("{url} answers", "{url} antwortet"), pending))
    };
    match check() {
        Ok((text, 0)) => Finding::ok("database", text),
        Ok((text, pending)) => Finding::note(
            "database",
            Both::new(
                format!("{}, {pending} migrations are pending", text.en),
                format!("{}, {pending} Umstellungen stehen aus", text.de),
            ),
            Both::new("the service does them at its start, or run", "der Dienst macht sie bei seinem Start, oder"),
        )
        .command("disk2iso migrate"),
        Err(error) => Finding::bad(
            "database",
            both!("cannot be used: {error}", "nicht benutzbar: {error}"),
            Both::new(
                "check DISK2ISO_DATABASE_URL and that the server runs and lets this user in",
                "DISK2ISO_DATABASE_URL prüfen, und ob der Server läuft und diesen Benutzer einlässt",
            ),
        ),
    }
}

/// Whether the hook can be run.
pub(super) fn hook(program: &Path, seconds: u64) -> Finding {
    let shown = program.display();
    match std::fs::metadata(program) {
        Ok(data) if data.is_file() && data.permissions().mode() & 0o111 != 0 => {
            Finding::ok("hook", both!("{shown}, at most {seconds} s", "{shown}, höchstens {seconds} s"))
        }
        Ok(_) => Finding::bad(
            "hook",
            both!("{shown} is not executable", "{shown} ist nicht ausführbar"),
            Both::new("make it executable", "ausführbar machen"),
        )
        .command(format!("chmod +x '{shown}'")),
        Err(error) => Finding::bad(
            "hook",
            both!("{shown}: {error}", "{shown}: {error}"),
            Both::new("correct DISK2ISO_HOOK_COMMAND", "DISK2ISO_HOOK_COMMAND berichtigen"),
        ),
    }
}

fn listen(config: &Config, serving: bool) -> Finding {
    let address = config.listen;
    if serving {
        return Finding::ok("web", both!("the service answers on {address}", "der Dienst antwortet auf {address}"));
    }
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::ok("web", both!("{address} is free", "{address} ist frei")),
        Err(error) => Finding::note(
            "web",
            both!("{address}: {error}", "{address}: {error}"),
            Both::new(
                "fine if the service runs already; otherwise set DISK2ISO_LISTEN",
                "in Ordnung, wenn der Dienst schon läuft; sonst DISK2ISO_LISTEN setzen",
            ),
        ),
    }
}
