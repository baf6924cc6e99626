//! What was chosen for a new job: filled in now, or remembered from the last time by a cookie.

use crate::{
    http::{auth::Access, form::Form, pages::options},
    jobs::CreateJob,
};
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const COOKIE: &str = "last_job";
/// Longest cookie that is believed, in bytes.
const MAX: usize = 3_000;

/// What the fields show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chosen {
    /// Whose choice it was: several people may share a browser.
    who: String,
    /// Mode; empty: as the drive is set.
    pub mode: String,
    /// Folder; empty: the output folder.
    pub output_path: String,
    /// Name of the image; never remembered.
    #[serde(skip)]
    pub filename: Option<String>,
    /// Never remembered.
    #[serde(skip)]
    pub priority: String,
    /// Options as the values of their fields.
    pub options: Map<String, Value>,
}

impl Chosen {
    /// As it was filled in, right or wrong.
    pub fn filled_in(request: &HttpRequest, form: &Form) -> Self {
        let text = |name| form.text(name).unwrap_or_default().to_owned();
        let options = options::filled_in(form);
        Self {
            who: who(request),
            mode: text("mode"),
            output_path: text("output_path"),
            filename: form.text("filename").map(str::to_owned),
            priority: text("priority"),
            options: options.into_iter().filter(|(_, value)| value.as_array().is_none_or(|list| !list.is_empty())).collect(),
        }
    }

    /// The last choice of whoever is signed in. Cookies can be forged by whoever has the browser, so it only fills fields in.
    pub fn remembered(request: &HttpRequest) -> Self {
        let cookie = request.cookie(COOKIE).filter(|cookie| cookie.value().len() <= MAX);
        let text = cookie.and_then(|cookie| {
            percent_encoding::percent_decode_str(cookie.value()).decode_utf8().ok().map(std::borrow::Cow::into_owned)
        });
        let found: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        found.filter(|found| found.who == who(request)).unwrap_or_default()
    }

    /// The cookie that remembers it; `None` if it would be too long.
    pub fn cookie(&self) -> Option<Cookie<'static>> {
        let text = serde_json::to_string(self).ok()?;
        let value = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let cookie = Cookie::build(COOKIE, value).path("/jobs").http_only(true).same_site(SameSite::Lax);
        let cookie = cookie.max_age(Duration::days(365)).finish();
        (cookie.value().len() <= MAX).then_some(cookie)
    }

    /// The job that it describes, without its options.
    pub fn request(&self, device: String) -> CreateJob {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        CreateJob {
            device,
            mode: filled(&self.mode),
            filename: self.filename.clone(),
            output_path: filled(&self.output_path),
            ..CreateJob::default()
        }
    }
}

fn who(request: &HttpRequest) -> String {
    Access::of(request).who().map(|who| who.name.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_last_choice_is_remembered_without_the_name() {
        let form = Form::parse(b"mode=rescue&filename=A&output_path=sub&priority=5&options.retries=7").expect("a form");
        let chosen = Chosen::filled_in(&TestRequest::default().to_http_request(), &form);
        let cookie = chosen.cookie().expect("short");
        let again = Chosen::remembered(&TestRequest::default().cookie(cookie).to_http_request());
        assert_eq!((again.mode.as_str(), again.output_path.as_str(), again.filename), ("rescue", "sub", None));
        assert_eq!((again.options, again.priority.as_str()), (chosen.options, ""));
        let forged = TestRequest::default().cookie(Cookie::new(COOKIE, "%7B%22who%22%3A%22root%22%7D")).to_http_request();
        assert_eq!(Chosen::remembered(&forged), Chosen::default(), "somebody else's");
        let broken = TestRequest::default().cookie(Cookie::new(COOKIE, "%ff{")).to_http_request();
        assert_eq!(Chosen::remembered(&broken), Chosen::default());
    }
}
