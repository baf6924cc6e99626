//! The middleware that finds out who asks and notes what they change.

use super::{audit, find, secret};
use crate::{
    domain::access::{Means, Principal},
    error::{Code, Problem},
    http::{AppState, problem},
};
use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web::Data,
};

/// What was found out about whoever asks.
#[derive(Debug, Clone)]
pub enum Access {
    /// Nothing was shown.
    Nobody,
    /// There is no account yet: nothing but the assistant answers.
    SetUp,
    /// Something was shown that is not, or no longer, good: unknown or expired token, blocked account.
    Refused(Problem),
    /// Known.
    Known {
        /// Who.
        who: Principal,
        /// What a form of this session must carry; see `csrf`.
        csrf: String,
        /// The language that the account has chosen.
        language: Option<String>,
    },
}

impl Access {
    /// What [`recognise`] left in the request.
    pub fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or(Self::Nobody)
    }

    /// Who asks, if that is known.
    pub fn who(&self) -> Option<&Principal> {
        match self {
            Self::Known { who, .. } => Some(who),
            Self::Nobody | Self::SetUp | Self::Refused(_) => None,
        }
    }

    /// What forms must carry (field `csrf`); empty if nobody is signed in.
    pub fn csrf(&self) -> &str {
        match self {
            Self::Known { csrf, .. } => csrf,
            Self::Nobody | Self::SetUp | Self::Refused(_) => "",
        }
    }

    /// The language that whoever is signed in has chosen.
    pub fn language(&self) -> Option<&str> {
        match self {
            Self::Known { language, .. } => language.as_deref(),
            Self::Nobody | Self::SetUp | Self::Refused(_) => None,
        }
    }
}

/// The middleware.
///
/// # Errors
/// None of its own: refusals are responses.
pub async fn recognise(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = request.app_data::<Data<AppState>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let (access, cookie) = find::find(&state, request.request()).await;
    let refused = check_token(request.request(), &access);
    let note = audit::Note::of(request.request(), &access, &state);
    request.extensions_mut().insert(access);
    let mut response = match refused {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(problem) => {
            let path = request.path().to_owned();
            request.into_response(problem::response(&problem, Some(&path)))
        }
    };
    if let Some(note) = note {
        note.write(&state, response.status()).await;
    }
    // A handler that signs in or out has set a cookie itself.
    if let Some(cookie) = cookie
        && !response.response().cookies().any(|set| set.name() == cookie.name())
        && let Err(error) = response.response_mut().add_cookie(&cookie)
    {
        tracing::warn!(%error, "a session's cookie cannot be renewed");
    }
    Ok(response)
}

/// What a browser sends along by itself (a cookie, or its place behind a proxy) is not enough to change anything: a page of ours
/// must have asked for it. Forms carry the token as a field, which `form.rs` checks; what is no form carries it as a header.
fn check_token(request: &HttpRequest, access: &Access) -> Result<(), Problem> {
    let by_itself = access.who().is_some_and(|who| matches!(who.means, Means::Session(_) | Means::Proxy));
    let api = request.path().starts_with("/api/");
    if !by_itself || !api || matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let given = request.headers().get("x-csrf-token").and_then(|token| token.to_str().ok()).unwrap_or_default();
    if secret::same(given, access.csrf()) {
        return Ok(());
    }
    let detail = "With a session, what changes something needs the header X-CSRF-Token (GET /api/v1/session tells it); \
                  programs use an API token instead";
    Err(Problem::new(Code::CsrfRefused, detail).about("X-CSRF-Token"))
}
