//! Server-sent events: the log as it grows, for one job or for everything.
//!
//! Every event carries its number as `id`, so that a browser that reconnects goes on where it was (`Last-Event-ID`); a program
//! may ask with `since`. Missed events come from the log, then live ones follow without a gap: the broadcast is subscribed to
//! first, then the log is read, then what comes twice is dropped. A reader that cannot keep up gets `event: resync` and has to
//! read the state again.

use super::{
    AppState,
    auth::{Look, May},
    live::{Clients, HEARTBEAT, PROGRESS_EVERY, Permit, Visitor},
    params::{Params, id},
    problem::ProblemDocument,
    wire::{EventBody, Job},
};
use crate::{
    bus::Broadcast,
    domain::{event::Event, ids::JobId, progress::Progress},
    error::{Code, Problem},
    storage::{self, events::EventFilter},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{self, Bytes, Data},
};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    time::Instant,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Missed events read at once.
const BATCH: u32 = 200;

/// One job: its state, then its events and its progress.
#[utoipa::path(get, path = "/api/v1/events/jobs/{uuid}", tag = "events", params(
    ("uuid" = String, Path, description = "Id of the job"),
    ("since" = Option<i64>, Query, description = "Events after this number; `Last-Event-ID` goes before it"),
    ("Last-Event-ID" = Option<i64>, Header, description = "Number of the last event that was seen"),
), responses(
    (status = 200, description = "`event: job` with the job, then events (`id` is their number), `event: progress`, `event: resync`, `event: goodbye`", content_type = "text/event-stream", body = String),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`job_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`too_many_clients`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn job(
    may: May<Look>,
    state: Data<AppState>,
    clients: Data<Clients>,
    uuid: web::Path<String>,
    params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let uuid: JobId = id(&uuid, Code::JobUnknown)?;
    let since = since(&request, params)?;
    let receiver = state.journal.bus.subscribe();
    // One snapshot: the state contains exactly the events up to this number.
    let read = state.read(Code::JobUnknown, move |conn| Ok((storage::events::last_seq(conn)?, storage::jobs::get(conn, uuid)?)));
    let (last, record) = read.await?;
    let first = frame("job", None, &Job::new(record, &state.live));
    open(&request, state, Visitor::new(may), &clients, receiver, Some(uuid), (since, last), vec![first])
}

/// Everything that happens.
#[utoipa::path(get, path = "/api/v1/events/system", tag = "events", params(
    ("since" = Option<i64>, Query, description = "Events after this number; `Last-Event-ID` goes before it"),
    ("Last-Event-ID" = Option<i64>, Header, description = "Number of the last event that was seen"),
), responses(
    (status = 200, description = "Events (`id` is their number), `event: progress`, `event: resync`, `event: goodbye`", content_type = "text/event-stream", body = String),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`too_many_clients`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn system(
    may: May<Look>,
    state: Data<AppState>,
    clients: Data<Clients>,
    params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let since = since(&request, params)?;
    let receiver = state.journal.bus.subscribe();
    let last = state.read(Code::NotFound, storage::events::last_seq).await?;
    open(&request, state, Visitor::new(may), &clients, receiver, None, (since, last), Vec::new())
}

/// `Last-Event-ID` comes from a browser that reconnects to an address whose `since` is old by then, so it goes first.
fn since(request: &HttpRequest, mut params: Params) -> Result<Option<i64>, Problem> {
    let given = super::api::events::number(&mut params, "since")?;
    params.finish()?;
    let Some(last) = request.headers().get("last-event-id") else { return Ok(given) };
    let number = last.to_str().ok().and_then(|text| text.trim().parse().ok()).filter(|number: &i64| *number >= 0);
    let refused = || Problem::new(Code::InvalidQuery, "Last-Event-ID is not the number of an event").about("Last-Event-ID");
    number.map(Some).ok_or_else(refused)
}

/// The stream. `since`: what the reader has seen, and the last number given out.
#[expect(clippy::too_many_arguments, reason = "one call, and each is something else")]
fn open(
    request: &HttpRequest,
    state: Data<AppState>,
    visitor: Visitor,
    clients: &Data<Clients>,
    receiver: Receiver<Broadcast>,
    job: Option<JobId>,
    (since, last): (Option<i64>, i64),
    first: Vec<Bytes>,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // A compressor would hold small messages back.
        .insert_header((header::CONTENT_ENCODING, "identity"));
    // Nothing is ever written to such a client, so it would not be noticed when it goes.
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let permit = clients.enter()?;
    let mut queue = VecDeque::from([Bytes::from_static(b"retry: 2000\n\n")]);
    queue.extend(first);
    // A number that was never given out is one of another database.
    if since.is_some_and(|since| since > last) {
        queue.push_back(frame("resync", None, &json!({ "seq": last })));
    }
    let seen = since.unwrap_or(last).min(last);
    let feed = Feed {
        state,
        visitor,
        checked: Instant::now(),
        receiver,
        job,
        seen,
        behind: seen < last,
        queue,
        told: BTreeMap::new(),
        over: false,
        _permit: permit,
    };
    let stream = futures_util::stream::unfold(feed, |mut feed| async move {
        feed.next().await.map(|bytes| (Ok::<_, Infallible>(bytes), feed))
    });
    Ok(response.streaming(stream))
}

/// One reader. Its queue is bounded by what one step adds; the broadcast's own ring bounds what it may be behind.
struct Feed {
    state: Data<AppState>,
    visitor: Visitor,
    /// When it was last looked whether the reader still may read.
    checked: Instant,
    receiver: Receiver<Broadcast>,
    job: Option<JobId>,
    /// Number of the last event that was sent or passed over.
    seen: i64,
    /// Whether missed events are still to be read from the log.
    behind: bool,
    queue: VecDeque<Bytes>,
    /// When the progress of a job was last told.
    told: BTreeMap<JobId, Instant>,
    over: bool,
    _permit: Permit,
}

impl Feed {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.queue.pop_front() {
                return Some(bytes);
            }
            if self.over {
                return None;
            }
            if self.checked.elapsed() >= HEARTBEAT {
                self.check().await;
            } else if self.behind {
                self.catch_up().await;
            } else {
                self.wait().await;
            }
        }
    }

    /// Whoever was let in may not be any more: signed out, revoked, blocked, with another role.
    async fn check(&mut self) {
        self.checked = Instant::now();
        if !self.visitor.still(&self.state).await {
            self.queue.push_back(frame(
                "goodbye",
                None,
                &json!({ "reason": "the session is over, or may do something else now" }),
            ));
            self.over = true;
        }
    }

    async fn catch_up(&mut self) {
        let (seen, filter) = (self.seen, EventFilter { job_id: self.job, audit: self.visitor.audit, ..EventFilter::default() });
        match self.state.journal.db.read(move |conn| storage::events::since(conn, seen, BATCH, &filter)).await {
            Ok(events) => {
                self.behind = events.len() == BATCH as usize;
                for event in &events {
                    self.tell(event);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "an event stream ends");
                self.over = true;
            }
        }
    }

    async fn wait(&mut self) {
        let left = HEARTBEAT.saturating_sub(self.checked.elapsed());
        match tokio::time::timeout(left, self.receiver.recv()).await {
            Err(_) => self.queue.push_back(Bytes::from_static(b": heartbeat\n\n")),
            Ok(Ok(Broadcast::Event(event))) if event.seq > self.seen => {
                self.tell(&event);
                if self.visitor.is_about(&event) {
                    self.check().await;
                }
            }
            Ok(Ok(Broadcast::Event(_))) => {}
            Ok(Ok(Broadcast::Progress(job, progress))) => self.tell_progress(job, &progress),
            Ok(Ok(Broadcast::Shutdown) | Err(RecvError::Closed)) => {
                self.queue.push_back(frame("goodbye", None, &json!({ "reason": "the service stops" })));
                self.over = true;
            }
            Ok(Err(RecvError::Lagged(skipped))) => {
                self.queue.push_back(frame("resync", None, &json!({ "seq": self.seen, "skipped": skipped })))
            }
        }
    }

    fn tell(&mut self, event: &Event) {
        self.seen = event.seq;
        if self.visitor.may_see(event) && self.job.is_none_or(|job| event.event.job_id == Some(job)) {
            self.queue.push_back(frame("message", Some(event.seq), &EventBody::from(event)));
        }
    }

    fn tell_progress(&mut self, job: JobId, progress: &Progress) {
        if self.job.is_some_and(|wanted| wanted != job) || self.told.get(&job).is_some_and(|told| told.elapsed() < PROGRESS_EVERY)
        {
            return;
        }
        if self.told.len() > 256 {
            self.told.clear();
        }
        self.told.insert(job, Instant::now());
        self.queue.push_back(frame("progress", None, &super::wire::ProgressBody::new(job, progress)));
    }
}

/// JSON has no line breaks, so one `data` line is enough.
fn frame(event: &str, id: Option<i64>, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let event = if event == "message" { String::new() } else { format!("event: {event}\n") };
    Bytes::from(format!("{id}{event}data: {data}\n\n"))
}
