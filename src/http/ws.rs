//! The WebSocket: subscribe to topics, get a snapshot, then every change.
//!
//! ```text
//! client   {"subscribe": ["drives", "jobs", "isos", "system", "job:<uuid>"], "since": 1041}      (replaces what was subscribed)
//! server   {"type": "snapshot", "seq": 1060, "topics": […], "drives": […], "jobs": […], …}
//!          {"type": "event", "event": {…}, "job": {…}, "iso": {…}}
//!          {"type": "progress", "job_uuid": "…", "progress": 43.2, …}
//!          {"type": "heartbeat", "seq": 1060} · {"type": "resync", "skipped": 12} · {"type": "error", "problem": {…}} · {"type": "goodbye"}
//! ```
//! Messages are made once for all clients (`feed.rs`); a client only picks those that concern it.
//!
//! **Bounded**: what a client may be behind is bounded by the feed's ring and by [`MAX_WAITING`]; beyond that it gets `resync`
//! and a new snapshot. The actor is driven by what its client takes, so a client that stops reading costs no more than that; the
//! kernel ends its connection (`server.rs`, `STUCK`), the heartbeat ends one that is silent.

use super::{
    AppState,
    auth::{Look, May},
    feed::{self, Feed, News},
    live::{Clients, HEARTBEAT, Permit, SILENCE, Visitor},
    probe::Probe,
    problem::ProblemDocument,
    snapshot::{self, ServerMessage},
    topics::{Topic, Topics},
};
use crate::error::{Code, Problem};
use actix::prelude::*;
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use actix_web_actors::ws;
use bytestring::ByteString;
use serde::Deserialize;
use std::{collections::VecDeque, time::Instant};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Largest message from a client.
const MAX_FRAME: usize = 64 * 1024;
/// Events that may wait while a snapshot is being prepared.
const MAX_WAITING: usize = 512;
/// Subjects of one client.
const MAX_TOPICS: usize = 64;

/// The live channel. Messages are described in `docs/api.md`.
#[utoipa::path(get, path = "/api/v1/ws", tag = "events", responses(
    (status = 101, description = "WebSocket"),
    (status = 400, description = "`bad_json`: not a WebSocket handshake", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "`origin_refused`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "`too_many_clients`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn connect(
    may: May<Look>,
    state: Data<AppState>,
    probe: Data<Probe>,
    clients: Data<Clients>,
    feed: Data<Feed>,
    request: HttpRequest,
    stream: Payload,
) -> Result<HttpResponse, Problem> {
    let session = Session {
        _permit: clients.enter()?,
        visitor: Visitor::new(may),
        state,
        probe,
        feed,
        topics: Topics::default(),
        seen: 0,
        waiting: VecDeque::new(),
        wanted: None,
        busy: false,
        heard: Instant::now(),
    };
    ws::WsResponseBuilder::new(session, &request, stream)
        .frame_size(MAX_FRAME)
        .start()
        .map_err(|error| Problem::new(Code::BadJson, format!("this address speaks WebSocket only: {error}")))
}

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientMessage {
    subscribe: Vec<String>,
    #[serde(default)]
    since: Option<i64>,
}

/// One client.
struct Session {
    _permit: Permit,
    visitor: Visitor,
    state: Data<AppState>,
    probe: Data<Probe>,
    feed: Data<Feed>,
    topics: Topics,
    /// Number of the last event that is contained in what was sent.
    seen: i64,
    /// Events to be sent after the snapshot that is being prepared.
    waiting: VecDeque<(i64, ByteString)>,
    /// A snapshot to be prepared next, with the number that the client has seen.
    wanted: Option<Option<i64>>,
    /// A snapshot is being prepared; the rest waits, so that everything arrives in order.
    busy: bool,
    heard: Instant,
}

type Socket = ws::WebsocketContext<Session>;

impl Actor for Session {
    type Context = Socket;

    fn started(&mut self, ctx: &mut Socket) {
        ctx.add_stream(BroadcastStream::new(self.feed.subscribe()));
        ctx.run_interval(HEARTBEAT, Self::beat);
    }
}

fn say(ctx: &mut Socket, message: &ServerMessage) {
    ctx.text(feed::text(message));
}

fn end(ctx: &mut Socket, code: ws::CloseCode) {
    ctx.close(Some(code.into()));
    ctx.stop();
}

impl Session {
    fn beat(&mut self, ctx: &mut Socket) {
        if self.heard.elapsed() > SILENCE {
            tracing::debug!("a live client is silent");
            return end(ctx, ws::CloseCode::Away);
        }
        ctx.ping(b"");
        say(ctx, &ServerMessage::Heartbeat { seq: self.seen });
        self.check(ctx);
    }

    /// Whoever was let in may not be any more: signed out, revoked, blocked, with another role.
    fn check(&self, ctx: &mut Socket) {
        let (state, visitor) = (self.state.clone(), self.visitor.clone());
        let look = async move { visitor.still(&state).await };
        ctx.spawn(look.into_actor(self).map(|good, _, ctx| {
            if !good {
                say(ctx, &ServerMessage::Goodbye { reason: "the session is over, or may do something else now".to_owned() });
                end(ctx, ws::CloseCode::Policy);
            }
        }));
    }

    fn subscribe(&mut self, text: &str, ctx: &mut Socket) {
        match parse(text) {
            Ok((topics, since)) => {
                self.topics = topics;
                self.wanted = Some(since);
                self.waiting.clear();
                self.go_on(ctx);
            }
            Err(problem) => say(ctx, &ServerMessage::Error { problem: ProblemDocument::new(&problem, None) }),
        }
    }

    fn resync(&mut self, skipped: u64, ctx: &mut Socket) {
        say(ctx, &ServerMessage::Resync { skipped });
        self.wanted = Some(None);
        self.waiting.clear();
        self.go_on(ctx);
    }

    /// Prepares the snapshot that is wanted, one at a time.
    fn go_on(&mut self, ctx: &mut Socket) {
        if self.busy {
            return;
        }
        let Some(since) = self.wanted.take() else { return };
        self.busy = true;
        let (state, probe, feed, topics) = (self.state.clone(), self.probe.clone(), self.feed.clone(), self.topics.clone());
        let audit = self.visitor.audit;
        let load = async move {
            let (seq, snapshot) = feed.snapshot(&state, &probe, &topics).await?;
            let missed = match since {
                Some(since) => snapshot::missed(&state, &topics, (since, seq), audit).await?,
                None => Vec::new(),
            };
            Ok((seq, missed.iter().map(feed::text).chain([snapshot]).collect()))
        };
        ctx.spawn(load.into_actor(self).map(Self::prepared));
    }

    fn prepared(reply: Result<(i64, Vec<ByteString>), Problem>, session: &mut Self, ctx: &mut Socket) {
        session.busy = false;
        match reply {
            // Asked for something else meanwhile: this answer is not what the client waits for.
            Ok(_) if session.wanted.is_some() => {}
            Ok((seq, messages)) => {
                session.seen = session.seen.max(seq);
                messages.into_iter().for_each(|text| ctx.text(text));
                for (seq, text) in std::mem::take(&mut session.waiting) {
                    session.tell(seq, text, ctx);
                }
            }
            Err(problem) => {
                say(ctx, &ServerMessage::Error { problem: ProblemDocument::new(&problem, None) });
                return end(ctx, ws::CloseCode::Again);
            }
        }
        session.go_on(ctx);
    }

    /// Tells an event, unless what was sent contains it.
    fn tell(&mut self, seq: i64, text: ByteString, ctx: &mut Socket) {
        if seq > self.seen {
            self.seen = seq;
            ctx.text(text);
        }
    }
}

fn parse(text: &str) -> Result<(Topics, Option<i64>), Problem> {
    let message: ClientMessage = super::body::parse(text.as_bytes())?;
    if message.subscribe.len() > MAX_TOPICS {
        return Err(Problem::field("subscribe", format!("more than {MAX_TOPICS} topics")));
    }
    if message.since.is_some_and(|since| since < 0) {
        return Err(Problem::field("since", "must be the number of an event, 0 or more"));
    }
    let topic = |word: &String| {
        let refused = || Problem::field("subscribe", format!("{word:?} is not a topic; drives, jobs, isos, system, job:<uuid>"));
        word.parse::<Topic>().map_err(|()| refused())
    };
    let topics = message.subscribe.iter().map(topic).collect::<Result<_, _>>()?;
    Ok((Topics(topics), message.since))
}

impl StreamHandler<Result<News, BroadcastStreamRecvError>> for Session {
    fn handle(&mut self, item: Result<News, BroadcastStreamRecvError>, ctx: &mut Socket) {
        if let Ok(News::Event(event, _)) = &item
            && self.visitor.is_about(event)
        {
            self.check(ctx);
        }
        match item {
            Ok(News::Event(event, text)) if self.visitor.may_see(&event) && self.topics.wants(&event) => {
                if !self.busy {
                    return self.tell(event.seq, text, ctx);
                }
                self.waiting.push_back((event.seq, text));
                if self.waiting.len() > MAX_WAITING {
                    self.resync(MAX_WAITING as u64, ctx);
                }
            }
            // What is being prepared has numbers as new as these.
            Ok(News::Progress(job, text)) if !self.busy && self.topics.wants_progress(job) => ctx.text(text),
            Ok(News::Event(..) | News::Progress(..)) => {}
            Ok(News::Shutdown) => {
                say(ctx, &ServerMessage::Goodbye { reason: "the service stops".to_owned() });
                end(ctx, ws::CloseCode::Restart);
            }
            // Without a subject nothing was missed.
            Ok(News::Lost(_)) | Err(BroadcastStreamRecvError::Lagged(_)) if self.topics == Topics::default() => {}
            Ok(News::Lost(skipped)) | Err(BroadcastStreamRecvError::Lagged(skipped)) => self.resync(skipped, ctx),
        }
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Session {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Socket) {
        self.heard = Instant::now();
        match message {
            Ok(ws::Message::Text(text)) => self.subscribe(&text, ctx),
            Ok(ws::Message::Ping(data)) => ctx.pong(&data),
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
            Ok(ws::Message::Close(_)) => end(ctx, ws::CloseCode::Normal),
            Ok(ws::Message::Binary(_) | ws::Message::Continuation(_)) => {
                let problem = Problem::new(Code::BadJson, "only whole text messages with JSON are understood");
                say(ctx, &ServerMessage::Error { problem: ProblemDocument::new(&problem, None) });
            }
            Err(error) => {
                tracing::debug!(%error, "a live client breaks the protocol");
                end(ctx, ws::CloseCode::Protocol);
            }
        }
    }
}
