//! The page `/settings/users`: who may use the service.

use super::{
    account::{role_word, when},
    frame::{self, Frame, Notice, Place},
    reasons::reason,
};
use crate::{
    domain::access::Role,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Administer, May, accounts, origin},
        form::Form,
        wire,
        words::Language,
    },
    storage::access::users,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

const HERE: &str = "/settings/users";

#[derive(Template)]
#[template(path = "users.html")]
struct Page {
    frame: Frame,
    users: Vec<Row>,
    roles: Vec<(&'static str, &'static str, &'static str)>,
    /// A link that was just made, and for whom.
    link: Option<(String, String)>,
    refused: Option<Problem>,
    typed: String,
}

struct Row {
    id: String,
    name: String,
    role: &'static str,
    role_word: &'static str,
    blocked: bool,
    second_step: bool,
    waiting: bool,
    seen: String,
    own: bool,
}

impl Page {
    fn wrong(&self, field: &str) -> bool {
        self.refused.as_ref().is_some_and(|problem| problem.field.as_deref() == Some(field))
    }

    fn reason(&self) -> String {
        self.refused.as_ref().map(|problem| reason(problem, self.frame.language)).unwrap_or_default()
    }
}

/// The page.
///
/// # Errors
/// Trouble with the database.
pub async fn page(may: May<Administer>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let page = gather(&state, &request, &may).await?;
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

async fn gather(state: &AppState, request: &HttpRequest, may: &May<Administer>) -> Result<Page, Problem> {
    let language = Language::of(request);
    let found = state.read(Code::UserUnknown, users::list).await?;
    let own = may.who.as_ref().and_then(|who| who.user.clone());
    let row = |user: users::User| Row {
        own: own.as_ref() == Some(&user.id),
        id: user.id,
        name: user.name,
        role: user.role.as_str(),
        role_word: role_word(user.role, language),
        blocked: user.blocked,
        second_step: user.totp.is_some(),
        waiting: user.password.is_none(),
        seen: user.seen_at.map(|seen| when(seen, language)).unwrap_or_default(),
    };
    let explained = |role: Role| match role {
        Role::Viewer => language.pick("sees everything, downloads images", "sieht alles, lädt Abbilder herunter"),
        Role::Operator => {
            language.pick("also works with drives, jobs and images", "arbeitet auch mit Laufwerken, Aufgaben, Abbildern")
        }
        Role::Admin => language.pick("also settings and accounts", "auch Einstellungen und Konten"),
    };
    let mut frame = Frame::new(request, Place::Settings, language.pick("People", "Personen"));
    HERE.clone_into(&mut frame.here);
    Ok(Page {
        frame,
        users: found.into_iter().map(row).collect(),
        roles: Role::ALL.map(|role| (role.as_str(), role_word(role, language), explained(role))).to_vec(),
        link: None,
        refused: None,
        typed: String::new(),
    })
}

/// Makes an account, and shows the link for its owner.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn create(
    may: May<Administer>,
    state: Data<AppState>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let name = form.text("name").unwrap_or_default();
    let make = async {
        let role = wire::role(form.text("role").unwrap_or("viewer"))?;
        accounts::create(&state, may.name(), name, role, form.exact("password")).await
    };
    match make.await {
        Ok((user, link)) => {
            let mut page = gather(&state, &request, &may).await?;
            let base = origin::base(&request, &state.config);
            let Some(link) = link else {
                let made = page.frame.t("Account made.", "Konto angelegt.");
                return Ok(frame::go(HERE, Some(Notice::done(made))));
            };
            page.link = Some((user.name, accounts::link_address(&base, &link)));
            Ok(frame::show(StatusCode::CREATED, &page.frame, &page))
        }
        Err(problem) if matches!(problem.code, Code::InvalidField | Code::UserNameTaken) => {
            let mut page = gather(&state, &request, &may).await?;
            let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            page.typed = name.chars().take(200).collect();
            page.refused = Some(problem);
            Ok(frame::show(status, &page.frame, &page))
        }
        Err(problem) => Err(problem),
    }
}

/// Changes an account: `role` (with the field of that name), `block`, `unblock`, `reset`, `delete`.
///
/// # Errors
/// What is nobody's mistake at the form.
pub async fn act(
    may: May<Administer>,
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let ((id, verb), by) = (path.into_inner(), may.name());
    let language = Language::of(&request);
    let change = |change: accounts::Change| accounts::change(&state, by, &id, change);
    let outcome = match verb.as_str() {
        "role" => {
            let role = Some(wire::role(form.text("role").unwrap_or_default())?);
            change(accounts::Change { role, ..Default::default() }).await
        }
        "block" => change(accounts::Change { blocked: Some(true), ..Default::default() }).await,
        "unblock" => change(accounts::Change { blocked: Some(false), ..Default::default() }).await,
        "delete" => accounts::delete(&state, by, &id).await,
        "reset" => {
            let (user, link) = accounts::reset(&state, by, &id).await?;
            let mut page = gather(&state, &request, &may).await?;
            page.link = Some((user.name, accounts::link_address(&origin::base(&request, &state.config), &link)));
            return Ok(frame::show(StatusCode::CREATED, &page.frame, &page));
        }
        _ => return Err(Problem::new(Code::NotFound, format!("{verb:?} cannot be done with an account"))),
    };
    let told = outcome.map_err(|problem| Problem { detail: reason(&problem, language), ..problem }).map(|user| {
        let (en, de) = match verb.as_str() {
            "role" => ("has another role now", "hat jetzt eine andere Rolle"),
            "block" => ("is blocked", "ist gesperrt"),
            "unblock" => ("is not blocked any more", "ist nicht mehr gesperrt"),
            _ => ("is removed", "ist entfernt"),
        };
        Notice::done(format!("{} {}.", user.name, language.pick(en, de)))
    });
    Ok(frame::back(HERE, told))
}
