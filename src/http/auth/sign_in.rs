//! The way in: name and password, then a code if the account has a second step. Every mistake makes the next try wait.

use super::{codes, origin, secret, session};
use crate::{
    bus::Tx,
    domain::{
        access::{MAX_PASSWORD, Subject, name_key, wait},
        event::{Level, NewEvent},
    },
    error::{Code, Problem},
    http::{AppState, problem::from_storage},
    storage::{
        StorageError,
        access::users::{self, User},
    },
};
use actix_web::{HttpRequest, cookie::Cookie};
use chrono::TimeDelta;
use serde_json::json;

/// Where somebody stands who was let go on.
pub enum Step {
    /// Signed in.
    In(Cookie<'static>),
    /// A code is needed; the form with it carries this ticket.
    Code(String),
}

/// Why somebody was not let go on.
pub enum Refusal {
    /// Name, password or code is wrong; which of them is not told.
    Wrong,
    /// Too many mistakes.
    Wait(TimeDelta),
    /// Everything was right, but the account is blocked.
    Blocked,
    /// The password has to be typed again.
    Again,
    /// Anything else.
    Problem(Problem),
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self::Problem(from_storage(&error, Code::UserUnknown))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The first step.
///
/// # Errors
/// See [`Refusal`].
pub async fn with_password(state: &AppState, request: &HttpRequest, name: &str, password: &str) -> Result<Step, Refusal> {
    let (now, address, key) = (state.journal.clock.now(), origin::address(request, &state.config), name_key(name));
    state.gate.throttle().attempt(&key, &address, now).map_err(Refusal::Wait)?;
    let wanted = key.clone();
    let user = state.journal.db.read(move |conn| users::by_name(conn, &wanted)).await?;
    if let Some(until) = user.as_ref().and_then(|user| user.locked_until).filter(|until| *until > now) {
        return Err(Refusal::Wait(until - now));
    }
    let stored = user.as_ref().and_then(|user| user.password.clone());
    // Whatever is that long is no password, but takes as long as one.
    let (password, stored) = if password.len() > MAX_PASSWORD { ("", None) } else { (password, stored) };
    let good = state.gate.passwords().check(password, stored).await?;
    let Some(user) = user.filter(|_| good) else {
        failed(state, &key, &address).await?;
        return Err(Refusal::Wrong);
    };
    if user.blocked {
        return Err(Refusal::Blocked);
    }
    if user.totp.is_some() {
        let ticket = secret::random().map_err(|error| Problem::new(Code::Internal, error))?;
        state.gate.tickets().put(secret::hash(&ticket), user.id, now);
        return Ok(Step::Code(ticket));
    }
    enter(state, request, user, &address).await.map(Step::In)
}

/// The second step.
///
/// # Errors
/// See [`Refusal`].
pub async fn with_code(state: &AppState, request: &HttpRequest, ticket: &str, code: &str) -> Result<Cookie<'static>, Refusal> {
    let (now, address, hash) = (state.journal.clock.now(), origin::address(request, &state.config), secret::hash(ticket));
    let id = state.gate.tickets().look(&hash, now).ok_or(Refusal::Again)?;
    let user = state.journal.db.read(move |conn| users::get(conn, &id)).await?;
    let key = name_key(&user.name);
    state.gate.throttle().attempt(&key, &address, now).map_err(Refusal::Wait)?;
    let (id, code, from) = (user.id.clone(), code.to_owned(), address.clone());
    if !state.journal.commit(move |tx| use_code(tx, &id, &code, &from)).await? {
        failed(state, &key, &address).await?;
        return Err(Refusal::Wrong);
    }
    if user.blocked {
        return Err(Refusal::Blocked);
    }
    state.gate.tickets().take(&hash);
    enter(state, request, user, &address).await
}

/// Uses up a code: no code works twice.
fn use_code(tx: &mut Tx<'_>, id: &str, code: &str, address: &str) -> Result<bool, StorageError> {
    let mut user = users::get(tx.conn, id)?;
    let step = user.totp.as_deref().and_then(|seed| codes::step(seed, code, tx.now)).filter(|step| *step > user.totp_step);
    if let Some(step) = step {
        user.totp_step = step;
        users::update(tx.conn, &user)?;
        return Ok(true);
    }
    let hash = codes::recovery_hash(code);
    let before = user.recovery.len();
    user.recovery.retain(|known| !secret::same(known, &hash));
    if user.recovery.len() == before {
        return Ok(false);
    }
    users::update(tx.conn, &user)?;
    let message = format!("{} used a recovery code; {} are left", user.name, user.recovery.len());
    let event = NewEvent::new("access.recovery_used", Level::Warning, message);
    tx.event(&event.payload(json!({ "user": user.id, "address": address, "left": user.recovery.len() })))?;
    Ok(true)
}

async fn enter(state: &AppState, request: &HttpRequest, user: User, address: &str) -> Result<Cookie<'static>, Refusal> {
    state.gate.throttle().good(&name_key(&user.name), address);
    let event = NewEvent::new("access.signed_in", Level::Info, format!("{} signed in from {address}", user.name));
    Ok(session::open(state, request, user.id, event).await?)
}

/// Notes a mistake. What was typed as a name is told only if it is one: people type their password there.
async fn failed(state: &AppState, key: &str, address: &str) -> Result<(), StorageError> {
    let (key, address) = (key.to_owned(), address.to_owned());
    let write = state.journal.commit(move |tx| {
        let Some(mut user) = users::by_name(tx.conn, &key)? else {
            let event = NewEvent::new("access.sign_in_failed", Level::Warning, format!("{address} tried an unknown account"));
            return tx.event(&event.payload(json!({ "address": address }))).map(drop);
        };
        user.failures = user.failures.saturating_add(1);
        let wait = TimeDelta::from_std(wait(Subject::Account, user.failures)).unwrap_or_default();
        user.locked_until = (wait > TimeDelta::zero()).then(|| tx.now + wait);
        users::update(tx.conn, &user)?;
        let facts = json!({ "user": user.id, "address": address, "failures": user.failures, "wait_seconds": wait.num_seconds() });
        let (kind, message) = if wait > TimeDelta::zero() {
            ("access.locked", format!("{} failed to sign in from {address} and has to wait {} s", user.name, wait.num_seconds()))
        } else {
            ("access.sign_in_failed", format!("{} failed to sign in from {address}", user.name))
        };
        tx.event(&NewEvent::new(kind, Level::Warning, message).payload(facts)).map(drop)
    });
    write.await
}
