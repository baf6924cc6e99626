//! The page `/account/second-step`: one-time codes of an app, switched on and off.

use crate::{
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May, accounts, codes, origin},
        form::Form,
        pages::{
            frame::{self, Frame, Notice, Place},
            reasons::reason,
        },
        words::Language,
    },
    storage::access::users,
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

#[derive(Template)]
#[template(path = "second_step.html")]
struct Page {
    frame: Frame,
    seed: String,
    picture: String,
    /// Shown once, after it was switched on.
    recovery: Vec<String>,
    refused: Option<Problem>,
}

impl Page {
    fn new(request: &HttpRequest, seed: String, name: &str) -> Result<Self, Problem> {
        let language = Language::of(request);
        let mut frame = Frame::new(request, Place::Account, language.pick("Second step", "Zweiter Schritt"));
        "/account/second-step".clone_into(&mut frame.here);
        let picture = codes::picture(&seed, name)?;
        Ok(Self { frame, seed, picture, recovery: Vec::new(), refused: None })
    }

    fn wrong(&self, field: &str) -> bool {
        self.refused.as_ref().is_some_and(|problem| problem.field.as_deref() == Some(field))
    }

    fn reason(&self) -> String {
        self.refused.as_ref().map(|problem| reason(problem, self.frame.language)).unwrap_or_default()
    }

    /// In groups of four, for typing.
    fn spelled(&self) -> String {
        self.seed.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four)).collect::<Vec<_>>().join(" ")
    }
}

/// A new seed as picture and text, and the form that switches it on.
///
/// # Errors
/// `auth_off`, or trouble with the database.
pub async fn form(may: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (_, id) = accounts::own(may.who.as_ref())?;
    let user = state.read(Code::UserUnknown, move |conn| users::get(conn, &id)).await?;
    let page = Page::new(&request, codes::seed()?, &user.name)?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

/// Switches it on, and shows the recovery codes.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn switch_on(may: May<Look>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    let (_, id) = accounts::own(may.who.as_ref())?;
    let seed = form.text("seed").unwrap_or_default().to_owned();
    let name = may.name().to_owned();
    let switch = async {
        let address = origin::address(&request, &state.config);
        accounts::confirm(&state, &id, &address, form.exact("current").unwrap_or_default()).await?;
        accounts::second_step_on(&state, &id, &seed, form.text("code").unwrap_or_default()).await
    };
    let outcome = switch.await;
    let mut page = Page::new(&request, if outcome.is_ok() { codes::seed()? } else { seed.clone() }, &name)?;
    let status = match outcome {
        Ok(recovery) => {
            page.recovery = recovery;
            StatusCode::OK
        }
        Err(problem) if matches!(problem.code, Code::InvalidField | Code::RateLimited) => {
            let status = problem.code.status();
            page.refused = Some(problem);
            StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(problem) => return Err(problem),
    };
    Ok(frame::show(status, &page.frame, &page))
}

/// Switches it off.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn switch_off(
    may: May<Look>,
    state: Data<AppState>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (_, id) = accounts::own(may.who.as_ref())?;
    let address = origin::address(&request, &state.config);
    let switch = async {
        let password = form.exact("current").unwrap_or_default();
        let confirmed = accounts::confirm(&state, &id, &address, password).await;
        confirmed.map_err(|problem| if problem.code == Code::InvalidField { problem.about("off") } else { problem })?;
        accounts::second_step_off(&state, &id).await
    };
    match switch.await {
        Ok(()) => {
            let done = Language::of(&request).pick("The second step is off.", "Der zweite Schritt ist aus.");
            Ok(frame::go("/account", Some(Notice::done(done))))
        }
        Err(problem) => super::forms::again(&state, &request, may.who.as_ref(), problem, "").await,
    }
}
