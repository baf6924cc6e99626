//! What every page has around its content: language, navigation, who is signed in, a notice. And the ways a request for a page
//! ends: a page, or a redirect that says on the next page what was done.

use super::{
    errors,
    places::{self, Entry},
};
use crate::{
    domain::access::{Permission, Principal},
    error::{Code, Problem},
    http::{assets, auth::Access, problem, words::Language, words::Role},
};
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::{StatusCode, header},
};
use askama::Template;
use serde::{Deserialize, Serialize};

/// Where in the navigation a page belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `/`
    Dashboard,
    /// `/drives`
    Drives,
    /// `/jobs`
    Jobs,
    /// `/library`
    Library,
    /// `/batches`
    Batches,
    /// `/system`
    System,
    /// `/settings`
    Settings,
    /// `/account`
    Account,
    /// Nowhere: signing in, setting up, errors.
    Outside,
}

/// What was done or was not possible, said on the next page that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// A sentence.
    pub text: String,
    /// Whether it is about something that was not possible.
    pub refused: bool,
    /// Address of a form that takes it back, below `/ui/`.
    #[serde(default)]
    pub undo: Option<String>,
    /// Code of the problem, so that it can be named in any language.
    #[serde(default)]
    pub code: Option<String>,
}

/// The cookie that carries a notice over a redirect.
const NOTICE: &str = "notice";
/// Longest cookie that is believed, in bytes.
const MAX_NOTICE: usize = 2048;

impl Notice {
    /// Something was done.
    pub fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), refused: false, undo: None, code: None }
    }

    /// Something was not possible.
    pub fn refused(problem: &Problem) -> Self {
        Self { text: problem.to_string(), refused: true, undo: None, code: Some(problem.code.as_str().to_owned()) }
    }

    /// With a form that takes it back.
    #[must_use]
    pub fn undo(mut self, url: impl Into<String>) -> Self {
        self.undo = Some(url.into());
        self
    }

    /// What the redirect before this page said. Cookies can be forged by whoever has this browser, so it is bounded and only text.
    fn of(request: &HttpRequest) -> Option<Self> {
        let cookie = request.cookie(NOTICE).filter(|cookie| cookie.value().len() <= MAX_NOTICE)?;
        let text = percent_encoding::percent_decode_str(cookie.value()).decode_utf8().ok()?;
        let notice: Self = serde_json::from_str(&text).ok()?;
        let undo = notice.undo.filter(|url| url.starts_with("/ui/") && !url.contains(['?', '#', '\\']));
        Some(Self { undo, ..notice })
    }
}

/// The frame of a page. Templates extend `base.html`, which reads the field `frame`.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Language of the page.
    pub language: Language,
    /// Title of the page, without the product's name.
    pub title: String,
    /// Place in the navigation.
    pub place: Place,
    /// Who is signed in.
    pub who: Option<Principal>,
    /// The hidden field `csrf` of every form.
    pub csrf: String,
    /// Path and query of this page: forms send people back here.
    pub here: String,
    /// What the request before did.
    pub notice: Option<Notice>,
    /// Seconds after which a page without a script loads itself again; 0: never.
    pub refresh: u32,
}

impl Frame {
    /// The frame of the page that answers this request.
    pub fn new(request: &HttpRequest, place: Place, title: impl Into<String>) -> Self {
        let access = Access::of(request);
        Self {
            language: Language::of(request),
            title: title.into(),
            place,
            who: access.who().cloned(),
            csrf: access.csrf().to_owned(),
            here: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            notice: Notice::of(request),
            refresh: 0,
        }
    }

    /// With a notice instead of what the request before left.
    #[must_use]
    pub fn with(mut self, notice: Option<Notice>) -> Self {
        self.notice = notice.or(self.notice);
        self
    }

    /// Loaded again after so many seconds where there is no script: for pages that show something that moves.
    #[must_use]
    pub fn refreshed(mut self, seconds: u32) -> Self {
        self.refresh = seconds;
        self
    }

    /// One of two texts, in this page's language.
    pub fn t<'a>(&self, en: &'a str, de: &'a str) -> &'a str {
        self.language.pick(en, de)
    }

    /// Whether whoever is signed in may work: decides which buttons are shown, never what is allowed.
    pub fn may_operate(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.may(Permission::Operate))
    }

    /// Whether whoever is signed in may decide.
    pub fn may_administer(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.may(Permission::Administer))
    }

    /// Colour role and symbol of the notice.
    pub fn notice_role(&self) -> Role {
        if self.notice.as_ref().is_some_and(|notice| notice.refused) { Role::Caution } else { Role::Good }
    }

    /// What the notice says, in the page's language as far as that is known, and then in the words of whoever refused.
    pub fn notice_text(&self) -> String {
        let Some(notice) = &self.notice else { return String::new() };
        let code = notice.code.as_deref().and_then(|word| Code::ALL.iter().find(|code| code.as_str() == word));
        match code {
            Some(code) if self.language == Language::De => format!("{} ({})", errors::title(*code, self.language), notice.text),
            _ => notice.text.clone(),
        }
    }

    /// The navigation.
    pub fn places(&self) -> Vec<Entry> {
        places::places(self.who.as_ref(), self.place, self.language)
    }

    /// Whether there is this address, and whoever is signed in may use it.
    pub fn may_use(&self, method: &'static str, path: &'static str) -> bool {
        places::may(self.who.as_ref(), method, path)
    }

    /// Address that chooses a language and comes back here.
    pub fn language_link(&self, tag: &str) -> String {
        let here = percent_encoding::utf8_percent_encode(&self.here, percent_encoding::NON_ALPHANUMERIC);
        format!("/language/{tag}?next={here}")
    }

    /// What the search box holds: what was searched for.
    pub fn search(&self) -> &str {
        if self.here.starts_with("/search") { &self.title } else { "" }
    }

    /// Address of an embedded file; empty if it was not built in.
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// Whether a script was built in.
    pub fn script(&self) -> bool {
        assets::has_script()
    }

    /// Version of the service.
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// A page; `frame` is the one that it was made with.
pub fn show(status: StatusCode, frame: &Frame, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => {
            let mut response = HttpResponse::build(status);
            response
                .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
                .insert_header((header::CONTENT_LANGUAGE, frame.language.tag()))
                .insert_header((header::VARY, "Accept-Language, Cookie"))
                .insert_header((header::CACHE_CONTROL, "no-store"));
            if frame.notice.is_some() {
                response.cookie(notice_cookie(String::new(), Duration::ZERO));
            }
            response.body(html)
        }
        Err(error) => problem::response(&Problem::new(Code::Internal, format!("the page cannot be written: {error}")), None),
    }
}

/// After a form: to the page `to`, which says the notice.
pub fn go(to: &str, notice: Option<Notice>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, local(to)));
    if let Some(text) = notice.and_then(|notice| serde_json::to_string(&notice).ok()) {
        let value = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        response.cookie(notice_cookie(value, Duration::minutes(1)));
    }
    response.finish()
}

/// After a form whose outcome is known: the notice for what was done, or why it was not possible.
pub fn back(to: &str, outcome: Result<Notice, Problem>) -> HttpResponse {
    go(to, Some(outcome.unwrap_or_else(|problem| Notice::refused(&problem))))
}

/// Only addresses of this service, never another host.
pub fn local(to: &str) -> &str {
    let plain = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n', '\t']) && to.len() <= 2048;
    if plain { to } else { "/" }
}

fn notice_cookie(value: String, age: Duration) -> Cookie<'static> {
    Cookie::build(NOTICE, value).path("/").http_only(true).same_site(SameSite::Lax).max_age(age).finish()
}
