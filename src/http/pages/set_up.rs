//! The pages behind one-time links: `/setup` makes the first account, `/invitation` chooses the password of one.

use super::{
    frame::{self, Frame, Notice, Place},
    reasons::reason,
    sign_in::enter,
};
use crate::{
    domain::access::MIN_PASSWORD,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Access, May, Open, accounts, set_up},
        form::Form,
        params::Params,
        words::Language,
    },
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

/// Where the first administrator goes on.
const ASSISTANT: &str = "/settings/welcome";

#[derive(Template)]
#[template(path = "setup.html")]
struct Page {
    frame: Frame,
    /// Of the link; none: the page only says where to find it.
    secret: Option<String>,
    /// Whether the first account is made.
    first: bool,
    name: String,
    /// What is wrong, and with which field.
    refused: Option<Problem>,
}

impl Page {
    fn new(request: &HttpRequest, first: bool) -> Self {
        let language = Language::of(request);
        let title =
            if first { language.pick("Set up", "Einrichten") } else { language.pick("Choose a password", "Passwort wählen") };
        Self { frame: Frame::new(request, Place::Outside, title), secret: None, first, name: String::new(), refused: None }
    }

    fn wrong(&self, field: &str) -> bool {
        self.refused.as_ref().is_some_and(|problem| problem.field.as_deref() == Some(field))
    }

    fn reason(&self) -> String {
        self.refused.as_ref().map(|problem| reason(problem, self.frame.language)).unwrap_or_default()
    }

    fn shortest(&self) -> usize {
        MIN_PASSWORD
    }

    fn show(&self) -> HttpResponse {
        let status = self.refused.as_ref().map_or(200, |problem| problem.code.status());
        frame::show(StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), &self.frame, self)
    }
}

/// The form for the first account; without the link's secret a page that says where the link is.
///
/// # Errors
/// Trouble with the database.
pub async fn form(
    _: May<Open>,
    state: Data<AppState>,
    request: HttpRequest,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    if !matches!(Access::of(&request), Access::SetUp) {
        return Ok(frame::go("/", None));
    }
    let mut page = Page::new(&request, true);
    if let Some(secret) = params.text("secret") {
        match set_up::check(&state, &secret).await {
            Ok(()) => page.secret = Some(secret),
            Err(problem) if problem.code == Code::LinkUsed => page.refused = Some(problem),
            Err(problem) => return Err(problem),
        }
    }
    Ok(page.show())
}

/// The two passwords are the same.
fn repeated(form: &Form) -> Result<&str, Problem> {
    let password = form.exact("password").unwrap_or_default();
    if form.exact("repeated").unwrap_or_default() == password {
        return Ok(password);
    }
    Err(Problem::field("repeated", "is not the same password"))
}

/// Makes the first account.
///
/// # Errors
/// Trouble with the database.
pub async fn create(_: May<Open>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    if !matches!(Access::of(&request), Access::SetUp) {
        return Ok(frame::go("/login", None));
    }
    let secret = form.text("secret").unwrap_or_default();
    let name = form.text("name").unwrap_or_default();
    let made = match repeated(&form) {
        Ok(password) => set_up::create(&state, &request, secret, name, password).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(cookie) => enter(ASSISTANT, &cookie),
        Err(problem) if matches!(problem.code, Code::InvalidField | Code::LinkUsed) => {
            let mut page = Page::new(&request, true);
            page.secret = (problem.code == Code::InvalidField).then(|| secret.to_owned());
            page.name = name.chars().take(200).collect();
            page.refused = Some(problem);
            Ok(page.show())
        }
        Err(problem) => Err(problem),
    }
}

/// The form that chooses a password.
///
/// # Errors
/// Trouble with the database.
pub async fn invitation(
    _: May<Open>,
    state: Data<AppState>,
    request: HttpRequest,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let secret = params.text("secret").unwrap_or_default();
    let mut page = Page::new(&request, false);
    match accounts::linked(&state, &secret).await {
        Ok(user) => (page.name, page.secret) = (user.name, Some(secret)),
        Err(problem) if problem.code == Code::LinkUsed => page.refused = Some(problem),
        Err(problem) => return Err(problem),
    }
    Ok(page.show())
}

/// Chooses a password; then people sign in with it.
///
/// # Errors
/// Trouble with the database.
pub async fn choose(_: May<Open>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    let secret = form.text("secret").unwrap_or_default();
    let chosen = match repeated(&form) {
        Ok(password) => accounts::choose_password(&state, secret, password).await,
        Err(problem) => Err(problem),
    };
    let mut page = Page::new(&request, false);
    let text = page.frame.t("The password is chosen. Sign in with it.", "Das Passwort ist gewählt. Jetzt damit anmelden.");
    match chosen {
        Ok(_) => return Ok(frame::go("/login", Some(Notice::done(text)))),
        Err(problem) if problem.code == Code::InvalidField => {
            page.name = accounts::linked(&state, secret).await?.name;
            page.secret = Some(secret.to_owned());
            page.refused = Some(problem);
        }
        Err(problem) if problem.code == Code::LinkUsed => page.refused = Some(problem),
        Err(problem) => return Err(problem),
    }
    Ok(page.show())
}
