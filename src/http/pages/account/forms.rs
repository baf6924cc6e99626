//! The forms of the page `/account`.

use super::gather;
use crate::{
    domain::access::{Principal, Scope},
    error::{Code, Problem},
    http::{
        AppState,
        api::session::current,
        auth::{Look, May, accounts, origin, session},
        form::Form,
        pages::frame::{self, Notice},
        wire,
        words::Language,
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

const HERE: &str = "/account";

/// The page again with what was wrong; anything that is nobody's mistake at the form as it is.
pub(super) async fn again(
    state: &AppState,
    request: &HttpRequest,
    who: Option<&Principal>,
    problem: Problem,
    typed: &str,
) -> Result<HttpResponse, Problem> {
    if !matches!(problem.code, Code::InvalidField | Code::RateLimited) {
        return Err(problem);
    }
    let mut page = gather(state, request, who).await?;
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    page.typed = typed.chars().take(200).collect();
    page.refused = Some(problem);
    Ok(frame::show(status, &page.frame, &page))
}

/// Changes the own password.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn password(may: May<Look>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    let (_, id) = accounts::own(may.who.as_ref())?;
    let session = current(may.who.as_ref()).map(str::to_owned);
    let new = form.exact("password").unwrap_or_default();
    let change = async {
        if form.exact("repeated").unwrap_or_default() != new {
            return Err(Problem::field("repeated", "is not the same password"));
        }
        let address = origin::address(&request, &state.config);
        let user = accounts::confirm(&state, &id, &address, form.exact("current").unwrap_or_default()).await?;
        accounts::change_password(&state, &user, session.clone(), new).await
    };
    match change.await {
        Ok(fresh) => {
            let text = Language::of(&request).pick(
                "Password changed; all other sessions have ended.",
                "Passwort geändert; alle anderen Anmeldungen sind beendet.",
            );
            let mut response = frame::go(HERE, Some(Notice::done(text)));
            if let Some(id) = session {
                let cookie = session::renewed(&state, &request, &id, &fresh);
                response.add_cookie(&cookie).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
            }
            Ok(response)
        }
        Err(problem) => again(&state, &request, may.who.as_ref(), problem, "").await,
    }
}

/// Chooses the language of the account.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn language(may: May<Look>, state: Data<AppState>, form: Form) -> Result<HttpResponse, Problem> {
    let (_, id) = accounts::own(may.who.as_ref())?;
    let chosen = form.text("language").and_then(Language::parse).map(|language| language.tag().to_owned());
    accounts::choose_language(&state, &id, chosen.clone()).await?;
    // What this browser was set to before would go over it.
    Ok(match chosen {
        Some(tag) => frame::go(&format!("/language/{tag}?next=%2Faccount"), None),
        None => frame::go(HERE, None),
    })
}

/// Ends a session, or all others.
///
/// # Errors
/// Trouble with the database.
pub async fn end_session(
    may: May<Look>,
    state: Data<AppState>,
    request: HttpRequest,
    which: Path<String>,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let (who, id) = accounts::own(may.who.as_ref())?;
    let which = match which.as_str() {
        "others" => accounts::Sessions::AllBut(current(may.who.as_ref()).map(str::to_owned)),
        one => accounts::Sessions::One(one.to_owned()),
    };
    let done = Language::of(&request).pick("Signed out there.", "Dort abgemeldet.");
    Ok(frame::back(HERE, accounts::end_sessions(&state, &id, &who.name, which).await.map(|()| Notice::done(done))))
}

/// Makes a token and shows it, this once.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn token(may: May<Look>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    let (who, _) = accounts::own(may.who.as_ref())?;
    let name = form.text("token").unwrap_or_default();
    let make = async {
        let scope: Scope = wire::scope(form.text("scope").unwrap_or("read"))?;
        let days = form.parsed("expires_in_days", "1 to 3650")?;
        let made = accounts::create_token(&state, who, name, scope, days).await;
        made.map_err(|problem| if problem.field.as_deref() == Some("name") { problem.about("token") } else { problem })
    };
    match make.await {
        Ok((_, shown)) => {
            let mut page = gather(&state, &request, may.who.as_ref()).await?;
            page.fresh = Some(shown);
            Ok(frame::show(StatusCode::CREATED, &page.frame, &page))
        }
        Err(problem) => again(&state, &request, may.who.as_ref(), problem, name).await,
    }
}

/// Revokes a token.
///
/// # Errors
/// Trouble with the database.
pub async fn revoke(
    may: May<Look>,
    state: Data<AppState>,
    request: HttpRequest,
    token: Path<String>,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let (who, id) = accounts::own(may.who.as_ref())?;
    let done = Language::of(&request).pick("The token opens nothing any more.", "Der Token öffnet nichts mehr.");
    Ok(frame::back(HERE, accounts::revoke_token(&state, &id, &who.name, &token).await.map(|()| Notice::done(done))))
}
