//! The pages `/login` and `/logout`.

use super::frame::{self, Frame, Place};
use crate::{
    domain::access::Means,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{
            Access, May, Open, accounts, session,
            sign_in::{Refusal, Step, with_code, with_password},
        },
        form::Form,
        params::Params,
        words::Language,
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::{StatusCode, header},
    web::Data,
};
use askama::Template;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    frame: Frame,
    /// Where to go then.
    next: String,
    /// What was typed as a name.
    name: String,
    /// Of the form that asks for a code.
    ticket: Option<String>,
    /// What was wrong.
    refused: Option<String>,
}

impl Login {
    fn new(request: &HttpRequest, next: &str) -> Self {
        let language = Language::of(request);
        let frame = Frame::new(request, Place::Outside, language.pick("Sign in", "Anmelden"));
        Self { frame, next: next.to_owned(), name: String::new(), ticket: None, refused: None }
    }
}

/// The form.
///
/// # Errors
/// `invalid_query`.
pub async fn form(_: May<Open>, request: HttpRequest, mut params: Params) -> Result<HttpResponse, Problem> {
    let next = params.text("next").unwrap_or_else(|| "/".to_owned());
    match Access::of(&request) {
        Access::Known { .. } => Ok(frame::go(&next, None)),
        Access::SetUp => Ok(frame::go("/setup", None)),
        Access::Nobody | Access::Refused(_) => {
            let page = Login::new(&request, &next);
            Ok(frame::show(StatusCode::OK, &page.frame, &page))
        }
    }
}

/// Name and password, or the code after them.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn sign_in(_: May<Open>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    if matches!(Access::of(&request), Access::SetUp) {
        return Ok(frame::go("/setup", None));
    }
    let mut page = Login::new(&request, form.next("/"));
    page.name = form.text("name").unwrap_or_default().chars().take(200).collect();
    let outcome = match form.text("ticket") {
        Some(ticket) => {
            page.ticket = Some(ticket.to_owned());
            with_code(&state, &request, ticket, form.text("code").unwrap_or_default()).await.map(Step::In)
        }
        None => with_password(&state, &request, &page.name, form.exact("password").unwrap_or_default()).await,
    };
    let language = page.frame.language;
    let (status, wait) = match outcome {
        Ok(Step::In(cookie)) => return enter(form.next("/"), &cookie),
        Ok(Step::Code(ticket)) => {
            page.ticket = Some(ticket);
            (StatusCode::OK, None)
        }
        Err(Refusal::Problem(problem)) => return Err(problem),
        Err(refusal) => {
            page.refused = Some(sentence(&refusal, page.ticket.is_some(), language));
            if matches!(refusal, Refusal::Again) {
                page.ticket = None;
            }
            match refusal {
                Refusal::Wait(left) => (StatusCode::TOO_MANY_REQUESTS, Some(left.num_seconds() + 1)),
                _ => (StatusCode::UNAUTHORIZED, None),
            }
        }
    };
    let mut response = frame::show(status, &page.frame, &page);
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
    Ok(response)
}

/// To the page that somebody wanted, with their cookie.
pub(super) fn enter(next: &str, cookie: &Cookie<'_>) -> Result<HttpResponse, Problem> {
    let mut response = frame::go(next, None);
    response.add_cookie(cookie).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    Ok(response)
}

fn sentence(refusal: &Refusal, code: bool, language: Language) -> String {
    match refusal {
        Refusal::Wrong if code => language.pick("This code is not right.", "Dieser Code stimmt nicht.").to_owned(),
        Refusal::Wrong => language.pick("Name or password is not right.", "Name oder Passwort stimmt nicht.").to_owned(),
        Refusal::Blocked => language.pick("This account is blocked.", "Dieses Konto ist gesperrt.").to_owned(),
        Refusal::Again => {
            language.pick("That took too long. Please start again.", "Das hat zu lange gedauert. Bitte von vorn.").to_owned()
        }
        Refusal::Wait(left) => {
            let seconds = left.num_seconds() + 1;
            let time = if seconds < 120 {
                format!("{seconds} s")
            } else {
                format!("{} {}", seconds.div_euclid(60) + 1, language.pick("minutes", "Minuten"))
            };
            match language {
                Language::En => format!("Too many mistakes. Try again in {time}."),
                Language::De => format!("Zu viele Fehlversuche. Nächster Versuch in {time}."),
            }
        }
        Refusal::Problem(problem) => problem.to_string(),
    }
}

/// Ends the session of this browser.
///
/// # Errors
/// Trouble with the database.
pub async fn sign_out(may: May<Open>, state: Data<AppState>, request: HttpRequest, _: Form) -> Result<HttpResponse, Problem> {
    if let Some(who) = &may.who
        && let (Means::Session(id), Some(user)) = (&who.means, &who.user)
    {
        match accounts::end_sessions(&state, user, &who.name, accounts::Sessions::One(id.clone())).await {
            Ok(()) => {}
            Err(problem) if problem.code == Code::SessionUnknown => {}
            Err(problem) => return Err(problem),
        }
    }
    enter("/login", &session::no_cookie(&request, &state))
}
