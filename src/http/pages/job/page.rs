//! The page itself: everything is gathered here and shown by `job.html`.

use super::{
    decision::{self, Choice, Hits},
    forms::{Change, GoOn, Rejected},
    history::{self, Line, Trouble},
    parameters::{self, Parameter},
    steps::{self, Step},
};
use crate::{
    domain::{
        event::Event,
        ids::SECTOR,
        job::{JobState, PauseReason},
        options::JobOptions,
        picture::{AreaState, Picture},
        result::Damage,
        verdict::Verdict,
    },
    drives::DriveSnapshot,
    error::{Code, Problem},
    http::{
        AppState,
        api::pictures::of_job,
        auth::{Look, May},
        pages::{
            frame::{self, Frame, Place},
            sentences,
            view::{self, Action, Disc, Evidence, IsoRow, Section, SpeedCurve},
        },
        params::Params,
        pictures::Sources,
        wire::{Disk, Iso, Job},
        words::{self, Language},
    },
    storage::{self, events::EventFilter, jobs::JobKind, jobs::JobRecord},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

/// Lines of the timeline on one page.
const LINES: u32 = 25;
/// Errors in the list.
const TROUBLES: u32 = 100;
/// Changes of phase that are looked at.
const PHASES: u32 = 200;

/// The page.
#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    row: view::JobRow,
    running: bool,
    steps: Vec<Step>,
    numbers: Vec<(&'static str, String, String)>,
    disc: Disc,
    curve: Option<SpeedCurve>,
    hits: Option<Hits>,
    choices: Vec<Choice>,
    result: Option<IsoRow>,
    compared: Option<Compared>,
    evidence: Option<Evidence>,
    size: Option<Section>,
    parameters: Vec<Parameter>,
    change: Option<Change>,
    go_on: Option<GoOn>,
    troubles: Vec<Trouble>,
    troubles_left: bool,
    lines: Vec<Line>,
    older: Option<String>,
    newest: Option<String>,
}

/// How a check of a file ended.
struct Compared {
    equal: bool,
    wanted: String,
    found: String,
}

/// What the log tells about a job.
struct Log {
    latest: Vec<Event>,
    phases: Vec<Event>,
    troubles: Vec<Event>,
}

/// The page.
///
/// # Errors
/// `job_unknown`, `invalid_query`, or `unavailable` without a database.
pub async fn show(
    _: May<Look>,
    state: Data<AppState>,
    uuid: Path<String>,
    mut params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let before = params.parsed::<i64>("before", "the number of an event")?;
    render(&state, &uuid, &request, before, None).await
}

/// The page, or the page with a form that was not accepted.
///
/// # Errors
/// As [`show`].
pub async fn render(
    state: &Data<AppState>,
    uuid: &str,
    request: &HttpRequest,
    before: Option<i64>,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Problem> {
    let sources = of_job(state, uuid).await?;
    let Some(job) = sources.job.clone() else {
        return Err(Problem::new(Code::JobUnknown, "there is no such job"));
    };
    let log = log(state, &job, before).await?;
    let picture = state.pictures.of(sources.clone()).await?;
    let damaged = picture.damaged().next().is_some();
    // Looking through a disc is worth it only where somebody wants to know whom the damage hits.
    let contents = if damaged { Some(state.pictures.contents(&sources).await?) } else { None };
    let known = sources.facts.as_ref().and_then(|facts| facts.details.damage.clone()).filter(|_| is_over(&job));
    let damage =
        known.or_else(|| contents.as_ref().map(|contents| contents.damage(picture.damaged().map(|area| area.sectors.clone()))));
    let status = if rejected.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut frame = Frame::new(request, Place::Jobs, "");
    frame.here = format!("/jobs/{}", job.id);
    let facts = Facts { state, sources: &sources, job: &job, picture: &picture, damage: damage.as_ref(), log: &log, before };
    let disc = Disc::new(&picture, contents.as_deref(), (title(&facts, frame.language), api(&job)), frame.language);
    let page = facts.page(frame, disc, rejected);
    Ok(frame::show(status, &page.frame, &page))
}

fn is_over(job: &JobRecord) -> bool {
    job.state.is_terminal()
}

fn api(job: &JobRecord) -> String {
    format!("/api/v1/jobs/{}", job.id)
}

fn title(facts: &Facts<'_>, language: Language) -> String {
    let label = if facts.job.disk_label.is_empty() { &facts.job.device } else { &facts.job.disk_label };
    match language {
        Language::En => format!("The disc {label}, drawn from the hub outwards"),
        Language::De => format!("Die Disc {label}, von innen nach außen gezeichnet"),
    }
}

async fn log(state: &AppState, job: &JobRecord, before: Option<i64>) -> Result<Log, Problem> {
    let about = |prefix: Option<&str>| EventFilter {
        job_id: Some(job.id),
        kind_prefix: prefix.map(str::to_owned),
        ..EventFilter::default()
    };
    let (all, phases, troubles) = (about(None), about(Some("job.phase")), about(Some("job.bad_range")));
    let read = state.read(Code::JobUnknown, move |conn| {
        Ok(Log {
            latest: storage::events::latest(conn, LINES + 1, before, &all)?,
            phases: storage::events::latest(conn, PHASES, None, &phases)?,
            troubles: storage::events::latest(conn, TROUBLES + 1, None, &troubles)?,
        })
    });
    read.await
}

/// What the page is made of.
struct Facts<'a> {
    state: &'a AppState,
    sources: &'a Sources,
    job: &'a JobRecord,
    picture: &'a Picture,
    damage: Option<&'a Damage>,
    log: &'a Log,
    before: Option<i64>,
}

impl Facts<'_> {
    fn page(&self, mut frame: Frame, disc: Disc, rejected: Option<Rejected>) -> JobPage {
        let (job, language) = (self.job, frame.language);
        let options: JobOptions = serde_json::from_value(job.options.clone()).unwrap_or_default();
        let drives = self.state.registry.all();
        let disks: Vec<Disk> = drives.iter().map(Disk::from).collect();
        let told = Job::new(job.clone(), &self.state.live);
        let mut row = view::job(&told, &disks, language);
        let asks = job.state == JobState::Paused { reason: PauseReason::Loss };
        row.actions = actions(row.actions, job, asks, language);
        row.next = next(row.next, job, asks, language);
        if let JobState::Completed { verdict } = job.state {
            end(&mut row, job.kind, verdict, language);
        }
        frame.title.clone_from(&row.title);
        let running = matches!(job.state, JobState::Running { .. });
        let frame = if is_over(job) { frame } else { frame.refreshed(if running { 3 } else { 10 }) };
        let seen = steps::seen(&self.log.phases);
        let bad = self.picture.count(AreaState::Bad) + self.picture.count(AreaState::Skipped);
        let shown = (asks || is_over(job)) && job.kind != JobKind::Verify;
        let hits = Hits::new(bad.max(if is_over(job) { told.error_count } else { 0 }), self.damage, language).filter(|_| shown);
        let choices = if asks { decision::choices(job, hits.as_ref(), &drives, language) } else { Vec::new() };
        let iso = self.sources.iso.as_ref();
        let evidence = iso.zip(self.sources.facts.as_ref()).filter(|_| job.kind != JobKind::Scan && is_over(job));
        let recovered = self.recovered();
        let drive = job.drive_id.as_ref().and_then(|id| self.state.registry.get(id)).map(|drive| drive.name).unwrap_or_default();
        JobPage {
            running,
            numbers: self.numbers(&told, steps::rescues(&seen), language),
            steps: steps::steps(job, &options, &seen, language),
            disc: disc.recovered(recovered, language).of_scan(job.kind == JobKind::Scan, language),
            curve: self.curve(language),
            choices,
            hits,
            result: iso.filter(|_| is_over(job)).map(|iso| view::iso(&Iso::from(iso.clone()), language)),
            compared: self.compared(),
            evidence: evidence.map(|(iso, facts)| Evidence::new(iso, facts, language)),
            size: job.medium.as_ref().filter(|_| iso.is_none()).map(|medium| view::size(&medium.size, language)),
            parameters: parameters::parameters(job, &options, &drive, language),
            change: Change::new(job, &options, rejected.as_ref(), language),
            go_on: GoOn::new(job, &options, &offered(&drives), rejected.as_ref(), language),
            troubles: self
                .log
                .troubles
                .iter()
                .take(TROUBLES as usize)
                .filter_map(|event| history::trouble(event, language))
                .collect(),
            troubles_left: self.log.troubles.len() > TROUBLES as usize,
            lines: self.log.latest.iter().take(LINES as usize).map(|event| history::line(event, language)).collect(),
            older: self.older(),
            newest: self.before.map(|_| format!("/jobs/{}#history", job.id)),
            row,
            frame,
        }
    }

    fn older(&self) -> Option<String> {
        let more = self.log.latest.len() > LINES as usize;
        let last = self.log.latest.get(LINES as usize - 1).filter(|_| more)?;
        Some(format!("/jobs/{}?before={}#history", self.job.id, last.seq))
    }

    fn recovered(&self) -> u64 {
        let facts = self.sources.facts.as_ref().map(|facts| facts.details.statistics.recovered);
        facts.or_else(|| self.sources.scan.as_ref().map(|scan| scan.statistics.recovered)).unwrap_or(0)
    }

    /// Over the disc where that is known, else over the time since the job began.
    fn curve(&self, language: Language) -> Option<SpeedCurve> {
        let scan = self.sources.scan.as_ref().map(|scan| &scan.statistics);
        let facts = self.sources.facts.as_ref().filter(|_| is_over(self.job) && self.job.kind == JobKind::Image);
        let done = scan.or_else(|| facts.map(|facts| &facts.details.statistics));
        let over_disc = done.and_then(|statistics| SpeedCurve::over_disc(&statistics.curve, self.picture.sectors, language));
        over_disc.or_else(|| SpeedCurve::over_time(&self.state.live.history(self.job.id), language))
    }

    fn compared(&self) -> Option<Compared> {
        let (job, iso) = (self.job, self.sources.iso.as_ref()?);
        let (wanted, found) = (iso.sha256sum.clone()?, job.sha256.clone()?);
        let verified = job.kind == JobKind::Verify && is_over(job);
        verified.then(|| Compared { equal: wanted == found, wanted, found })
    }

    fn numbers(&self, job: &Job, rescues: usize, language: Language) -> Vec<(&'static str, String, String)> {
        let number = |number| sentences::grouped(number, language);
        let mut all = Vec::new();
        let mut add =
            |name: &'static str, value: Option<String>, exact: String| all.extend(value.map(|value| (name, value, exact)));
        let size = |bytes| sentences::size(bytes, language);
        // A job that asks has no live numbers any more; the sectors below tell what it has read.
        let measured = Some(job).filter(|job| job.size_total > 0 && (job.size_processed > 0 || job.status == "running"));
        add(
            language.pick("Done", "Erledigt"),
            measured.map(|job| {
                format!(
                    "{} {} {} ({})",
                    size(job.size_processed),
                    language.pick("of", "von"),
                    size(job.size_total),
                    sentences::percent(job.progress)
                )
            }),
            format!("{} / {}", job.size_processed, job.size_total),
        );
        let picture = self.picture;
        if picture.sectors > 0 && job.kind != "verify" {
            let read = picture.count(AreaState::Read) + picture.count(AreaState::Slow);
            add(language.pick("Sectors read", "Gelesene Sektoren"), Some(number(read)), format!("× {SECTOR}"));
            let bad = picture.count(AreaState::Bad) + picture.count(AreaState::Skipped);
            add(language.pick("Unreadable sectors", "Unlesbare Sektoren"), Some(number(bad.max(job.error_count))), String::new());
            let left = picture.count(AreaState::Untried);
            add(language.pick("Sectors left", "Übrige Sektoren"), Some(number(left)).filter(|_| left > 0), String::new());
        }
        add(language.pick("Speed", "Geschwindigkeit"), sentences::speed(job.speed, language), format!("{:.0} B/s", job.speed));
        add(
            language.pick("Time left", "Restzeit"),
            job.eta_seconds.map(|seconds| sentences::left(seconds, language)),
            String::new(),
        );
        add(
            language.pick("Rescue passes", "Rettungsdurchgänge"),
            Some(rescues).filter(|passes| *passes > 0).map(|passes| passes.to_string()),
            String::new(),
        );
        let took =
            job.started_at.zip(job.completed_at).map(|(from, to)| sentences::duration((to - from).as_seconds_f64(), language));
        add(language.pick("Took", "Dauer"), took, String::new());
        let began = job.started_at.map(|at| sentences::moment(at, language));
        add(language.pick("Began", "Begonnen"), began, String::new());
        add(
            language.pick("Attempts without progress", "Versuche ohne Fortschritt"),
            Some(job.attempts).filter(|attempts| *attempts > 0).map(|attempts| attempts.to_string()),
            String::new(),
        );
        all
    }
}

/// What to do next. Where the page says it all in the reader's language, the stored sentence is left out.
fn next(next: String, job: &JobRecord, asks: bool, language: Language) -> String {
    match job.state {
        JobState::Paused { .. } if asks => words::find(words::JOBS, "paused", Some("loss")).next(language).to_owned(),
        JobState::Completed { .. } => String::new(),
        _ => next,
    }
}

/// How it ended is what people want to know first.
fn end(row: &mut view::JobRow, kind: JobKind, verdict: Verdict, language: Language) {
    let word = words::find(words::VERDICTS, verdict.as_str(), None);
    let how = match (kind, verdict.is_good()) {
        (JobKind::Image, _) => word.word(language),
        (JobKind::Verify, true) => language.pick("unchanged", "unverändert"),
        (JobKind::Verify, false) => language.pick("the file has changed", "die Datei hat sich verändert"),
        (JobKind::Scan, true) => language.pick("every sector can be read", "jeder Sektor ist lesbar"),
        (JobKind::Scan, false) => language.pick("not every sector can be read", "nicht jeder Sektor ist lesbar"),
    };
    row.sentence = format!("{}: {how}", row.sentence);
    (row.role, row.symbol) = (word.role.class(), word.role.symbol());
}

/// What can be done, without what the decision offers with its consequences.
fn actions(mut actions: Vec<Action>, job: &JobRecord, asks: bool, language: Language) -> Vec<Action> {
    if asks {
        actions.retain(|action| action.url.ends_with("/cancel"));
    }
    let again = match job.state {
        JobState::Cancelled | JobState::Failed => true,
        JobState::Completed { verdict } => !verdict.is_good() && job.kind == JobKind::Image,
        _ => false,
    };
    let url = format!("/ui/jobs/{}/retry", job.id);
    if again && !actions.iter().any(|action| action.url == url) {
        let label = language.pick("Try again", "Noch einmal").to_owned();
        actions.insert(0, Action { url, label, main: matches!(job.state, JobState::Failed) });
    }
    actions
}

/// Drives that can be chosen, with what they hold.
fn offered(drives: &[DriveSnapshot]) -> Vec<(String, String)> {
    let name = |drive: &DriveSnapshot| match drive.medium.as_ref().map(|medium| medium.label.as_str()) {
        Some(label) if !label.is_empty() => format!("{} · {label}", drive.name),
        _ => drive.name.clone(),
    };
    drives.iter().map(|drive| (drive.id.to_string(), name(drive))).collect()
}
