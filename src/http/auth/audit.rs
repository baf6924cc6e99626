//! Who did what: every write, in one place, and how events about accounts are made.

use super::{Access, origin};
use crate::{
    domain::{
        access::{Means, Principal},
        event::{Level, NewEvent},
    },
    http::AppState,
};
use actix_web::{
    HttpRequest,
    http::{Method, StatusCode},
};
use serde_json::json;

/// Longest path that is noted.
const MOST: usize = 300;

/// A write that is being done.
pub struct Note {
    who: Principal,
    method: String,
    path: String,
    address: String,
}

impl Note {
    /// Of writes by anybody who is known by name. Without access control nobody is.
    pub fn of(request: &HttpRequest, access: &Access, state: &AppState) -> Option<Self> {
        let who = access.who().filter(|who| who.means != Means::Loopback)?.clone();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        (!reads).then(|| Self {
            who,
            method: request.method().to_string(),
            path: request.path().chars().take(MOST).collect(),
            address: origin::address(request, &state.config),
        })
    }

    /// Writes it down, with what came of it.
    pub async fn write(self, state: &AppState, status: StatusCode) {
        // Whoever asks too often must not fill the log with it.
        if status == StatusCode::TOO_MANY_REQUESTS {
            return;
        }
        let Self { who, method, path, address } = self;
        let status = status.as_u16();
        let message = format!("{} asked for {method} {path}: {status}", who.name);
        let facts = json!({
            "user": who.user, "name": who.name, "means": means(&who), "method": method, "path": path, "status": status,
            "address": address
        });
        let event = NewEvent::new("access.write", Level::Info, message).payload(facts);
        if let Err(error) = state.journal.commit(move |tx| tx.event(&event).map(drop)).await {
            tracing::error!(%error, "what somebody did was not noted");
        }
    }
}

/// How somebody is signed in, in one word.
fn means(who: &Principal) -> &'static str {
    match who.means {
        Means::Loopback => "loopback",
        Means::Session(_) => "session",
        Means::Token(..) => "token",
        Means::Proxy => "proxy",
    }
}
