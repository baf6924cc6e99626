//! The page `/account`: password, second step, sessions, API tokens, language of whoever is signed in.

pub mod forms;
pub mod second_step;

use super::{
    frame::{self, Frame, Place},
    reasons::reason,
};
use crate::{
    domain::access::{MIN_PASSWORD, Principal, Scope},
    error::{Code, Problem},
    http::{
        AppState,
        api::session::current,
        auth::{Look, May, accounts},
        words::Language,
    },
    storage::access::{sessions, tokens, users},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use chrono::{DateTime, Utc};

/// The page.
#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    frame: Frame,
    name: String,
    role: &'static str,
    language: String,
    has_password: bool,
    second_step: bool,
    recovery_left: usize,
    sessions: Vec<Row>,
    others: bool,
    tokens: Vec<Row>,
    scopes: Vec<(&'static str, String)>,
    /// A token that was just made.
    fresh: Option<String>,
    refused: Option<Problem>,
    /// Name that was typed for a token.
    typed: String,
}

/// A session or a token.
struct Row {
    id: String,
    title: String,
    detail: String,
    /// Whether it is the session that asks, or a token that is over.
    marked: bool,
}

impl Account {
    fn wrong(&self, field: &str) -> bool {
        self.refused.as_ref().is_some_and(|problem| problem.field.as_deref() == Some(field))
    }

    fn reason(&self) -> String {
        self.refused.as_ref().map(|problem| reason(problem, self.frame.language)).unwrap_or_default()
    }

    fn shortest(&self) -> usize {
        MIN_PASSWORD
    }
}

/// What a role is called.
pub(super) fn role_word(role: crate::domain::access::Role, language: Language) -> &'static str {
    use crate::domain::access::Role;
    match role {
        Role::Viewer => language.pick("Viewer", "Betrachter"),
        Role::Operator => language.pick("Operator", "Bediener"),
        Role::Admin => language.pick("Administrator", "Verwalter"),
    }
}

fn scope_word(scope: Scope, language: Language) -> &'static str {
    match scope {
        Scope::Read => language.pick("See and download", "Ansehen und herunterladen"),
        Scope::Operate => language.pick("Work with drives, jobs and images", "Mit Laufwerken, Aufgaben und Abbildern arbeiten"),
        Scope::Admin => language.pick("Everything that you may", "Alles, was du darfst"),
    }
}

/// A time of day for people, in UTC.
pub(super) fn when(at: DateTime<Utc>, language: Language) -> String {
    at.format(language.pick("%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M UTC")).to_string()
}

/// The page.
///
/// # Errors
/// `auth_off`, or trouble with the database.
pub async fn page(may: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let page = gather(&state, &request, may.who.as_ref()).await?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

async fn gather(state: &AppState, request: &HttpRequest, who: Option<&Principal>) -> Result<Account, Problem> {
    let language = Language::of(request);
    let (who, id) = accounts::own(who)?;
    let now = state.journal.clock.now();
    let read = state.read(Code::UserUnknown, move |conn| {
        Ok((users::get(conn, &id)?, sessions::of_user(conn, &id, now)?, tokens::of_user(conn, &id)?))
    });
    let (user, sessions, tokens) = read.await?;
    let own = current(Some(who));
    let others = sessions.iter().any(|session| Some(session.id.as_str()) != own);
    let mut frame = Frame::new(request, Place::Account, language.pick("Account", "Konto"));
    // The forms of this page lead back to it, also when it is shown as the answer to one.
    "/account".clone_into(&mut frame.here);
    Ok(Account {
        frame,
        name: user.name,
        role: role_word(user.role, language),
        language: user.language.unwrap_or_default(),
        has_password: user.password.is_some(),
        second_step: user.totp.is_some(),
        recovery_left: user.recovery.len(),
        others,
        sessions: sessions.into_iter().map(|session| session_row(session, own, language)).collect(),
        tokens: tokens.into_iter().map(|token| token_row(token, now, language)).collect(),
        scopes: Scope::ALL.into_iter().map(|scope| (scope.as_str(), scope_word(scope, language).to_owned())).collect(),
        fresh: None,
        refused: None,
        typed: String::new(),
    })
}

fn session_row(session: sessions::Session, own: Option<&str>, language: Language) -> Row {
    let title =
        if session.agent.is_empty() { language.pick("Unknown browser", "Unbekannter Browser").to_owned() } else { session.agent };
    let (seen, since) = (when(session.seen_at, language), when(session.created_at, language));
    let detail = match language {
        Language::En => format!("{} · last used {seen} · signed in {since}", session.address),
        Language::De => format!("{} · zuletzt benutzt {seen} · angemeldet {since}", session.address),
    };
    Row { marked: own == Some(session.id.as_str()), id: session.id, title, detail }
}

fn token_row(token: tokens::Token, now: DateTime<Utc>, language: Language) -> Row {
    let over = token.expires_at.is_some_and(|end| end <= now);
    let end = match token.expires_at {
        Some(end) if over => format!("{} {}", language.pick("over since", "abgelaufen seit"), when(end, language)),
        Some(end) => format!("{} {}", language.pick("until", "bis"), when(end, language)),
        None => language.pick("until it is revoked", "bis zum Widerruf").to_owned(),
    };
    let used = token.used_at.map_or_else(
        || language.pick("never used", "nie benutzt").to_owned(),
        |used| format!("{} {}", language.pick("last used", "zuletzt benutzt"), when(used, language)),
    );
    let detail = format!("{} · {end} · {used}", scope_word(token.scope, language));
    Row { id: token.id, title: token.name, detail, marked: over }
}
