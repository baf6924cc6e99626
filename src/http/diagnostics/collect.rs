//! Collecting what is in the bundle.

use super::{
    CONTENTS,
    archive::Archive,
    disguise::{Disguise, scrubbed, without_words},
};
use crate::{
    doctor::Finding,
    error::{Code, Problem},
    http::{
        AppState, api,
        probe::Probe,
        settings,
        wire::{Disk, EventBody, Job},
    },
    jobs::map_file,
    storage::{
        self, Page,
        events::EventFilter,
        jobs::{JobFilter, JobRecord},
    },
    telemetry::{logging, scrub},
};
use actix_web::web::{self, Data};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

const EVENTS: u32 = 2_000;
const JOBS: u32 = 20;
/// Bytes of a sector map.
const MAX_MAP: u64 = 256 * 1024;
/// How long the doctor is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything of the bundle; `hide`: without names of discs, files, folders and this machine.
///
/// # Errors
/// `unavailable` without a database.
pub async fn collect(state: &Data<AppState>, probe: &Data<Probe>, hide: bool) -> Result<Archive, Problem> {
    let status = api::system::measure(state, probe).await?;
    let report = state.checkup.recent(state, PATIENCE).await;
    let read = state.read(Code::NotFound, |conn| {
        let filter = JobFilter { status: vec!["failed".to_owned(), "paused".to_owned()], ..JobFilter::default() };
        let jobs = storage::jobs::list(conn, &filter, &Page { limit: JOBS, ..Page::default() })?.items;
        Ok((jobs, storage::events::latest(conn, EVENTS, None, &EventFilter::default())?))
    });
    let (jobs, mut events) = read.await?;
    events.reverse();
    let events: Vec<Value> = events.iter().map(|event| json(&EventBody::from(event))).collect();
    let drives: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let wire: Vec<Job> = jobs.iter().map(|job| Job::new(job.clone(), &state.live)).collect();
    let parts =
        Parts { status: json(&status), drives: json(&drives), jobs: json(&wire), events, doctor: doctor(&report.findings) };
    let (state, made) = (Data::clone(state), state.journal.clock.now());
    let work = move || parts.pack(&state, &jobs, hide, &made.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    web::block(work).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn doctor(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let advice = finding.full_advice();
        let arrow = if advice.is_empty() { "" } else { "\n        → " };
        format!("{:4} {:9} {}{arrow}{advice}\n", finding.severity.as_str(), finding.topic, finding.text.en)
    };
    findings.iter().map(line).collect()
}

struct Parts {
    status: Value,
    drives: Value,
    jobs: Value,
    events: Vec<Value>,
    doctor: String,
}

impl Parts {
    fn pack(mut self, state: &AppState, jobs: &[JobRecord], hide: bool, made: &str) -> Archive {
        let mut archive = Archive::default();
        let maps: Vec<_> = jobs.iter().filter_map(|job| Some((job.id, map(&map_file(job)?, hide)?))).collect();
        let mut log: String = String::new();
        for line in logging::recent() {
            // What it said besides may name anything.
            let line = if hide { crate::telemetry::Line { fields: String::new(), ..line } } else { line };
            let _ = writeln!(log, "{}", line.text());
        }
        let mut settings = settings::export(&settings::overview(state));
        if hide {
            let disguise = self.disguise(state);
            for document in [&mut self.status, &mut self.drives, &mut self.jobs] {
                disguise.value(document);
            }
            self.events.iter_mut().for_each(without_words);
            (settings, self.doctor, log) = (disguise.text(&settings), disguise.text(&self.doctor), disguise.text(&log));
        }
        for document in [&mut self.status, &mut self.drives, &mut self.jobs].into_iter().chain(&mut self.events) {
            scrubbed(document);
        }
        archive.add("README.txt", read_me(made, hide));
        archive.add("status.json", format!("{:#}\n", self.status));
        archive.add("drives.json", format!("{:#}\n", self.drives));
        archive.add("jobs.json", format!("{:#}\n", self.jobs));
        archive.add("settings.toml", scrub(&settings));
        archive.add("doctor.txt", scrub(&self.doctor));
        archive.add("service.log", scrub(&log));
        archive.add("events.jsonl", self.events.iter().map(|event| format!("{event}\n")).collect::<String>());
        for (job, map) in maps {
            archive.add(format!("maps/{job}.map"), map);
        }
        let secrets = secrets(state);
        archive.change(|text| secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[removed]")));
        archive
    }

    fn disguise(&self, state: &AppState) -> Disguise {
        let config = &state.config;
        let hook = config.hook.iter().cloned();
        let folders = config.allowed_roots().into_iter().chain([config.state_dir.clone()]);
        let folders = folders.chain(config.virtual_drives.iter().cloned()).chain(hook);
        let folders: Vec<String> = folders.map(|folder| folder.display().to_string()).collect();
        let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok().flatten().map(|user| user.name);
        let names: Vec<String> = user.filter(|user| user != "root").into_iter().chain([state.journal.node.to_string()]).collect();
        let events: Vec<&Value> = self.events.iter().collect();
        let documents: Vec<&Value> = [&self.drives, &self.jobs].into_iter().chain(events).collect();
        Disguise::new(&folders, &names, &documents)
    }
}

/// The database's address and the password in it, wherever they may have got to.
fn secrets(state: &AppState) -> Vec<String> {
    let url = state.config.database_url();
    let Some((_, rest)) = url.split_once("://") else { return Vec::new() };
    let password = rest.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password.to_owned());
    let given = password.filter(|password| !password.is_empty());
    let plain = given.as_ref().map(|password| percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned());
    [Some(url.clone()), given, plain].into_iter().flatten().collect()
}

/// The beginning of a sector map; its remarks may name files.
fn map(path: &Path, hide: bool) -> Option<String> {
    let path = PathBuf::from(path);
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_MAP).read_to_string(&mut text).ok()?;
    Some(if hide {
        text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
    } else {
        scrub(&text)
    })
}

fn read_me(made: &str, hide: bool) -> String {
    let mut text = format!("Diagnostics of disk2iso {}, made {made}.\n\n", env!("CARGO_PKG_VERSION"));
    for (name, what, _) in CONTENTS {
        let _ = writeln!(text, "{name:14} {what}");
    }
    text.push_str("\nPasswords, tokens and the address of the database are not in it.\n");
    text.push_str(if hide {
        "Names of discs, files, folders and the machine were replaced; events tell kinds and numbers only.\n"
    } else {
        "It contains labels of discs, names of files and folders, and the name of the machine.\n"
    });
    text
}
