//! `disk2iso doctor`: looks at everything that has to be right, and says what to do about what is not.

use crate::{
    config::Config,
    imaging::process::tool_version,
    optical::{DeviceAddress, DeviceError, hotplug},
    storage::{DatabaseUrl, Db},
};
use std::{fmt::Display, path::Path, process::ExitCode};

/// One finding.
enum Finding {
    Good(String),
    /// Works without, but.
    Advice(String, &'static str),
    Bad(String, String),
}

/// Prints one line per finding; exit code 1 if anything is bad.
pub fn run(config: &Config) -> ExitCode {
    let findings: Vec<(&str, Finding)> =
        [drives(config), folders(config), database(config), tools(), listen(config)].into_iter().flatten().collect();
    let mut bad = false;
    for (topic, finding) in findings {
        match finding {
            Finding::Good(text) => println!("ok    {topic:9} {text}"),
            Finding::Advice(text, todo) => println!("note  {topic:9} {text}\n                → {todo}"),
            Finding::Bad(text, todo) => {
                bad = true;
                println!("bad   {topic:9} {text}\n                → {todo}");
            }
        }
    }
    if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn bad(what: impl Display, error: impl Display, todo: impl Into<String>) -> Finding {
    Finding::Bad(format!("{what}: {error}"), todo.into())
}

fn drives(config: &Config) -> Vec<(&'static str, Finding)> {
    let mut findings = Vec::new();
    let real = if config.real_drives { hotplug::enumerate() } else { Vec::new() };
    for drive in &real {
        let name = format!("{} {}", drive.node.display(), drive.name);
        findings.push(("drive", probe(&DeviceAddress::Scsi(drive.node.clone()), &name)));
    }
    for folder in &config.virtual_drives {
        findings.push(("drive", probe(&DeviceAddress::Virtual(folder.clone()), &format!("virtual drive {}", folder.display()))));
    }
    if findings.is_empty() {
        let todo = "plug one in (USB drives appear within two seconds); in a container pass /dev/sr0 and its /dev/sg node through; or set DISK2ISO_VIRTUAL_DRIVES";
        findings.push(("drive", Finding::Advice("no optical drive found".to_owned(), todo)));
    }
    let udev = Path::new("/run/udev/control").exists();
    findings.push((
        "udev",
        if udev {
            Finding::Good("runs; discs and drives are noticed at once".to_owned())
        } else {
            Finding::Advice(
                "does not run here".to_owned(),
                "drives are polled every 2 seconds instead; nothing to do in a container",
            )
        },
    ));
    findings
}

fn probe(address: &DeviceAddress, name: &str) -> Finding {
    match address.open().and_then(|mut device| Ok((device.status()?, device.identity()?))) {
        Ok((status, identity)) => Finding::Good(format!(
            "{name}: {:?}, firmware {}",
            status.tray,
            if identity.firmware.is_empty() { "unknown" } else { &identity.firmware }
        )),
        Err(DeviceError::Permission(text)) => bad(name, "no permission", text),
        Err(error) => bad(name, error, "check cable and power; the kernel's log (dmesg) says more"),
    }
}

fn folders(config: &Config) -> Vec<(&'static str, Finding)> {
    let mut findings = Vec::new();
    for (topic, folder) in [("state", &config.state_dir), ("output", &config.output_dir)]
        .into_iter()
        .chain(config.output_roots.iter().map(|root| ("output", root)))
    {
        let probe = folder.join(".disk2iso-doctor");
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&probe, b"x"))
            .and_then(|()| std::fs::remove_file(&probe));
        findings.push((
            topic,
            match (written, crate::imaging::free_space(folder)) {
                (Err(error), _) => bad(
                    folder.display(),
                    error,
                    format!("create it and let this user write there: chown disk2iso {}", folder.display()),
                ),
                (Ok(()), Ok(free)) if topic == "output" && free < 9 << 30 => Finding::Advice(
                    format!("{}: {} MB free", folder.display(), free / 1_000_000),
                    "a DVD needs up to 8.5 GB, a Blu-ray up to 100 GB; jobs wait when the folder is full",
                ),
                (Ok(()), Ok(free)) => Finding::Good(format!("{}: writable, {} GB free", folder.display(), free / 1_000_000_000)),
                (Ok(()), Err(error)) => {
                    bad(folder.display(), error, "the file system does not tell its free space; is it mounted?")
                }
            },
        ));
    }
    findings
}

fn database(config: &Config) -> Vec<(&'static str, Finding)> {
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
    vec![(
        "database",
        match check() {
            Ok((text, 0)) => Finding::Good(text),
            Ok((text, pending)) => Finding::Advice(
                format!("{text}, {pending} migrations are pending"),
                "the service does them at its start, or run: disk2iso migrate",
            ),
            Err(error) => {
                bad("cannot be used", error, "check DISK2ISO_DATABASE_URL and that the server runs and lets this user in")
            }
        },
    )]
}

fn tools() -> Vec<(&'static str, Finding)> {
    let todo = "not needed to read discs; it can go on with our images and maps: apt install gddrescue";
    let finding =
        tool_version("ddrescue").map_or_else(|| Finding::Advice("ddrescue is not installed".to_owned(), todo), Finding::Good);
    vec![("tool", finding)]
}

fn listen(config: &Config) -> Vec<(&'static str, Finding)> {
    vec![(
        "web",
        match std::net::TcpListener::bind(config.listen) {
            Ok(_) => Finding::Good(format!("{} is free", config.listen)),
            Err(error) => Finding::Advice(
                format!("{}: {error}", config.listen),
                "fine if the service runs already; otherwise set DISK2ISO_LISTEN",
            ),
        },
    )]
}
