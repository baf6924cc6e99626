//! Accounts from the outside: the first one, signing in and out, sessions, tokens, second step, what is told and what is not.

use super::support::{Answer, ask};
use crate::support::service::{ADMIN, Service};
use serde_json::{Value, json};

/// A browser: a cookie and the token of its forms.
pub struct Browser<'a> {
    service: &'a Service,
    pub cookie: String,
    pub csrf: String,
}

impl<'a> Browser<'a> {
    pub fn new(service: &'a Service) -> Self {
        Self { service, cookie: String::new(), csrf: String::new() }
    }

    /// Signed in as somebody.
    pub fn signed_in(service: &'a Service, name: &str, password: &str) -> Self {
        let mut browser = Self::new(service);
        let answer = browser.form("/login", &[("name", name), ("password", password)]);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Posts a form with the session's token.
    pub fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        self.form_with(path, &csrf, fields)
    }

    pub fn form_with(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)]) -> Answer {
        let escape = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let all = fields.iter().copied().chain([("csrf", csrf)]);
        let body = all.map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&");
        self.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], body.as_bytes())
    }

    /// A request of the page's script.
    pub fn api(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let csrf = self.csrf.clone();
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(method, path, &[("content-type", "application/json"), ("x-csrf-token", &csrf)], &body)
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let cookie = self.cookie.clone();
        let mut all = headers.to_vec();
        if !cookie.is_empty() {
            all.push(("cookie", &cookie));
        }
        let answer = ask(self.service, method, path, &all, body);
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().expect("text");
            if set.starts_with("disk2iso_session=") {
                self.cookie = set.split(';').next().expect("value").to_owned();
                let who = ask(self.service, "GET", "/api/v1/session", &[("cookie", &self.cookie)], b"").json();
                self.csrf = who["csrf"].as_str().unwrap_or_default().to_owned();
            }
        }
        answer
    }
}

/// The text between two others in a page.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before)
        .and_then(|(_, rest)| rest.split_once(after))
        .map(|(found, _)| found)
        .unwrap_or_else(|| panic!("{before}: {text}"))
}

#[test]
fn until_there_is_an_account_only_the_assistant_answers_and_its_link_works_once() {
    let mut service = Service::builder().drives(0).start_without_account();
    let refused = ask(&service, "GET", "/api/v1/jobs", &[], b"");
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("set_up_needed")));
    assert_eq!(ask(&service, "GET", "/api/v1/jobs", &[("authorization", "Bearer d2i_x")], b"").status, 403);
    let old = service.set_up_secret();
    service.stop();
    service.restart();
    let secret = service.set_up_secret();
    assert_ne!(old, secret, "each start has its own");
    let mut browser = Browser::new(&service);
    let form = |secret: &str, name: &str, password: &str, repeated: &str| {
        Browser::new(&service)
            .form("/setup", &[("secret", secret), ("name", name), ("password", password), ("repeated", repeated)])
    };
    for wrong in [old.as_str(), "", "x"] {
        assert_eq!(
            browser.get(&format!("/setup?secret={wrong}")).text().contains("<form method=\"post\" action=\"/setup\""),
            false
        );
        assert_eq!(form(wrong, "Eve", ADMIN.1, ADMIN.1).status, 410, "{wrong}");
    }
    assert_eq!(browser.get("/login").header("location"), "/setup");
    for (name, password, repeated, field) in
        [("", ADMIN.1, ADMIN.1, "name"), ("Ada", "short", "short", "password"), ("Ada", ADMIN.1, "another one", "repeated")]
    {
        let answer = form(&secret, name, password, repeated);
        assert_eq!(answer.status, 422, "{field}");
        assert!(answer.text().contains("is-invalid"), "{field}");
    }
    let page = browser.get(&format!("/setup?secret={secret}"));
    assert!(page.status == 200 && page.text().contains("<form method=\"post\" action=\"/setup\""), "{}", page.text());
    let answer = browser.form("/setup", &[("secret", &secret), ("name", "Ada"), ("password", ADMIN.1), ("repeated", ADMIN.1)]);
    assert_eq!((answer.status, answer.header("location")), (303, "/settings/welcome"));
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert_eq!(browser.get("/api/v1/session").json()["role"], "admin");
    assert_eq!(form(&secret, "Eve", ADMIN.1, ADMIN.1).status, 303, "to the sign-in: it is set up");
    assert_eq!(browser.get("/api/v1/users").json()["items"].as_array().map(Vec::len), Some(1));
    service.stop();
    service.restart();
    assert_eq!(service.set_up_secret(), secret, "no other link is printed");
}

#[test]
fn signing_in_takes_the_right_password_and_out_ends_the_session_for_good() {
    let service = Service::builder().drives(0).auth().start();
    let mut browser = Browser::new(&service);
    let page = browser.get("/login?next=%2Fjobs%3Fq%3D1").text();
    assert!(page.contains("name=\"next\" value=\"/jobs?q=1\"") && page.contains("autocomplete=\"current-password\""), "{page}");
    let wrong = browser.form("/login", &[("name", "ada"), ("password", "wrong password")]);
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""));
    let nobody = browser.form("/login", &[("name", "nobody"), ("password", "wrong password")]);
    assert_eq!(wrong.text().replace("\"ada\"", "\"nobody\""), nobody.text(), "the same words for a name that is none");
    for (next, leads) in [("/jobs?q=1", "/jobs?q=1"), ("//evil.example", "/"), ("https://evil.example", "/"), ("", "/")] {
        let answer = Browser::new(&service).form("/login", &[("name", " ADA "), ("password", ADMIN.1), ("next", next)]);
        assert_eq!((answer.status, answer.header("location")), (303, leads), "{next}");
    }
    let mut browser = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    let (stolen, csrf) = (browser.cookie.clone(), browser.csrf.clone());
    assert_eq!(browser.get("/api/v1/jobs").status, 200);
    assert_eq!(browser.form_with("/logout", "wrong", &[]).status, 403);
    let out = browser.form("/logout", &[]);
    assert_eq!((out.status, out.header("location")), (303, "/login"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let mut thief = Browser { service: &service, cookie: stolen, csrf };
    let answer = thief.get("/api/v1/jobs");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("sign_in_needed")));
    for bad in ["disk2iso_session=x", "disk2iso_session=x.y", "disk2iso_session=."] {
        assert_eq!(ask(&service, "GET", "/api/v1/jobs", &[("cookie", bad)], b"").status, 401, "{bad}");
    }
}

#[test]
fn a_session_has_to_show_its_token_to_change_anything_and_an_api_token_has_not() {
    let service = Service::builder().drives(0).auth().start();
    let mut browser = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    let body = json!({ "name": "x", "scope": "read" }).to_string();
    for headers in [vec![], vec![("x-csrf-token", "wrong")], vec![("x-csrf-token", "")]] {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        let answer = browser.send("POST", "/api/v1/tokens", &all, body.as_bytes());
        assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("csrf_refused")), "{all:?}");
    }
    let made = browser.api("POST", "/api/v1/tokens", &json!({ "name": "x", "scope": "read", "expires_in_days": 1 }));
    assert_eq!(made.status, 201);
    let (made, token) = (made.json(), made.json()["token"].as_str().expect("token").to_owned());
    assert!(token.starts_with("d2i_") && token.len() == 68);
    let bearer = format!("Bearer {token}");
    let with = |method: &str, path: &str| ask(&service, method, path, &[("authorization", &bearer)], b"");
    assert_eq!((with("GET", "/api/v1/jobs").status, with("POST", "/api/v1/jobs").status), (200, 403));
    assert_eq!(with("GET", "/api/v1/tokens").status, 403, "a token does not make others");
    assert!(!browser.get("/api/v1/tokens").text().contains(&token), "shown once");
    for bad in ["Bearer d2i_wrong", "Bearer", "Basic YTpi", "d2i_x", ""] {
        assert_eq!(ask(&service, "GET", "/api/v1/jobs", &[("authorization", bad)], b"").status, 401, "{bad}");
    }
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().expect("id"));
    assert_eq!(browser.api("DELETE", &path, &Value::Null).status, 204);
    assert_eq!((with("GET", "/api/v1/jobs").status, browser.api("DELETE", &path, &Value::Null).status), (401, 404));
}
