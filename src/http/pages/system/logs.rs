//! `/system/logs`: what happened, filtered by the address; and the service's own log.

use super::{Tab, tabs};
use crate::{
    domain::{
        access::Permission,
        event::Level,
        ids::{DriveId, IsoId, JobId},
    },
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Administer, Look, May},
        pages::{
            frame::{self, Frame, Place},
            view::{EventRow, event, when},
        },
        params::Params,
        wire::EventBody,
        words::Role,
    },
    storage::events::{self, EventFilter},
    telemetry::{LINES_KEPT, Line, logging},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data},
};
use askama::Template;
use chrono::{DateTime, Duration, Utc};
use futures_util::stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write as _;

/// Lines of a page.
const LINES: u32 = 100;
/// Events of a download; the newest.
const MAX_DOWNLOAD: u32 = 100_000;
/// Events read at once for a download.
const BATCH: u32 = 1_000;
/// Levels of events.
const LEVELS: [&str; 3] = ["info", "warning", "error"];
/// Levels of the service's own log, worst first.
const SERVICE_LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// The fields of the form as they came; they stand in it again, also when one is not allowed.
#[derive(Debug, Clone, Default)]
struct Asked {
    level: String,
    kind: String,
    drive: String,
    job: String,
    iso: String,
    since: String,
    until: String,
    q: String,
}

impl Asked {
    fn take(params: &mut Params) -> Self {
        let mut text = |name| params.text(name).unwrap_or_default();
        Self {
            level: text("level"),
            kind: text("kind"),
            drive: text("drive"),
            job: text("job"),
            iso: text("iso"),
            since: text("since"),
            until: text("until"),
            q: text("q"),
        }
    }

    fn pairs(&self) -> [(&'static str, &str); 8] {
        [
            ("level", &self.level),
            ("kind", &self.kind),
            ("drive", &self.drive),
            ("job", &self.job),
            ("iso", &self.iso),
            ("since", &self.since),
            ("until", &self.until),
            ("q", &self.q),
        ]
    }

    /// The same as a query, for links.
    fn query(&self) -> String {
        let given = self.pairs().into_iter().filter(|(_, value)| !value.is_empty());
        given
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect::<Vec<_>>()
            .join("&")
    }

    /// `audit`: also what accounts did.
    fn filter(&self, audit: bool) -> Result<EventFilter, Problem> {
        let query = self.query();
        let mut params = Params::parse(&query)?;
        let whole_day = self.until.len() == 10;
        let until = params.time("until")?.map(|until| if whole_day { until + Duration::days(1) } else { until });
        Ok(EventFilter {
            level_at_least: params.word("level", &LEVELS)?.as_deref().and_then(Level::parse),
            kind_prefix: params.text("kind"),
            drive_id: params.text("drive").map(|drive| DriveId::new(&drive)),
            job_id: params.parsed::<JobId>("job", "the uuid of a job")?,
            iso_id: params.parsed::<IsoId>("iso", "the id of an image")?,
            since: params.time("since")?,
            until,
            text: params.search()?,
            audit,
        })
    }
}

#[derive(Template)]
#[template(path = "system_logs.html")]
struct Page {
    frame: Frame,
    tabs: Vec<Tab>,
    asked: Asked,
    drives: Vec<(String, String)>,
    rows: Vec<Row>,
    /// What is wrong with the filter.
    refused: Option<Problem>,
    filtered: bool,
    live: bool,
    newest: Option<String>,
    newer: Option<String>,
    older: Option<String>,
    download: String,
}

struct Row {
    line: EventRow,
    kind: String,
    drive: Option<String>,
    job: Option<String>,
    iso: Option<String>,
    payload: String,
}

/// Events.
///
/// # Errors
/// `unavailable` without a database; a filter that is not allowed is a page that says so.
pub async fn logs(
    may: May<Look>,
    state: Data<AppState>,
    request: HttpRequest,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    if params.text("source").as_deref() == Some("service") {
        return Ok(frame::go("/system/logs/service", None));
    }
    let asked = Asked::take(&mut params);
    let place = || -> Result<_, Problem> {
        Ok((crate::http::api::events::number(&mut params, "before")?, crate::http::api::events::number(&mut params, "after")?))
    };
    let audit = may.may(Permission::Administer);
    let wanted = { place }().and_then(|place| Ok((place, asked.filter(audit)?)));
    let frame = Frame::new(&request, Place::System, "");
    let frame = Frame { title: frame.t("Events", "Ereignisse").to_owned(), ..frame };
    let mut page = Page {
        tabs: tabs(&frame, "/system/logs"),
        drives: state.registry.all().into_iter().map(|drive| (drive.id.to_string(), drive.name)).collect(),
        filtered: asked.pairs().iter().any(|(_, value)| !value.is_empty()),
        rows: Vec::new(),
        refused: None,
        live: false,
        newest: None,
        newer: None,
        older: None,
        download: asked.query(),
        asked,
        frame,
    };
    match wanted {
        Ok(((before, after), filter)) => {
            page.read(&state, before, after, filter).await?;
            Ok(frame::show(StatusCode::OK, &page.frame, &page))
        }
        Err(problem) => {
            page.refused = Some(problem);
            Ok(frame::show(StatusCode::UNPROCESSABLE_ENTITY, &page.frame, &page))
        }
    }
}

impl Page {
    async fn read(
        &mut self,
        state: &AppState,
        before: Option<i64>,
        after: Option<i64>,
        filter: EventFilter,
    ) -> Result<(), Problem> {
        let read = state.read(Code::NotFound, move |conn| match after {
            Some(after) => events::since(conn, after, LINES + 1, &filter),
            None => events::latest(conn, LINES + 1, before, &filter),
        });
        let mut found = read.await?;
        let more = found.len() > LINES as usize;
        found.truncate(LINES as usize);
        if after.is_some() {
            found.reverse();
        }
        let (first, last) = (found.first().map(|event| event.seq), found.last().map(|event| event.seq));
        self.live = before.is_none() && (after.is_none() || !more);
        let link = |rest: String| {
            let query = self.asked.query();
            let parts: Vec<_> = [query, rest].into_iter().filter(|part| !part.is_empty()).collect();
            if parts.is_empty() { "/system/logs".to_owned() } else { format!("/system/logs?{}", parts.join("&")) }
        };
        let older = (more || after.is_some()).then_some(last).flatten().map(|last| link(format!("before={last}")));
        let newer = (!self.live).then_some(first).flatten().map(|first| link(format!("after={first}")));
        let newest = (before.is_some() || after.is_some()).then(|| link(String::new()));
        (self.older, self.newer, self.newest) = (older, newer, newest);
        if self.live {
            self.frame.refresh = 10;
        }
        let language = self.frame.language;
        self.rows = found
            .iter()
            .map(EventBody::from)
            .map(|body| Row {
                line: event(&body, language),
                payload: match &body.payload {
                    serde_json::Value::Object(fields) if fields.is_empty() => String::new(),
                    payload => bounded(&payload.to_string()),
                },
                kind: body.kind,
                drive: body.drive_id,
                job: body.job_uuid,
                iso: body.iso_id,
            })
            .collect();
        Ok(())
    }
}

fn bounded(text: &str) -> String {
    const MOST: usize = 2_000;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}

/// The same events as a file: `format=jsonl` (one JSON object a line) or `text`, oldest first, at most the newest 100 000.
///
/// # Errors
/// `invalid_query`; `unavailable` without a database.
pub async fn download(may: May<Look>, state: Data<AppState>, mut params: Params) -> Result<HttpResponse, Problem> {
    let text = params.word("format", &["jsonl", "text"])?.as_deref() == Some("text");
    let asked = Asked::take(&mut params);
    params.finish()?;
    let filter = asked.filter(may.may(Permission::Administer))?;
    let first = filter.clone();
    let from = state.read(Code::NotFound, move |conn| events::before_last(conn, MAX_DOWNLOAD, &first)).await?;
    let (name, kind) =
        if text { ("events.txt", "text/plain; charset=utf-8") } else { ("events.jsonl", "application/x-ndjson; charset=utf-8") };
    // The next piece is read when the client has taken the one before: nothing piles up.
    let pieces = stream::unfold(Some((from, 0)), move |position| {
        let (state, filter) = (state.clone(), filter.clone());
        async move {
            let (after, told) = position.filter(|(_, told)| *told < MAX_DOWNLOAD)?;
            let found = state.read(Code::NotFound, move |conn| events::since(conn, after, BATCH, &filter)).await;
            match found {
                Ok(found) => {
                    let last = found.last()?.seq;
                    let count = u32::try_from(found.len()).unwrap_or(BATCH);
                    let bytes: String = found.iter().map(|event| write(&EventBody::from(event), text)).collect();
                    Some((Ok(Bytes::from(bytes)), Some((last, told + count))))
                }
                Err(problem) => Some((Err(std::io::Error::other(problem.to_string())), None)),
            }
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(pieces)))
}

fn write(event: &EventBody, text: bool) -> String {
    if text {
        let at = event.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let message: String = event.message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{} {at} {:7} {} {message}\n", event.seq, event.level, event.kind)
    } else {
        serde_json::to_string(event).unwrap_or_default() + "\n"
    }
}

#[derive(Template)]
#[template(path = "system_service_log.html")]
struct ServicePage {
    frame: Frame,
    tabs: Vec<Tab>,
    level: String,
    q: String,
    lines: Vec<ServiceLine>,
    kept: usize,
    download: String,
}

struct ServiceLine {
    line: Line,
    role: Role,
    at: String,
    when: String,
}

fn chosen(level: &str, q: &str) -> Vec<Line> {
    let worst = SERVICE_LEVELS.iter().position(|known| *known == level).unwrap_or(SERVICE_LEVELS.len());
    let q = q.to_lowercase();
    let wanted = |line: &Line| {
        SERVICE_LEVELS.iter().position(|known| *known == line.level).is_some_and(|at| at <= worst)
            && (q.is_empty() || line.text().to_lowercase().contains(&q))
    };
    logging::recent().into_iter().filter(wanted).collect()
}

/// The service's own log.
///
/// # Errors
/// `invalid_query`.
pub async fn service(_: May<Administer>, request: HttpRequest, mut params: Params) -> Result<HttpResponse, Problem> {
    let level = params.word("level", &SERVICE_LEVELS)?.unwrap_or_default();
    let q = params.search()?.unwrap_or_default();
    let frame = Frame::new(&request, Place::System, "").refreshed(10);
    let frame = Frame { title: frame.t("Service log", "Protokoll des Dienstes").to_owned(), ..frame };
    let language = frame.language;
    let lines = chosen(&level, &q).into_iter().rev().take(500).map(|line| {
        let role = match line.level {
            "error" => Role::Bad,
            "warn" => Role::Caution,
            _ => Role::Neutral,
        };
        let (at, when) = clock(line.at, language);
        ServiceLine { role, at, when, line }
    });
    let asked = Asked { level: level.clone(), q: q.clone(), ..Asked::default() };
    let page = ServicePage {
        tabs: tabs(&frame, "/system/logs/service"),
        lines: lines.collect(),
        kept: LINES_KEPT,
        download: asked.query(),
        level,
        q,
        frame,
    };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

fn clock(at: DateTime<Utc>, language: crate::http::words::Language) -> (String, String) {
    let (machine, _) = when(at, language);
    (machine, at.format(language.pick("%Y-%m-%d %H:%M:%S%.3f UTC", "%d.%m.%Y %H:%M:%S%.3f UTC")).to_string())
}

/// The service's own log as text, oldest first.
///
/// # Errors
/// `invalid_query`.
pub async fn service_download(_: May<Administer>, mut params: Params) -> Result<HttpResponse, Problem> {
    let level = params.word("level", &SERVICE_LEVELS)?.unwrap_or_default();
    let q = params.search()?.unwrap_or_default();
    params.finish()?;
    let mut text = String::new();
    for line in chosen(&level, &q) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", line.text());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"disk2iso.log\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text))
}
