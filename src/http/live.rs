//! What the live channels (WebSocket and server-sent events) share.

use super::{
    AppState,
    auth::{Look, May},
};
use crate::{
    domain::{
        access::{Permission, Principal},
        event::Event,
    },
    error::{Code, Problem},
    telemetry::Metrics,
};
use std::time::Duration;

/// A sign of life is sent after so long without news.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// A client that was silent for so long is gone (WebSocket; each heartbeat asks for an answer).
pub const SILENCE: Duration = Duration::from_secs(45);
/// Progress of one job is told at most so often.
pub const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// Counts live clients.
pub struct Clients {
    metrics: Metrics,
    most: usize,
}

impl Clients {
    /// Nobody yet, and never more than `most` at once.
    pub fn new(metrics: Metrics, most: usize) -> Self {
        Self { metrics, most }
    }

    /// One more, as long as the permit lives.
    ///
    /// # Errors
    /// `too_many_clients`.
    pub fn enter(&self) -> Result<Permit, Problem> {
        self.metrics.clients(1);
        let permit = Permit(self.metrics.clone());
        if usize::try_from(self.metrics.client_count()).unwrap_or(0) <= self.most {
            return Ok(permit);
        }
        Err(Problem::new(
            Code::TooManyClients,
            format!("{} live clients are connected already; close one and try again", self.most),
        ))
    }
}

/// A live client's place.
pub struct Permit(Metrics);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.clients(-1);
    }
}

/// Who listens on a connection that stays open.
#[derive(Clone)]
pub struct Visitor {
    who: Option<Principal>,
    /// Whether they also see what accounts did.
    pub audit: bool,
}

impl Visitor {
    /// Whoever was let in.
    pub fn new(may: May<Look>) -> Self {
        Self { audit: may.may(Permission::Administer), who: may.who }
    }

    /// Whether they still may be there.
    pub async fn still(&self, state: &AppState) -> bool {
        match &self.who {
            Some(who) => state.gate.still(state, who).await,
            None => false,
        }
    }

    /// Whether they may see this event.
    pub fn may_see(&self, event: &Event) -> bool {
        self.audit || !event.event.is_audit()
    }

    /// Whether this event may mean that they have to go.
    pub fn is_about(&self, event: &Event) -> bool {
        let user = || event.event.payload.get("user").and_then(serde_json::Value::as_str);
        event.event.is_audit()
            && !matches!(event.event.kind.as_str(), "access.write" | "access.signed_in")
            && self.who.as_ref().is_some_and(|who| who.user.is_some() && who.user.as_deref() == user())
    }
}
