//! Who asks: access control off, an API token, a trusted proxy, or a session's cookie, in this order.

use super::{Access, origin, secret, session};
use crate::{
    domain::access::{self, Means, Principal, check_name},
    error::{Code, Problem},
    http::{AppState, problem::from_storage},
    storage::access::{tokens, users},
};
use actix_web::{HttpRequest, cookie::Cookie, http::header};

/// Who asks, and a new cookie for the answer if it is time for one.
pub async fn find(state: &AppState, request: &HttpRequest) -> (Access, Option<Cookie<'static>>) {
    if !state.config.auth {
        return (Access::Known { who: Principal::loopback(), csrf: String::new(), language: None }, None);
    }
    match state.gate.is_set_up(state).await {
        Ok(true) => {}
        Ok(false) => return (Access::SetUp, None),
        Err(error) => return (Access::Refused(from_storage(&error, Code::Internal)), None),
    }
    let config = &state.config;
    let header = if config.proxy_header.is_empty() { None } else { request.headers().get(config.proxy_header.as_str()) };
    let named = header.filter(|_| origin::is_proxy(request, config)).map(|name| name.to_str().unwrap_or("\u{fffd}"));
    if let Some(name) = named.filter(|name| !name.is_empty()) {
        return (by_proxy(state, name).await, None);
    }
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        return (by_token(state, value.to_str().unwrap_or_default()).await, None);
    }
    session::find(state, request).await.unwrap_or((Access::Nobody, None))
}

fn refused(detail: &str) -> Access {
    Access::Refused(Problem::new(Code::SignInNeeded, detail).about("Authorization"))
}

async fn by_token(state: &AppState, header: &str) -> Access {
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || !token.starts_with(secret::TOKEN_PREFIX) || token.len() > 200 {
        return refused("Authorization has to be Bearer, a space and an API token of this service");
    }
    let (hash, now) = (secret::hash(token), state.journal.clock.now());
    let read = state.journal.db.read(move |conn| {
        let Some(token) = tokens::by_secret(conn, &hash)? else { return Ok(None) };
        let user = users::get(conn, &token.user_id)?;
        Ok(Some((token, user)))
    });
    let (token, user) = match read.await {
        Ok(Some(found)) => found,
        Ok(None) => return refused("This API token is not known, or was revoked"),
        Err(error) => return Access::Refused(from_storage(&error, Code::SignInNeeded)),
    };
    if token.expires_at.is_some_and(|end| end <= now) {
        return refused("This API token is too old; make a new one");
    }
    if user.blocked {
        return refused("The account of this API token is blocked");
    }
    if access::worth_noting(token.used_at, now) {
        let (db, id) = (state.journal.db.clone(), token.id.clone());
        // Not waited for: nobody needs to know before the answer.
        actix_web::rt::spawn(async move { db.write(move |conn| tokens::used(conn, &id, now)).await });
    }
    let means = Means::Token(token.id, token.scope);
    let who = Principal { user: Some(user.id), name: user.name, role: user.role, means };
    Access::Known { who, csrf: String::new(), language: user.language }
}

/// Only accounts that exist: the proxy says who somebody is, we say what they may.
async fn by_proxy(state: &AppState, name: &str) -> Access {
    let unknown = || Access::Refused(Problem::new(Code::SignInNeeded, "The proxy names somebody who has no account here"));
    let Ok(name) = check_name(name) else { return unknown() };
    match state.journal.db.read(move |conn| users::by_name(conn, &name)).await {
        Ok(Some(user)) if !user.blocked => {
            let who = Principal { user: Some(user.id), name: user.name, role: user.role, means: Means::Proxy };
            Access::Known { who, csrf: secret::hash(&format!("csrf {}", user.stamp)), language: user.language }
        }
        Ok(_) => unknown(),
        Err(error) => Access::Refused(from_storage(&error, Code::SignInNeeded)),
    }
}
