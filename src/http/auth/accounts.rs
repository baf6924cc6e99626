//! What can be done with accounts, sessions and tokens. Each is one transaction with its event; pages and API call the same.

use super::{codes, secret, session};
use crate::{
    bus::Tx,
    domain::{
        access::{Principal, Role, Scope, check_name, check_password},
        event::{Level, NewEvent},
    },
    error::{Code, Problem},
    http::{AppState, problem::from_storage},
    storage::{
        StorageError,
        access::{
            links::{self, Purpose},
            sessions,
            tokens::{self, Token},
            users::{self, User},
        },
    },
    telemetry::Clock,
};
use chrono::TimeDelta;
use serde_json::json;

/// How long a link with which somebody chooses a password is good.
pub const LINK: TimeDelta = TimeDelta::days(3);
/// Most tokens of one account.
const MAX_TOKENS: usize = 50;
/// Most accounts.
const MAX_USERS: usize = 1_000;

/// One transaction whose work may refuse. What it refuses must not have changed anything yet.
pub(super) async fn commit<T: Send + 'static>(
    state: &AppState,
    work: impl FnOnce(&mut Tx<'_>) -> Result<Result<T, Problem>, StorageError> + Send + 'static,
) -> Result<T, Problem> {
    match state.journal.commit(work).await {
        Ok(result) => result,
        Err(StorageError::Unique(column)) if column == "name_key" => {
            Err(Problem::new(Code::UserNameTaken, "An account of this name exists already").about("name"))
        }
        Err(error) => Err(from_storage(&error, Code::UserUnknown)),
    }
}

/// A link that is none.
pub(super) fn link_used() -> Problem {
    Problem::new(Code::LinkUsed, "This link was used, or is too old, or is not complete; ask for a new one")
}

/// Address of a link with this secret.
pub fn link_address(base: &str, secret: &str) -> String {
    format!("{base}/invitation?secret={secret}")
}

fn fresh() -> Result<String, Problem> {
    secret::random().map_err(|error| Problem::new(Code::Internal, error))
}

fn told(tx: &mut Tx<'_>, kind: &str, user: &str, by: &str, message: String) -> Result<(), StorageError> {
    tx.event(&NewEvent::new(kind, Level::Info, message).payload(json!({ "user": user, "by": by }))).map(drop)
}

async fn hashed(state: &AppState, field: &str, password: &str, name: &str) -> Result<String, Problem> {
    check_password(password, name).map_err(|wrong| Problem::field(field, wrong))?;
    state.gate.passwords().make(password).await
}

/// An account that is not stored yet.
///
/// # Errors
/// `invalid_field`.
pub(super) async fn new_user(state: &AppState, name: &str, role: Role, password: Option<&str>) -> Result<User, Problem> {
    let name = check_name(name).map_err(|wrong| Problem::field("name", wrong))?;
    let password = match password {
        Some(password) => Some(hashed(state, "password", password, &name).await?),
        None => None,
    };
    Ok(blank(&state.journal.clock, name, role, password, fresh()?))
}

/// A new account; the name and the hash of the password are good.
pub fn blank(clock: &Clock, name: String, role: Role, password: Option<String>, stamp: String) -> User {
    let now = clock.now();
    User {
        id: clock.new_id().to_string(),
        name,
        role,
        password,
        totp: None,
        totp_step: 0,
        recovery: Vec::new(),
        stamp,
        language: None,
        blocked: false,
        failures: 0,
        locked_until: None,
        created_at: now,
        updated_at: now,
        seen_at: None,
    }
}

/// Makes an account; without a password also the secret of a link with which its owner chooses one.
///
/// # Errors
/// `invalid_field`, `user_name_taken`, or trouble with the database.
pub async fn create(
    state: &AppState,
    by: &str,
    name: &str,
    role: Role,
    password: Option<&str>,
) -> Result<(User, Option<String>), Problem> {
    let (user, by) = (new_user(state, name, role, password).await?, by.to_owned());
    let link = if password.is_some() { None } else { Some(fresh()?) };
    let (stored, hash) = (user.clone(), link.as_deref().map(secret::hash));
    commit(state, move |tx| {
        if users::list(tx.conn)?.len() >= MAX_USERS {
            return Ok(Err(Problem::new(Code::Conflict, format!("There are {MAX_USERS} accounts already"))));
        }
        users::insert(tx.conn, &stored)?;
        if let Some(hash) = hash {
            links::replace(tx.conn, &hash, &Purpose::Password(stored.id.clone()), tx.now, Some(tx.now + LINK))?;
        }
        let message = format!("{by} made the account {} ({})", stored.name, stored.role.as_str());
        told(tx, "access.user_created", &stored.id, &by, message)?;
        Ok(Ok(()))
    })
    .await?;
    Ok((user, link))
}

/// What an administrator changes; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Name.
    pub name: Option<String>,
    /// Role.
    pub role: Option<Role>,
    /// Whether it is blocked.
    pub blocked: Option<bool>,
}

/// Somebody has to be able to administer.
fn keeps_an_admin(tx: &mut Tx<'_>, user: &User, stays: bool) -> Result<Result<(), Problem>, StorageError> {
    let counts = user.role == Role::Admin && !user.blocked;
    if stays || !counts || users::other_admins(tx.conn, &user.id)? > 0 {
        return Ok(Ok(()));
    }
    let detail = format!("{} is the last account that may administer; make another one an administrator first", user.name);
    Ok(Err(Problem::new(Code::LastAdmin, detail)))
}

/// Changes an account. Its sessions get new secrets if its role changes, and end if it is blocked.
///
/// # Errors
/// `user_unknown`, `invalid_field`, `user_name_taken`, `last_admin`, or trouble with the database.
pub async fn change(state: &AppState, by: &str, id: &str, change: Change) -> Result<User, Problem> {
    let name = change.name.as_deref().map(check_name).transpose().map_err(|wrong| Problem::field("name", wrong))?;
    let (id, by) = (id.to_owned(), by.to_owned());
    commit(state, move |tx| {
        let old = users::get(tx.conn, &id)?;
        let mut user = old.clone();
        user.name = name.unwrap_or(user.name);
        user.role = change.role.unwrap_or(user.role);
        user.blocked = change.blocked.unwrap_or(user.blocked);
        if user == old {
            return Ok(Ok(old));
        }
        if let Err(problem) = keeps_an_admin(tx, &old, user.role == Role::Admin && !user.blocked)? {
            return Ok(Err(problem));
        }
        user.updated_at = tx.now;
        users::update(tx.conn, &user)?;
        if user.role != old.role {
            sessions::rotate(tx.conn, &id)?;
        }
        if user.blocked {
            sessions::delete_others(tx.conn, &id, None)?;
        }
        let state = if user.blocked { "blocked" } else { "not blocked" };
        let message = format!("{by} changed the account {}: {}, {state}", user.name, user.role.as_str());
        told(tx, "access.user_changed", &id, &by, message)?;
        Ok(Ok(user))
    })
    .await
}

/// Removes an account with its sessions and tokens.
///
/// # Errors
/// `user_unknown`, `last_admin`, or trouble with the database.
pub async fn delete(state: &AppState, by: &str, id: &str) -> Result<User, Problem> {
    let (id, by) = (id.to_owned(), by.to_owned());
    commit(state, move |tx| {
        let user = users::get(tx.conn, &id)?;
        if let Err(problem) = keeps_an_admin(tx, &user, false)? {
            return Ok(Err(problem));
        }
        users::delete(tx.conn, &id)?;
        told(tx, "access.user_deleted", &id, &by, format!("{by} removed the account {}", user.name))?;
        Ok(Ok(user))
    })
    .await
}

/// A link with which the owner of an account chooses a new password; the second step is taken off it.
///
/// # Errors
/// `user_unknown`, or trouble with the database.
pub async fn reset(state: &AppState, by: &str, id: &str) -> Result<(User, String), Problem> {
    let (link, id, by) = (fresh()?, id.to_owned(), by.to_owned());
    let hash = secret::hash(&link);
    let user = commit(state, move |tx| {
        let user = users::get(tx.conn, &id)?;
        links::replace(tx.conn, &hash, &Purpose::Password(id.clone()), tx.now, Some(tx.now + LINK))?;
        let changed = User { totp: None, recovery: Vec::new(), failures: 0, locked_until: None, updated_at: tx.now, ..user };
        users::update(tx.conn, &changed)?;
        let message =
            format!("{by} made a link with which {} chooses a new password, and took the second step off", changed.name);
        told(tx, "access.link_created", &id, &by, message)?;
        Ok(Ok(changed))
    })
    .await?;
    Ok((user, link))
}

/// The account that a link is for.
///
/// # Errors
/// `link_used`, or trouble with the database.
pub async fn linked(state: &AppState, link: &str) -> Result<User, Problem> {
    let (hash, now) = (secret::hash(link), state.journal.clock.now());
    let read = state.read(Code::LinkUsed, move |conn| match links::find(conn, &hash, now)? {
        Some(Purpose::Password(id)) => users::get(conn, &id).map(Some),
        _ => Ok(None),
    });
    read.await?.filter(|user| !user.blocked).ok_or_else(link_used)
}

/// Chooses a password with a link; everything that was signed in ends.
///
/// # Errors
/// `link_used`, `invalid_field`, or trouble with the database.
pub async fn choose_password(state: &AppState, link: &str, password: &str) -> Result<User, Problem> {
    let user = linked(state, link).await?;
    let (stored, hash, fresh) = (hashed(state, "password", password, &user.name).await?, secret::hash(link), fresh()?);
    let key = crate::domain::access::name_key(&user.name);
    let user = commit(state, move |tx| {
        let purpose = Purpose::Password(user.id.clone());
        if links::find(tx.conn, &hash, tx.now)? != Some(purpose.clone()) {
            return Ok(Err(link_used()));
        }
        let user = users::get(tx.conn, &user.id)?;
        let user = User { password: Some(stored), failures: 0, locked_until: None, updated_at: tx.now, ..user };
        users::update(tx.conn, &user)?;
        links::end(tx.conn, &purpose)?;
        session::end_others(tx, &user.id, None, &fresh)?;
        told(tx, "access.password_changed", &user.id, &user.name, format!("{} chose a password with a link", user.name))?;
        Ok(Ok(user))
    })
    .await?;
    state.gate.throttle().forget(&key);
    Ok(user)
}

/// Whoever asks, as an account that they may change.
///
/// # Errors
/// `auth_off`, or `forbidden` for tokens that may not do everything.
pub fn own(who: Option<&Principal>) -> Result<(&Principal, String), Problem> {
    let off = || Problem::new(Code::AuthOff, "Access control is switched off (server.auth), so nobody has an account");
    let who = who.ok_or_else(off)?;
    let id = who.user.clone().ok_or_else(off)?;
    if who.may_change_account() {
        return Ok((who, id));
    }
    Err(Problem::new(Code::Forbidden, "An API token may change accounts, sessions and tokens only if its scope is admin"))
}

/// The password of an account once more, before something that a thief of a session must not do.
///
/// # Errors
/// `invalid_field` about `current`, `rate_limited`.
pub async fn confirm(state: &AppState, user: &str, address: &str, password: &str) -> Result<User, Problem> {
    let id = user.to_owned();
    let user = state.read(Code::UserUnknown, move |conn| users::get(conn, &id)).await?;
    let (key, now) = (crate::domain::access::name_key(&user.name), state.journal.clock.now());
    state.gate.throttle().attempt(&key, address, now).map_err(|left| {
        Problem::new(Code::RateLimited, format!("Too many wrong passwords; try again in {} s", left.num_seconds() + 1))
    })?;
    let stored = user.password.clone().filter(|_| password.len() <= crate::domain::access::MAX_PASSWORD);
    if state.gate.passwords().check(password, stored).await? {
        state.gate.throttle().good(&key, address);
        return Ok(user);
    }
    Err(Problem::field("current", "is not your password"))
}

/// Changes the own password; all other sessions end, and this one (if there is one) has a new secret: the one that is returned.
///
/// # Errors
/// `invalid_field`, or trouble with the database.
pub async fn change_password(state: &AppState, user: &User, session: Option<String>, password: &str) -> Result<String, Problem> {
    let (stored, fresh) = (hashed(state, "password", password, &user.name).await?, fresh()?);
    let (id, next) = (user.id.clone(), fresh.clone());
    commit(state, move |tx| {
        let user = users::get(tx.conn, &id)?;
        let stamp = secret::hash(&format!("{} {stored}", user.stamp));
        let user = User { password: Some(stored), stamp, updated_at: tx.now, ..user };
        users::update(tx.conn, &user)?;
        links::end(tx.conn, &Purpose::Password(id.clone()))?;
        session::end_others(tx, &id, session.as_deref(), &next)?;
        told(tx, "access.password_changed", &id, &user.name, format!("{} changed the own password", user.name))?;
        Ok(Ok(()))
    })
    .await?;
    Ok(fresh)
}

/// Switches the second step on, with a code that shows that the app works; gives the recovery codes.
///
/// # Errors
/// `invalid_field` about `code`, or trouble with the database.
pub async fn second_step_on(state: &AppState, user: &str, seed: &str, code: &str) -> Result<Vec<String>, Problem> {
    let step = codes::step(seed, code, state.journal.clock.now());
    let step = step.ok_or_else(|| Problem::field("code", "is not the code that the app shows now"))?;
    let ((shown, hashes), id, seed) = (codes::recovery()?, user.to_owned(), seed.to_owned());
    commit(state, move |tx| {
        let user = users::get(tx.conn, &id)?;
        let user = User { totp: Some(seed), totp_step: step, recovery: hashes, updated_at: tx.now, ..user };
        users::update(tx.conn, &user)?;
        told(tx, "access.second_step_on", &id, &user.name, format!("{} switched the second step on", user.name))?;
        Ok(Ok(()))
    })
    .await?;
    Ok(shown)
}

/// Switches the second step off.
///
/// # Errors
/// Trouble with the database.
pub async fn second_step_off(state: &AppState, user: &str) -> Result<(), Problem> {
    let id = user.to_owned();
    commit(state, move |tx| {
        let user = users::get(tx.conn, &id)?;
        let user = User { totp: None, recovery: Vec::new(), updated_at: tx.now, ..user };
        users::update(tx.conn, &user)?;
        told(tx, "access.second_step_off", &id, &user.name, format!("{} switched the second step off", user.name))?;
        Ok(Ok(()))
    })
    .await
}

/// Chooses the language of an account; none: as the browser prefers.
///
/// # Errors
/// Trouble with the database.
pub async fn choose_language(state: &AppState, user: &str, language: Option<String>) -> Result<(), Problem> {
    let id = user.to_owned();
    commit(state, move |tx| {
        let user = users::get(tx.conn, &id)?;
        users::update(tx.conn, &User { language, updated_at: tx.now, ..user })?;
        Ok(Ok(()))
    })
    .await
}

/// Ends sessions of an account: one, or all but one.
///
/// # Errors
/// `session_unknown`, or trouble with the database.
pub async fn end_sessions(state: &AppState, user: &str, by: &str, which: Sessions) -> Result<(), Problem> {
    let (id, by) = (user.to_owned(), by.to_owned());
    commit(state, move |tx| {
        let ended = match &which {
            Sessions::One(session) => sessions::delete(tx.conn, &id, session),
            Sessions::AllBut(session) => sessions::delete_others(tx.conn, &id, session.as_deref()).map(drop),
        };
        match ended {
            Ok(()) => {}
            Err(StorageError::NotFound) => {
                return Ok(Err(Problem::new(Code::SessionUnknown, "There is no such session of this account")));
            }
            Err(error) => return Err(error),
        }
        told(tx, "access.session_ended", &id, &by, format!("{by} ended sessions"))?;
        Ok(Ok(()))
    })
    .await
}

/// Which sessions.
pub enum Sessions {
    /// This one.
    One(String),
    /// All, or all others.
    AllBut(Option<String>),
}

/// Makes a token of an account; the second is the token itself, which nobody sees again.
///
/// # Errors
/// `invalid_field`, or trouble with the database.
pub async fn create_token(
    state: &AppState,
    who: &Principal,
    name: &str,
    scope: Scope,
    days: Option<u32>,
) -> Result<(Token, String), Problem> {
    let (_, user) = own(Some(who))?;
    let name = check_name(name).map_err(|wrong| Problem::field("name", wrong))?;
    if days.is_some_and(|days| !(1..=3650).contains(&days)) {
        return Err(Problem::field("expires_in_days", "is not allowed; 1 to 3650, or nothing for a token that stays good"));
    }
    let (now, shown) = (state.journal.clock.now(), format!("{}{}", secret::TOKEN_PREFIX, fresh()?));
    let token = Token {
        id: state.journal.clock.new_id().to_string(),
        user_id: user,
        name,
        secret: secret::hash(&shown),
        scope,
        created_at: now,
        expires_at: days.map(|days| now + TimeDelta::days(i64::from(days))),
        used_at: None,
    };
    let (stored, by) = (token.clone(), who.name.clone());
    commit(state, move |tx| {
        if tokens::of_user(tx.conn, &stored.user_id)?.len() >= MAX_TOKENS {
            return Ok(Err(Problem::new(Code::Conflict, format!("This account has {MAX_TOKENS} tokens already; revoke some"))));
        }
        tokens::insert(tx.conn, &stored)?;
        let message = format!("{by} made the API token {} ({})", stored.name, stored.scope.as_str());
        told(tx, "access.token_created", &stored.user_id, &by, message)?;
        Ok(Ok(()))
    })
    .await?;
    Ok((token, shown))
}

/// Revokes a token of an account.
///
/// # Errors
/// `token_unknown`, or trouble with the database.
pub async fn revoke_token(state: &AppState, user: &str, by: &str, id: &str) -> Result<(), Problem> {
    let (user, by, id) = (user.to_owned(), by.to_owned(), id.to_owned());
    commit(state, move |tx| {
        match tokens::delete(tx.conn, &user, &id) {
            Ok(()) => {}
            Err(StorageError::NotFound) => {
                return Ok(Err(Problem::new(Code::TokenUnknown, "There is no such token of this account")));
            }
            Err(error) => return Err(error),
        }
        told(tx, "access.token_revoked", &user, &by, format!("{by} revoked an API token"))?;
        Ok(Ok(()))
    })
    .await
}
