//! Who asks, and where they are signed in.

use super::State;
use crate::{
    domain::access::{Means, Principal},
    error::{Code, Problem},
    http::{
        auth::{Access, Look, May, accounts, session},
        params::Params,
        problem::ProblemDocument,
        wire::{List, SessionBody, WhoBody},
    },
    storage::{StorageError, access::sessions},
};
use actix_web::{HttpRequest, HttpResponse, web};

/// The session that asks.
pub(in crate::http) fn current(who: Option<&Principal>) -> Option<&str> {
    match who.map(|who| &who.means) {
        Some(Means::Session(id)) => Some(id),
        _ => None,
    }
}

/// Who asks, how they showed it, and what they may.
#[utoipa::path(get, path = "/api/v1/session", tag = "access", responses(
    (status = 200, description = "Who asks", body = WhoBody),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn get(may: May<Look>, request: HttpRequest, params: Params) -> Result<web::Json<WhoBody>, Problem> {
    params.finish()?;
    let who = may.who.as_ref().ok_or_else(|| Problem::new(Code::SignInNeeded, "Nobody is signed in"))?;
    Ok(web::Json(WhoBody::new(who, Access::of(&request).csrf())))
}

/// Signs out: ends the session that asks.
#[utoipa::path(delete, path = "/api/v1/session", tag = "access", responses(
    (status = 204, description = "Signed out"),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`session_unknown`: asked with a token or through a proxy", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn end(may: May<Look>, state: State, request: HttpRequest, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let (who, user) = accounts::own(may.who.as_ref())?;
    let Some(id) = current(may.who.as_ref()) else {
        return Err(Problem::new(Code::SessionUnknown, "This was not asked with a session; a token is revoked at /tokens/{id}"));
    };
    accounts::end_sessions(&state, &user, &who.name, accounts::Sessions::One(id.to_owned())).await?;
    Ok(HttpResponse::NoContent().cookie(session::no_cookie(&request, &state)).finish())
}

/// Where the own account is signed in.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "access", responses(
    (status = 200, description = "Sessions, the one that was used last first", body = List<SessionBody>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(may: May<Look>, state: State, params: Params) -> Result<web::Json<List<SessionBody>>, Problem> {
    params.finish()?;
    let (_, user) = accounts::own(may.who.as_ref())?;
    let now = state.journal.clock.now();
    let found = state.read(Code::SessionUnknown, move |conn| sessions::of_user(conn, &user, now)).await?;
    let current = current(may.who.as_ref());
    let items = found.into_iter().map(|session| SessionBody::new(session, current)).collect();
    Ok(web::Json(List { items, next_cursor: None }))
}

/// Ends all sessions of the own account but the one that asks.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "access", responses(
    (status = 204, description = "Ended"),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn end_others(may: May<Look>, state: State, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let (who, user) = accounts::own(may.who.as_ref())?;
    let but = current(may.who.as_ref()).map(str::to_owned);
    accounts::end_sessions(&state, &user, &who.name, accounts::Sessions::AllBut(but)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// One session of the own account.
#[utoipa::path(get, path = "/api/v1/sessions/{id}", tag = "access", params(("id" = String, Path, description = "Id of the session")), responses(
    (status = 200, description = "The session", body = SessionBody),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`session_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn one(may: May<Look>, state: State, id: web::Path<String>, params: Params) -> Result<web::Json<SessionBody>, Problem> {
    params.finish()?;
    let (_, user) = accounts::own(may.who.as_ref())?;
    let now = state.journal.clock.now();
    let read = state.read(Code::SessionUnknown, move |conn| {
        let session = sessions::get(conn, &id)?;
        if session.user_id == user && session.expires_at > now { Ok(session) } else { Err(StorageError::NotFound) }
    });
    Ok(web::Json(SessionBody::new(read.await?, current(may.who.as_ref()))))
}

/// Ends a session of the own account.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "access", params(("id" = String, Path, description = "Id of the session")), responses(
    (status = 204, description = "Ended"),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`session_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn revoke(may: May<Look>, state: State, id: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let (who, user) = accounts::own(may.who.as_ref())?;
    accounts::end_sessions(&state, &user, &who.name, accounts::Sessions::One(id.into_inner())).await?;
    Ok(HttpResponse::NoContent().finish())
}
