//! What finding out who asks needs to remember between requests.

use super::{password::Passwords, throttle::Throttle, tickets::Tickets};
use crate::{
    http::AppState,
    storage::{self, StorageError, access::users},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Default)]
struct Inner {
    passwords: Passwords,
    throttle: Throttle,
    tickets: Tickets,
    set_up: AtomicBool,
}

impl Gate {
    /// Hashing and checking passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Mistakes.
    pub fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// People between password and code.
    pub fn tickets(&self) -> &Tickets {
        &self.0.tickets
    }

    /// Whether there is an account. Looked up until there is one; the last administrator cannot go.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn is_set_up(&self, state: &AppState) -> Result<bool, StorageError> {
        if self.0.set_up.load(Ordering::SeqCst) {
            return Ok(true);
        }
        let any = state.journal.db.read(users::any).await?;
        self.0.set_up.fetch_or(any, Ordering::SeqCst);
        Ok(any)
    }

    /// Whether somebody who was let in still may be: for connections that stay open.
    pub async fn still(&self, state: &AppState, who: &crate::domain::access::Principal) -> bool {
        use crate::domain::access::Means;
        let Some(id) = who.user.clone() else { return true };
        let (means, role, now) = (who.means.clone(), who.role, state.journal.clock.now());
        let look = move |conn: &mut storage::Connection| {
            let user = users::get(conn, &id)?;
            let means = match means {
                Means::Session(id) => storage::access::sessions::get(conn, &id)?.expires_at > now,
                Means::Token(id, _) => storage::access::tokens::get(conn, &id)?.expires_at.is_none_or(|end| end > now),
                Means::Loopback | Means::Proxy => true,
            };
            Ok(!user.blocked && user.role == role && means)
        };
        match state.journal.db.read(look).await {
            Ok(good) => good,
            Err(StorageError::NotFound) => false,
            // Whether the database answers is nothing that a client should be cut off for.
            Err(_) => true,
        }
    }
}
