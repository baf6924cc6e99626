//! Accounts from the outside: the first one, signing in and out, sessions, tokens, second step, what is told and what is not.
//!
//! Longer than other files: the stories share one browser and one set of words.

use super::support::{Answer, ask, one_image, settled};
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
        let shown = browser.get(&format!("/setup?secret={wrong}")).text();
        assert!(!shown.contains("<form method=\"post\" action=\"/setup\""), "{wrong}");
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
    let wrong = browser.form("/login", &[("name", "ada"), ("password", "a wrong passphrase")]);
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""));
    let nobody = browser.form("/login", &[("name", "nobody"), ("password", "a wrong passphrase")]);
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

/// A code of the app with this seed, so many steps from now.
fn code(seed: &str, steps: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(seed).expect("seed");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now").as_secs();
    totp_rs::Builder::new().with_secret(secret).build().expect("app").generate(now + 30 * steps).to_string()
}

#[test]
fn with_a_second_step_a_password_is_not_enough_and_no_code_works_twice() {
    let service = Service::builder().drives(0).auth().start();
    let mut browser = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    let page = browser.get("/account/second-step").text();
    let seed = between(&page, "name=\"seed\" value=\"", "\"").to_owned();
    assert!(page.contains("<svg class=\"qr\"") && !page.contains("style="), "{page}");
    let on = |browser: &mut Browser<'_>, code: &str, current: &str| {
        browser.form("/ui/account/second-step", &[("seed", &seed), ("code", code), ("current", current)])
    };
    assert_eq!(on(&mut browser, "000000", ADMIN.1).status, 422);
    assert_eq!(on(&mut browser, &code(&seed, 0), "a wrong passphrase").status, 422);
    let used = code(&seed, 0);
    let done = on(&mut browser, &used, ADMIN.1);
    assert_eq!(done.status, 200);
    let page = done.text();
    let codes: Vec<&str> = page.split("<li><code class=\"secret\">").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(codes.len(), 10);
    let ticket = || {
        let page = Browser::new(&service).form("/login", &[("name", ADMIN.0), ("password", ADMIN.1)]);
        assert_eq!((page.status, page.header("set-cookie")), (200, ""), "{}", page.text());
        between(&page.text(), "name=\"ticket\" value=\"", "\"").to_owned()
    };
    let enter = |ticket: &str, code: &str| Browser::new(&service).form("/login", &[("ticket", ticket), ("code", code)]).status;
    let first = ticket();
    assert_eq!(enter(&first, &used), 401, "used when it was switched on");
    // The code of the next half minute is good, too, so that no test waits for it.
    let next = code(&seed, 1);
    assert_eq!(enter(&first, &next), 303);
    assert_eq!(enter(&first, &next), 401, "a ticket is used up");
    let second = ticket();
    assert_eq!((enter(&second, &next), enter(&second, &codes[0].to_uppercase())), (401, 303));
    let third = ticket();
    assert_eq!((enter(&third, codes[0]), enter(&third, codes[1])), (401, 303), "a recovery code works once");
    assert_eq!(browser.form("/ui/account/second-step/off", &[("current", "a wrong passphrase")]).status, 422);
    assert_eq!(browser.form("/ui/account/second-step/off", &[("current", ADMIN.1)]).status, 303);
    Browser::signed_in(&service, ADMIN.0, ADMIN.1);
}

#[test]
fn wrong_passwords_make_everybody_wait_for_this_account_and_the_page_says_how_long() {
    let mut service = Service::builder().drives(0).auth().start();
    service.command("/api/v1/users", &json!({ "name": "grace", "role": "viewer", "password": ADMIN.1 }));
    let attempt = |service: &Service, name: &str, password: &str| {
        Browser::new(service).form("/login", &[("name", name), ("password", password)])
    };
    for name in [ADMIN.0, "nobody"] {
        let mut waits = 0;
        for _ in 0..8 {
            let answer = attempt(&service, name, "a wrong passphrase");
            if answer.status == 429 {
                waits += 1;
                let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
                assert!(seconds >= 1 && answer.text().contains(&format!("Try again in {seconds} s")), "{}", answer.text());
            }
        }
        assert!(waits > 0, "{name}");
    }
    // Even with the right password, while somebody else is let in.
    for _ in 0..12 {
        attempt(&service, ADMIN.0, "a wrong passphrase");
    }
    assert_eq!(
        (attempt(&service, "grace", ADMIN.1).status, service.get("/api/v1/session")["name"].as_str()),
        (303, Some(ADMIN.0))
    );
    let german = ask(
        &service,
        "POST",
        "/login",
        &[("content-type", "application/x-www-form-urlencoded"), ("accept-language", "de")],
        b"name=nobody&password=x",
    );
    assert!(german.status == 401 || german.text().contains("Nächster Versuch in"), "{}", german.text());
    let kinds = service.get("/api/v1/system/logs?kind=access.&limit=200");
    let kinds: Vec<&str> = kinds["items"].as_array().expect("items").iter().filter_map(|event| event["kind"].as_str()).collect();
    assert!(kinds.contains(&"access.sign_in_failed") && kinds.contains(&"access.locked"), "{kinds:?}");
    // A restart forgets the addresses, not the account.
    service
        .database
        .open()
        .write_blocking(|conn| {
            use disk2iso::storage::access::users;
            let user = users::by_name(conn, ADMIN.0)?.expect("account");
            users::update(conn, &users::User { locked_until: Some(user.created_at + chrono::TimeDelta::hours(1)), ..user })
        })
        .expect("stored");
    service.stop();
    service.restart();
    assert_eq!(attempt(&service, ADMIN.0, ADMIN.1).status, 429);
}

#[test]
fn a_password_is_changed_with_the_old_one_and_ends_all_other_sessions() {
    let service = Service::builder().drives(0).auth().start();
    let mut here = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    let mut there = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    let before = here.cookie.clone();
    let change = |browser: &mut Browser<'_>, current: &str, new: &str, repeated: &str| {
        browser.form("/ui/account/password", &[("current", current), ("password", new), ("repeated", repeated)])
    };
    for (current, new, repeated, field) in [
        ("a wrong passphrase", "another battery", "another battery", "current"),
        (ADMIN.1, "short", "short", "password"),
        (ADMIN.1, "another battery", "other battery", "repeated"),
    ] {
        let answer = change(&mut here, current, new, repeated);
        assert_eq!(answer.status, 422, "{field}");
        assert!(answer.text().contains(&format!("id=\"{field}-wrong\"")), "{field}");
    }
    assert_eq!(there.get("/account").status, 200);
    assert_eq!(change(&mut here, ADMIN.1, "another battery", "another battery").status, 303);
    assert_ne!(here.cookie, before, "the secret changed");
    assert_eq!((here.get("/account").status, there.get("/api/v1/session").status), (200, 401));
    assert_eq!(ask(&service, "GET", "/api/v1/session", &[("cookie", &before)], b"").status, 401);
    assert_eq!(Browser::new(&service).form("/login", &[("name", ADMIN.0), ("password", ADMIN.1)]).status, 401);
    Browser::signed_in(&service, ADMIN.0, "another battery");
}

#[test]
fn sessions_change_their_secret_and_end() {
    use disk2iso::storage::access::sessions::{self, Session};
    let service = Service::builder().drives(0).auth().start();
    let mut browser = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    let id = browser.get("/api/v1/session").json()["session_id"].as_str().expect("id").to_owned();
    let change = |with: &dyn Fn(Session) -> Session| {
        let write = service.database.open().write_blocking(|conn| {
            let session = sessions::get(conn, &id)?;
            sessions::update(conn, &with(session))
        });
        write.expect("stored");
    };
    let first = browser.cookie.clone();
    change(&|session| Session { rotated_at: session.rotated_at - chrono::TimeDelta::hours(2), ..session });
    assert_eq!(browser.get("/api/v1/session").status, 200);
    let second = browser.cookie.clone();
    assert_ne!(first, second, "a new secret came with the answer");
    let with = |cookie: &str| ask(&service, "GET", "/api/v1/session", &[("cookie", cookie)], b"");
    assert_eq!((with(&first).status, with(&second).status), (200, 200), "requests that were under way");
    change(&|session| Session { rotated_at: session.rotated_at - chrono::TimeDelta::minutes(2), ..session });
    assert_eq!((with(&second).status, with(&first).status), (200, 401), "the old one ends once the new one was seen");
    let list = browser.get("/api/v1/sessions").json();
    assert_eq!((list["items"].as_array().map(Vec::len), &list["items"][1]["current"]), (Some(2), &json!(false)));
    change(&|session| Session { expires_at: session.created_at, ..session });
    assert_eq!(with(&second).status, 401, "too old");
}

#[test]
fn people_are_invited_changed_blocked_and_removed_and_somebody_always_administers() {
    let service = Service::builder().drives(0).auth().start();
    let mut ada = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    let page = ada.form("/ui/users", &[("name", "Gräce <b>"), ("role", "operator")]);
    assert_eq!(page.status, 201, "{}", page.text());
    let link = between(&page.text(), "<code class=\"secret\">", "<").to_owned();
    assert!(link.starts_with(&service.url("/invitation?secret=")), "{link}");
    let secret = link.rsplit('=').next().expect("secret").to_owned();
    assert_eq!(ada.form("/ui/users", &[("name", "GRÄCE <B>"), ("role", "viewer")]).status, 409);
    assert!(!ada.get("/settings/users").text().contains(&secret), "shown once");
    let mut grace = Browser::new(&service);
    let page = grace.get(&format!("/invitation?secret={secret}")).text();
    assert!(page.contains("Gräce &#60;b&#62;"), "{page}");
    let choose = |secret: &str| {
        Browser::new(&service).form("/invitation", &[("secret", secret), ("password", ADMIN.1), ("repeated", ADMIN.1)])
    };
    assert_eq!((choose("x").status, choose(&secret).status, choose(&secret).status), (410, 303, 410));
    let mut grace = Browser::signed_in(&service, "gräce <b>", ADMIN.1);
    let who = grace.get("/api/v1/session").json();
    assert_eq!((who["role"].as_str(), grace.get("/settings/users").status), (Some("operator"), 403));
    let user = format!("/api/v1/users/{}", who["user_id"].as_str().expect("id"));
    assert_eq!(ada.api("PATCH", &user, &json!({ "role": "viewer" })).json()["role"], "viewer");
    let before = grace.cookie.clone();
    assert_eq!(grace.get("/api/v1/session").json()["role"], "viewer");
    assert_ne!(grace.cookie, before, "another role, another secret");
    assert_eq!(ada.api("PATCH", &user, &json!({ "blocked": true })).status, 200);
    assert_eq!(grace.get("/api/v1/session").status, 401);
    assert_eq!(Browser::new(&service).form("/login", &[("name", "gräce <b>"), ("password", ADMIN.1)]).status, 401);
    let own = format!("/api/v1/users/{}", ada.get("/api/v1/session").json()["user_id"].as_str().expect("id"));
    for (method, body) in [("PATCH", json!({ "role": "viewer" })), ("PATCH", json!({ "blocked": true })), ("DELETE", Value::Null)]
    {
        let answer = ada.api(method, &own, &body);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (409, Some("last_admin")), "{method} {body}");
    }
    assert_eq!((ada.api("DELETE", &user, &Value::Null).status, ada.api("DELETE", &user, &Value::Null).status), (204, 404));
}

#[test]
fn a_proxy_is_believed_only_if_it_is_on_the_list_and_only_about_accounts_that_exist() {
    let behind = |proxies: &str| {
        Service::builder().drives(0).set("DISK2ISO_PROXIES", proxies).set("DISK2ISO_PROXY_HEADER", "Remote-User").auth().start()
    };
    let service = behind("10.0.0.0/8,127.0.0.1");
    let ask_as = |name: &str, method: &str, csrf: &str| {
        let headers = [("remote-user", name), ("x-csrf-token", csrf), ("content-type", "application/json")];
        ask(
            &service,
            method,
            if method == "GET" { "/api/v1/session" } else { "/api/v1/tokens" },
            &headers,
            br#"{"name": "x", "scope": "read"}"#,
        )
    };
    let who = ask_as("ADA", "GET", "").json();
    assert_eq!((who["means"].as_str(), who["role"].as_str()), (Some("proxy"), Some("admin")));
    let csrf = who["csrf"].as_str().expect("csrf").to_owned();
    assert_eq!((ask_as("nobody", "GET", "").status, ask_as("nobody", "POST", &csrf).status), (401, 401));
    assert_eq!(
        (ask_as("ada", "POST", "").status, ask_as("ada", "POST", "x").status, ask_as("ada", "POST", &csrf).status),
        (403, 403, 201)
    );
    let secure = ask(
        &service,
        "POST",
        "/login",
        &[("x-forwarded-proto", "https"), ("content-type", "application/x-www-form-urlencoded")],
        format!("name={}&password={}", ADMIN.0, ADMIN.1.replace(' ', "+")).as_bytes(),
    );
    let cookie = secure.header("set-cookie");
    assert!(cookie.starts_with("__Host-disk2iso_session=") && cookie.contains("; Secure"), "{cookie}");
    let service = behind("192.0.2.1");
    let forged = ask(&service, "GET", "/api/v1/session", &[("remote-user", "ada")], b"");
    assert_eq!(forged.status, 401);
}

#[test]
fn who_listens_everywhere_is_reached_by_address_and_by_its_names_and_by_no_other() {
    let service = Service::builder().drives(0).set("DISK2ISO_HOSTS", "discs.example.org").everywhere().auth().start();
    for (host, status) in [
        ("discs.example.org", 200),
        ("discs.example.org:8443", 200),
        ("192.0.2.7:8080", 200),
        ("0.0.0.0", 200),
        ("[::1]", 200),
        ("localhost", 200),
        ("evil.example", 403),
        ("discs.example.org.evil.example", 403),
    ] {
        assert_eq!(ask(&service, "GET", "/login", &[("host", host)], b"").status, status, "{host}");
    }
}

#[test]
fn live_connections_end_with_the_session_and_do_not_tell_what_others_did() {
    use std::io::{BufRead as _, BufReader};
    let service = Service::builder().drives(0).auth().start();
    service.command("/api/v1/users", &json!({ "name": "grace", "role": "viewer", "password": ADMIN.1 }));
    let mut grace = Browser::signed_in(&service, "grace", ADMIN.1);
    let stream = super::support::open(&service, "GET", "/events/system?since=0", &[("cookie", &grace.cookie)], b"");
    assert_eq!(stream.status().as_u16(), 200);
    let mut lines = BufReader::new(stream).lines();
    service.command("/api/v1/tokens", &json!({ "name": "noise", "scope": "read" }));
    assert_eq!(grace.form("/logout", &[]).status, 303);
    let said: Vec<String> = lines.by_ref().map_while(Result::ok).collect();
    assert!(said.iter().any(|line| line == "event: goodbye"), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("access.")), "{said:?}");
    let mut grace = Browser::signed_in(&service, "grace", ADMIN.1);
    for path in ["/api/v1/events?limit=200", "/api/v1/events?kind=access.", "/api/v1/system/logs?limit=200"] {
        assert!(!grace.get(path).text().contains("access."), "{path}");
        assert!(service.get(path).to_string().contains("access."), "{path}");
    }
    let writes = service.get("/api/v1/system/logs?kind=access.write&limit=200");
    let write = writes["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|event| event["payload"]["path"] == "/api/v1/users")
        .expect("noted");
    assert_eq!((&write["payload"]["name"], &write["payload"]["status"]), (&json!(ADMIN.0), &json!(201)));
}

#[test]
fn no_secret_is_in_a_log_an_event_or_an_error() {
    let mut service = Service::builder().drives(0).set("DISK2ISO_LOG_LEVEL", "trace").auth().start();
    let mut secrets = vec![service.token.clone(), ADMIN.1.to_owned(), "a wrong passphrase".to_owned()];
    let mut ada = Browser::signed_in(&service, ADMIN.0, ADMIN.1);
    secrets.push(ada.cookie.split_once('.').expect("secret").1.to_owned());
    let csrf = ada.csrf.clone();
    secrets.push(csrf.clone());
    Browser::new(&service).form("/login", &[("name", "typed a secret here"), ("password", "a wrong passphrase")]);
    secrets.push("typed a secret here".to_owned());
    let made = ada.api("POST", "/api/v1/users", &json!({ "name": "grace", "role": "viewer" })).json();
    let link = made["link"].as_str().expect("link").rsplit('=').next().expect("secret").to_owned();
    Browser::new(&service)
        .form("/invitation", &[("secret", &link), ("password", "graces password"), ("repeated", "graces password")]);
    secrets.extend([link.clone(), "graces password".to_owned()]);
    let seed = between(&ada.get("/account/second-step").text(), "name=\"seed\" value=\"", "\"").to_owned();
    let on = ada.form("/ui/account/second-step", &[("seed", &seed), ("code", &code(&seed, 0)), ("current", ADMIN.1)]).text();
    secrets.extend([seed.clone(), between(&on, "<li><code class=\"secret\">", "<").to_owned()]);
    let bad = ada.api("POST", "/api/v1/users", &json!({ "name": "x", "role": "graces password", "password": "short secret" }));
    assert!(bad.status == 422 && !bad.text().contains("short secret"));
    secrets.push("short secret".to_owned());
    let events = service.get("/api/v1/system/logs?limit=200").to_string();
    let everything = [
        service.get("/api/v1/system/config").to_string(),
        service.get("/api/v1/users").to_string(),
        service.get("/api/v1/tokens").to_string(),
        events,
    ];
    service.stop();
    let log = std::fs::read_to_string(service.folder.path().join("log")).expect("log");
    let log: String = log.lines().filter(|line| !line.contains("/setup?secret=")).collect();
    let file = service.database.url.trim_start_matches("sqlite://").to_owned();
    let read = |end: &str| std::fs::read(format!("{file}{end}")).unwrap_or_default();
    let stored = [read(""), read("-wal")].concat();
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "in the log: {secret}");
        assert!(everything.iter().all(|text| !text.contains(secret.as_str())), "told: {secret}");
        // The seed and the session's form token are needed as they are; they open nothing alone.
        let kept = *secret == seed || *secret == csrf;
        assert_eq!(stored.windows(secret.len()).any(|window| window == secret.as_bytes()), kept, "stored: {secret}");
    }
}

#[test]
fn the_command_line_lets_in_who_is_locked_out() {
    use std::{io::Write as _, process::Stdio};
    let service = Service::builder().drives(0).auth().start();
    let run = |arguments: &[&str], input: &str| {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_disk2iso"))
            .arg("user")
            .args(arguments)
            .env("DISK2ISO_STATE_DIR", service.folder.path().join("state"))
            .env("DISK2ISO_DATABASE_URL", &service.database.url)
            .env("DISK2ISO_HOSTS", "discs.example.org")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        child.stdin.take().expect("input").write_all(input.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("ended");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, out, _) = run(&["add", "grace", "--role", "operator"], "");
    assert!(code == Some(0) && out.contains("http://discs.example.org"), "{out}");
    let secret = out.trim().rsplit('=').next().expect("secret").to_owned();
    assert_eq!(
        Browser::new(&service).form("/invitation", &[("secret", &secret), ("password", ADMIN.1), ("repeated", ADMIN.1)]).status,
        303
    );
    assert_eq!(Browser::signed_in(&service, "grace", ADMIN.1).get("/api/v1/session").json()["role"], "operator");
    assert_eq!(run(&["password", "Ada", "--password-stdin"], "a new long password\n").0, Some(0));
    Browser::signed_in(&service, ADMIN.0, "a new long password");
    let (_, out, _) = run(&["list"], "");
    assert!(out.contains("admin     Ada  (active)") && out.contains("operator  grace"), "{out}");
    for (arguments, part) in
        [(&["add", "ADA"][..], "already"), (&["password", "nobody"], "no account"), (&["add", "a:b"], "colon")]
    {
        let (code, _, err) = run(arguments, "");
        assert!(code == Some(1) && err.contains(part) && err.lines().count() == 1, "{err}");
    }
}

#[test]
fn an_image_says_whose_work_it_is() {
    let service = settled(Service::builder().auth());
    let (image, _) = one_image(&service, "WHOSE");
    let image = service.get(&format!("/api/v1/isos/{}", image["id"].as_str().expect("id")));
    assert_eq!(image["provenance"]["operator"], ADMIN.0, "{image}");
}
