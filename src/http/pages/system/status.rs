//! `/system`: is everything all right, what runs, where does everything lie.

use super::{Tab, tabs};
use crate::{
    error::{Code, Problem},
    http::{
        AppState,
        api::system::measure,
        auth::{Look, May},
        pages::{
            frame::{self, Frame, Place},
            sentences::{grouped, size},
            view::when,
        },
        probe::{self, Probe},
        wire::{EventBody, Space, Status},
        words::{self, Language, Role},
    },
    storage::{self, events::EventFilter},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "system.html")]
struct Page {
    frame: Frame,
    tabs: Vec<Tab>,
    role: Role,
    sentence: &'static str,
    facts: Vec<(&'static str, String)>,
    nodes: Vec<Node>,
    workers: Vec<Worker>,
    stores: Vec<Store>,
    integrations: Vec<Integration>,
}

/// A part of the service; the tree as a sequence of openings and closings.
struct Node {
    name: String,
    role: Role,
    word: &'static str,
    next: &'static str,
    details: String,
    last_exit: Option<String>,
    parent: bool,
    /// Lists that end after it.
    closes: usize,
}

/// A process that reads a disc.
struct Worker {
    job: String,
    pid: Option<i32>,
    drive: String,
    done: String,
}

/// A folder that images lie in, or the service's own.
struct Store {
    path: String,
    label: &'static str,
    percent: Option<u64>,
    role: Role,
    space: String,
    images: String,
}

/// Something that the service works together with.
struct Integration {
    name: &'static str,
    role: Role,
    state: String,
    url: Option<&'static str>,
}

/// The tree as it is told.
#[derive(Deserialize)]
struct Part {
    name: String,
    state: String,
    generation: u64,
    restarts: u64,
    seconds_in_state: u64,
    last_exit: Option<String>,
    abandoned_threads: usize,
    children: Vec<Part>,
}

/// The page.
///
/// # Errors
/// `unavailable` without a database.
pub async fn status(
    _: May<Look>,
    state: Data<AppState>,
    probe: Data<Probe>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::new(&request, Place::System, "System").refreshed(10);
    let language = frame.language;
    let measured = measure(&state, &probe).await?;
    let tree: Option<Part> = serde_json::from_value(measured.tree.clone()).ok();
    let (role, sentence) = overall(tree.as_ref(), measured.healthy, language);
    let mut nodes = Vec::new();
    if let Some(tree) = &tree {
        flatten(tree, language, &mut nodes);
    }
    let page = Page {
        tabs: tabs(&frame, "/system"),
        role,
        sentence,
        facts: facts(&state, &measured, language).await,
        nodes,
        workers: workers(&state),
        stores: stores(&state, language).await?,
        integrations: integrations(&state, &measured, language).await?,
        frame,
    };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

fn overall(tree: Option<&Part>, healthy: bool, language: Language) -> (Role, &'static str) {
    match (tree, healthy) {
        (None, _) => {
            (Role::Bad, language.pick("The parts of the service do not answer.", "Die Teile des Dienstes antworten nicht."))
        }
        (Some(_), true) => (Role::Good, language.pick("Everything runs.", "Alles läuft.")),
        (Some(_), false) => (
            Role::Caution,
            language.pick("Something does not run; the tree below says what.", "Etwas läuft nicht; der Baum unten sagt, was."),
        ),
    }
}

fn flatten(part: &Part, language: Language, nodes: &mut Vec<Node>) {
    let word = words::find(words::PARTS, &part.state, None);
    let mut details = vec![format!("{} {}", language.pick("for", "seit"), lasting(part.seconds_in_state, language))];
    if part.restarts > 0 {
        details.push(format!("{} {}", grouped(part.restarts, language), language.pick("restarts", "Neustarts")));
    }
    if part.generation > 1 {
        details.push(format!("{} {}", language.pick("generation", "Generation"), part.generation));
    }
    if part.abandoned_threads > 0 {
        details.push(format!("{} {}", part.abandoned_threads, language.pick("threads left behind", "Fäden zurückgelassen")));
    }
    nodes.push(Node {
        name: part.name.clone(),
        role: word.role,
        word: word.word(language),
        next: word.next(language),
        details: details.join(" · "),
        last_exit: part.last_exit.clone(),
        parent: !part.children.is_empty(),
        closes: 0,
    });
    for child in &part.children {
        flatten(child, language, nodes);
    }
    if !part.children.is_empty()
        && let Some(last) = nodes.last_mut()
    {
        last.closes += 1;
    }
}

/// A time span in the two largest units that it has.
fn lasting(seconds: u64, language: Language) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let unit = |number: u64, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let days_word = unit(days, language.pick("day", "Tag"), language.pick("days", "Tagen"));
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (_, hours, _) => format!("{days_word} {hours} h"),
    }
}

async fn facts(state: &AppState, status: &Status, language: Language) -> Vec<(&'static str, String)> {
    let url = state.config.database_url();
    let sqlite = url.strip_prefix("sqlite:").map(str::to_owned);
    let database = match sqlite {
        Some(path) => {
            let bytes = actix_web::web::block(move || {
                let files = [path.clone(), format!("{path}-wal")];
                files.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|data| data.len()).sum::<u64>()
            });
            format!("SQLite, {}", size(bytes.await.unwrap_or(0), language))
        }
        None => "PostgreSQL".to_owned(),
    };
    let load = status.cpu.load.map(|load| format!("{load:.2}")).join(" · ");
    let memory =
        (size(status.memory.service, language), size(status.memory.available, language), size(status.memory.total, language));
    vec![
        ("Version", status.version.clone()),
        (language.pick("Running for", "Läuft seit"), lasting(status.uptime_seconds, language)),
        (language.pick("Started", "Gestartet"), when(status.started_at, language).1),
        (language.pick("Machine", "Rechner"), status.node.clone()),
        (language.pick("Database", "Datenbank"), database),
        (
            language.pick("Processor", "Prozessor"),
            format!(
                "{} % · {} {} · {} {load}",
                status.cpu.percent,
                status.cpu.cores,
                language.pick("cores", "Kerne"),
                language.pick("load", "Last")
            ),
        ),
        (
            language.pick("Memory", "Speicher"),
            match language {
                Language::En => format!("service {}, {} of {} free", memory.0, memory.1, memory.2),
                Language::De => format!("Dienst {}, {} von {} frei", memory.0, memory.1, memory.2),
            },
        ),
        (language.pick("Events so far", "Ereignisse bisher"), grouped(u64::try_from(status.last_event).unwrap_or(0), language)),
    ]
}

fn workers(state: &AppState) -> Vec<Worker> {
    let running = state.live.running().into_iter();
    running
        .map(|(id, job)| Worker {
            job: id.to_string(),
            pid: job.worker,
            drive: job.drive.map(|drive| drive.to_string()).unwrap_or_default(),
            done: format!("{:.0} %", job.progress.percent()),
        })
        .collect()
}

async fn stores(state: &Data<AppState>, language: Language) -> Result<Vec<Store>, Problem> {
    let roots = state.config.allowed_roots();
    let folders: Vec<String> = roots.iter().map(|root| root.display().to_string()).collect();
    let asked = folders.clone();
    let sums = state.read(Code::NotFound, move |conn| {
        asked.iter().map(|folder| storage::isos::sums_below(conn, folder)).collect::<Result<Vec<_>, _>>()
    });
    let all: Vec<_> = roots.into_iter().chain([state.config.state_dir.clone()]).collect();
    let spaces = actix_web::web::block(move || all.iter().map(|folder| probe::space(folder)).collect::<Vec<_>>());
    let (sums, spaces) = futures_util::join!(sums, spaces);
    let spaces = spaces.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let sums: Vec<_> = sums?.into_iter().map(Some).chain([None]).collect();
    let own = language.pick("Folder of the service", "Ordner des Dienstes");
    let images = language.pick("Images", "Abbilder");
    Ok(spaces
        .into_iter()
        .zip(sums)
        .map(|(space, sum)| store(space, sum, if sum.is_some() { images } else { own }, language))
        .collect())
}

fn store(space: Space, sum: Option<(u64, u64)>, label: &'static str, language: Language) -> Store {
    let Space { path, total, available } = space;
    let percent = match (total, available) {
        (Some(total), Some(available)) if total > 0 => Some(100 - (available.min(total) * 100).div_ceil(total)),
        _ => None,
    };
    // A DVD must fit.
    let role = match available {
        None => Role::Bad,
        Some(available) if available < 9 << 30 => Role::Caution,
        Some(_) => Role::Good,
    };
    let text = match (total, available) {
        (Some(total), Some(available)) => match language {
            Language::En => format!("{} of {} free", size(available, language), size(total, language)),
            Language::De => format!("{} von {} frei", size(available, language), size(total, language)),
        },
        _ => language
            .pick("does not say how much is free; is it mounted?", "sagt nicht, wie viel frei ist; ist er eingehängt?")
            .to_owned(),
    };
    let images = sum.map(|(count, bytes)| {
        let word = if count == 1 { language.pick("image", "Abbild") } else { language.pick("images", "Abbilder") };
        format!("{} {word}, {}", grouped(count, language), size(bytes, language))
    });
    Store { path, label, percent, role, space: text, images: images.unwrap_or_default() }
}

async fn integrations(state: &Data<AppState>, status: &Status, language: Language) -> Result<Vec<Integration>, Problem> {
    let hotplug = match status.hotplug.as_deref() {
        None => (Role::Neutral, language.pick("Nobody looks for real drives", "Niemand sucht nach echten Laufwerken")),
        Some("udev") => (Role::Good, language.pick("udev: at once", "udev: sofort")),
        Some("kernel") => (
            Role::Good,
            language.pick("The kernel's messages, and every two seconds", "Meldungen des Kernels, und alle zwei Sekunden"),
        ),
        Some(_) => {
            (Role::Caution, language.pick("Drives are asked every two seconds", "Laufwerke werden alle zwei Sekunden gefragt"))
        }
    };
    let clients = grouped(u64::try_from(status.live_clients).unwrap_or(0), language);
    let mut all = vec![
        Integration {
            name: language.pick("News of drives and discs", "Neues von Laufwerken und Discs"),
            role: hotplug.0,
            state: hotplug.1.to_owned(),
            url: None,
        },
        Integration {
            name: language.pick("Live connections", "Live-Verbindungen"),
            role: Role::Good,
            state: format!("{clients} {}", language.pick("now", "jetzt")),
            url: None,
        },
        Integration {
            name: language.pick("Metrics for Prometheus", "Messwerte für Prometheus"),
            role: Role::Good,
            state: "/metrics".to_owned(),
            url: Some("/metrics"),
        },
    ];
    if let Some(program) = &state.config.hook {
        let (role, last) = last_run(state, language).await?;
        let name = language.pick("Hook", "Eigenes Programm");
        let state = format!("{} · {last}", program.display());
        all.push(Integration { name, role, state, url: Some("/system/logs?kind=hook.") });
    }
    Ok(all)
}

async fn last_run(state: &Data<AppState>, language: Language) -> Result<(Role, String), Problem> {
    let filter = EventFilter { kind_prefix: Some("hook.".to_owned()), ..EventFilter::default() };
    let found = state.read(Code::NotFound, move |conn| storage::events::latest(conn, 1, None, &filter)).await?;
    Ok(match found.first().map(EventBody::from) {
        None => (Role::Neutral, language.pick("has not run yet", "lief noch nicht").to_owned()),
        Some(event) => {
            let role = if event.kind == "hook.failed" { Role::Caution } else { Role::Good };
            (role, format!("{}: {}", when(event.at, language).1, event.message))
        }
    })
}
