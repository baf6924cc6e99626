//! Sessions of browsers: the cookie, its secret and how it changes.

use super::{Access, origin, secret};
use crate::{
    bus::Tx,
    domain::{
        access::{self, Means, Principal, Rotation, Shown},
        event::{Level, NewEvent},
    },
    error::{Code, Problem},
    http::{AppState, problem::from_storage},
    storage::{
        Connection, StorageError,
        access::{
            sessions::{self, Session},
            users::{self, User},
        },
    },
};
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Name of the cookie. With TLS browsers hold it to this host, this path and encrypted connections.
fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-disk2iso_session" } else { "disk2iso_session" }
}

/// `Lax`: a link in a mail or on a label leads to a page and not to the sign-in; what changes something has a token of its own.
fn cookie(secure: bool, value: String, age: Duration) -> Cookie<'static> {
    Cookie::build(cookie_name(secure), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(age)
        .finish()
}

fn session_cookie(secure: bool, id: &str, secret: &str) -> Cookie<'static> {
    cookie(secure, format!("{id}.{secret}"), Duration::seconds(access::ABSOLUTE.num_seconds()))
}

/// A cookie that removes the session's.
pub fn no_cookie(request: &HttpRequest, state: &AppState) -> Cookie<'static> {
    cookie(origin::is_secure(request, &state.config), String::new(), Duration::ZERO)
}

/// Signs a browser in; gives its cookie. Mistakes are forgotten, and the session that it had ends. `event` says how it came in.
///
/// # Errors
/// Trouble with the database.
pub async fn open(state: &AppState, request: &HttpRequest, user: String, event: NewEvent) -> Result<Cookie<'static>, Problem> {
    let fail = |error| Problem::new(Code::Internal, error);
    let (fresh, csrf) = (secret::random().map_err(fail)?, secret::random().map_err(fail)?);
    let old = Access::of(request).who().and_then(|who| match &who.means {
        Means::Session(id) => who.user.clone().map(|user| (user, id.clone())),
        _ => None,
    });
    let (now, id) = (state.journal.clock.now(), state.journal.clock.new_id().to_string());
    let session = Session {
        id: id.clone(),
        user_id: user,
        secret: secret::hash(&fresh),
        previous: None,
        rotated_at: now,
        csrf,
        created_at: now,
        seen_at: now,
        expires_at: access::expiry(now, now),
        address: origin::address(request, &state.config),
        agent: origin::agent(request),
    };
    let store = state.journal.commit(move |tx| store(tx, &session, old, &event));
    store.await.map_err(|error| from_storage(&error, Code::UserUnknown))?;
    Ok(session_cookie(origin::is_secure(request, &state.config), &id, &fresh))
}

fn store(tx: &mut Tx<'_>, session: &Session, old: Option<(String, String)>, event: &NewEvent) -> Result<(), StorageError> {
    let user = users::get(tx.conn, &session.user_id)?;
    users::update(tx.conn, &User { failures: 0, locked_until: None, seen_at: Some(session.created_at), ..user })?;
    if let Some((user, id)) = old
        && !matches!(sessions::delete(tx.conn, &user, &id), Ok(()) | Err(StorageError::NotFound))
    {
        return Err(StorageError::Conflict("the session before cannot be ended".to_owned()));
    }
    sessions::insert(tx.conn, session)?;
    let facts = json!({ "user": session.user_id, "session": session.id, "address": session.address, "agent": session.agent });
    tx.event(&event.clone().payload(facts))?;
    Ok(())
}

/// What a cookie stands for: whoever is signed in, and a new cookie if it is time for one. None: there is no cookie.
pub async fn find(state: &AppState, request: &HttpRequest) -> Option<(Access, Option<Cookie<'static>>)> {
    let secure = origin::is_secure(request, &state.config);
    let shown = request.cookie(cookie_name(secure)).filter(|cookie| !cookie.value().is_empty())?;
    let Some((id, secret)) = shown.value().split_once('.') else { return Some((over(), None)) };
    let (id, hash, now) = (id.to_owned(), secret::hash(secret), state.journal.clock.now());
    let key = id.clone();
    let read = state.journal.db.read(move |conn| {
        let session = sessions::get(conn, &key)?;
        let user = users::get(conn, &session.user_id)?;
        Ok((session, user))
    });
    let (session, user) = match read.await {
        Ok(found) => found,
        Err(StorageError::NotFound) => return Some((over(), None)),
        Err(error) => return Some((Access::Refused(from_storage(&error, Code::SessionUnknown)), None)),
    };
    let Some(shown) = shows(&session, &hash).filter(|_| session.expires_at > now && !user.blocked) else {
        return Some((over(), None));
    };
    let cookie = keep(state, request, &session, shown, hash, now).await.map(|secret| session_cookie(secure, &id, &secret));
    let who = Principal { user: Some(user.id), name: user.name, role: user.role, means: Means::Session(session.id) };
    Some((Access::Known { who, csrf: session.csrf, language: user.language }, cookie))
}

fn over() -> Access {
    Access::Refused(Problem::new(Code::SignInNeeded, "This session is over; sign in again"))
}

fn shows(session: &Session, hash: &str) -> Option<Shown> {
    if secret::same(&session.secret, hash) {
        return Some(Shown::Current);
    }
    session.previous.as_ref().is_some_and(|previous| secret::same(previous, hash)).then_some(Shown::Previous)
}

/// Notes that a session is used; gives its new secret if it is time for one. Trouble here is no reason to turn anybody away.
async fn keep(
    state: &AppState,
    request: &HttpRequest,
    session: &Session,
    shown: Shown,
    hash: String,
    now: DateTime<Utc>,
) -> Option<String> {
    let due = access::rotation(shown, session.previous.is_some(), session.rotated_at, now) != Rotation::Keep;
    if !due && !access::worth_noting(Some(session.seen_at), now) {
        return None;
    }
    let (id, address, fresh) = (session.id.clone(), origin::address(request, &state.config), secret::random().ok()?);
    let next = fresh.clone();
    let write = state.journal.db.write(move |conn| note(conn, &id, &hash, &next, address, now));
    match write.await {
        Ok(replaced) => replaced.then_some(fresh),
        Err(error) => {
            tracing::debug!(%error, "a session's use was not noted");
            None
        }
    }
}

/// Looks again inside the transaction: another request may have been faster.
fn note(
    conn: &mut Connection,
    id: &str,
    hash: &str,
    fresh: &str,
    address: String,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let mut session = sessions::get(conn, id)?;
    let Some(shown) = shows(&session, hash) else { return Ok(false) };
    let rotation = access::rotation(shown, session.previous.is_some(), session.rotated_at, now);
    match rotation {
        Rotation::Keep => {}
        Rotation::ForgetPrevious => session.previous = None,
        Rotation::Replace => {
            session.previous = Some(hash.to_owned());
            session.secret = secret::hash(fresh);
            session.rotated_at = now;
        }
    }
    session.address = address;
    session.seen_at = now;
    session.expires_at = access::expiry(session.created_at, now);
    sessions::update(conn, &session)?;
    Ok(rotation == Rotation::Replace)
}

/// A new secret for this browser's session, after something that changes what it may do; every other session of the account ends.
///
/// # Errors
/// Trouble with the database.
pub fn end_others(tx: &mut Tx<'_>, user: &str, but: Option<&str>, fresh: &str) -> Result<(), StorageError> {
    sessions::delete_others(tx.conn, user, but)?;
    if let Some(id) = but {
        let session = sessions::get(tx.conn, id)?;
        let renewed = Session { secret: secret::hash(fresh), previous: None, rotated_at: tx.now, ..session };
        sessions::update(tx.conn, &renewed)?;
    }
    let event = NewEvent::new("access.session_ended", Level::Info, "Sessions of an account ended");
    tx.event(&event.payload(json!({ "user": user })))?;
    Ok(())
}

/// The cookie of this browser's session with a new secret.
pub fn renewed(state: &AppState, request: &HttpRequest, id: &str, fresh: &str) -> Cookie<'static> {
    session_cookie(origin::is_secure(request, &state.config), id, fresh)
}
