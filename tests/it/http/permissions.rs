//! Every address × everybody who may ask. One table says who may; the handlers' types, the running service and this table agree.

use super::{access::Browser, support::open};
use crate::support::service::{ADMIN, Service};
use disk2iso::{domain::access::Permission, http::routes};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, sync::LazyLock};

/// Permission, method, address: below `/api/v1` (and `/api`), outside, pages.
static TABLE: LazyLock<String> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/http/permissions.txt");
    std::fs::read_to_string(file).expect("the table")
});

struct Row {
    permission: Permission,
    method: String,
    /// As it is asked for, with something in its holes.
    path: String,
    page: bool,
}

fn word(permission: Permission) -> String {
    permission.as_str().to_owned()
}

/// One line of the table for each method of each address.
fn registered() -> BTreeSet<String> {
    let tables = [("/api/v1", routes::api_entries()), ("", routes::outside_entries()), ("", routes::page_entries())];
    let line =
        |prefix: &str, entry: &routes::Entry| format!("{:10} {:6} {prefix}{}", word(entry.permission), entry.method, entry.path);
    tables.iter().flat_map(|(prefix, entries)| entries.iter().map(move |entry| line(prefix, entry))).collect()
}

fn rows() -> Vec<Row> {
    let row = |line: &'static str| {
        let [permission, method, path] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let all = [Permission::Open, Permission::Look, Permission::Operate, Permission::Administer];
        let permission = all.into_iter().find(|one| one.as_str() == permission).unwrap_or_else(|| panic!("{line}"));
        let holes = |part: &'static str| if part.starts_with('{') { "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44" } else { part };
        let page = routes::PAGES.iter().any(|(known, _)| *known == path);
        Row { permission, method: method.to_owned(), path: path.split('/').map(holes).collect::<Vec<_>>().join("/"), page }
    };
    TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row).collect()
}

/// What a request is answered with: its status and, if it was refused, the code.
fn answer(service: &Service, row: &Row, headers: &[(&str, &str)], csrf: &str) -> (u16, String) {
    let kind = if row.page { "application/x-www-form-urlencoded" } else { "application/json" };
    let mut all = vec![("content-type", kind), ("x-csrf-token", csrf)];
    all.extend(headers);
    let body = if (row.method.as_str(), row.path.as_str()) == ("POST", "/api/v1/tokens") {
        br#"{"name": "x", "scope": "read"}"#.to_vec()
    } else if row.page && row.method == "POST" {
        format!("csrf={csrf}").into_bytes()
    } else {
        Vec::new()
    };
    // Streams have no end, so only what was refused is read.
    let answer = open(service, &row.method, &row.path, &all, &body);
    let status = answer.status().as_u16();
    let code = if status < 400 { Value::Null } else { answer.json::<Value>().unwrap_or(Value::Null)["code"].clone() };
    (status, code.as_str().unwrap_or_default().to_owned())
}

const REFUSALS: [&str; 5] = ["sign_in_needed", "set_up_needed", "forbidden", "csrf_refused", "origin_refused"];

fn expect(who: &str, row: &Row, may: bool, found: &(u16, String), refused: (u16, &str)) {
    let (status, code) = (found.0, found.1.as_str());
    let good = if may { !REFUSALS.contains(&code) } else { (status, code) == refused };
    assert!(good, "{who}: {} {} → {status} {code:?}, allowed: {may}", row.method, row.path);
}

/// Ends sessions, so somebody else's is used for it.
fn ends(row: &Row) -> bool {
    row.path.ends_with("/logout")
        || (row.method == "DELETE" && (row.path.ends_with("/session") || row.path.ends_with("/sessions")))
}

#[test]
fn the_table_has_every_address_with_what_its_handler_needs() {
    let table: BTreeSet<String> =
        TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
    let registered = registered();
    let missing: Vec<_> = registered.difference(&table).cloned().collect();
    let wrong: Vec<_> = table.difference(&registered).cloned().collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "not in the table:\n{}\nonly in the table:\n{}",
        missing.join("\n"),
        wrong.join("\n")
    );
    // What changes something is never allowed to whoever may only look, but for the own account.
    for row in rows().iter().filter(|row| row.method != "GET" && row.permission < Permission::Operate) {
        let own = ["/session", "/tokens", "/account", "/login", "/logout", "/setup", "/invitation", "/ui/library/checksums"];
        assert!(own.iter().any(|part| row.path.contains(part)), "{} {}", row.method, row.path);
    }
}

#[test]
fn every_address_lets_in_whom_the_table_says_and_nobody_else() {
    let service = Service::builder().drives(0).set("DISK2ISO_SIGN_INS_PER_MINUTE", 0).auth().start();
    let people = [("viewer", Permission::Look), ("operator", Permission::Operate), ("admin", Permission::Administer)];
    for (role, _) in people {
        let made = service.command("/api/v1/users", &json!({ "name": role, "role": role, "password": ADMIN.1 }));
        assert_eq!((made["role"].as_str(), made["link"].as_str()), (Some(role), None));
    }
    let rows = rows();
    let mut tokens = Vec::new();
    for (role, most) in people {
        let mut browser = Browser::signed_in(&service, role, ADMIN.1);
        let token = browser.api("POST", "/api/v1/tokens", &json!({ "name": "all", "scope": "admin" })).json();
        tokens.push((role, most, token["token"].as_str().expect("token").to_owned()));
        for (row, end) in rows
            .iter()
            .filter(|row| !ends(row))
            .map(|row| (row, false))
            .chain(rows.iter().filter(|row| ends(row)).map(|row| (row, true)))
        {
            if end {
                browser = Browser::signed_in(&service, role, ADMIN.1);
            }
            let writes = row.method != "GET";
            let with = [("cookie", browser.cookie.as_str())];
            // Nobody's forms and scripts do anything without the session's token.
            for wrong in ["", "0000"].into_iter().filter(|_| writes && (row.page || row.permission <= most)) {
                let found = answer(&service, row, &with, wrong);
                expect(role, row, false, &found, if row.permission <= most { (403, "csrf_refused") } else { (403, "forbidden") });
            }
            let found = answer(&service, row, &with, &browser.csrf);
            expect(role, row, row.permission <= most, &found, (403, "forbidden"));
        }
    }
    for row in &rows {
        for (role, most, token) in &tokens {
            let bearer = format!("Bearer {token}");
            let found = answer(&service, row, &[("authorization", &bearer)], "");
            expect(&format!("token of {role}"), row, row.permission <= *most, &found, (403, "forbidden"));
        }
        let open = row.permission == Permission::Open;
        let nobody = [
            (vec![], "nobody"),
            (vec![("authorization", "Bearer d2i_wrong")], "wrong token"),
            (vec![("cookie", "disk2iso_session=a.b")], "wrong cookie"),
        ];
        for (headers, who) in nobody {
            expect(who, row, open, &answer(&service, row, &headers, ""), (401, "sign_in_needed"));
        }
    }
}

#[test]
fn a_tokens_scope_bounds_what_its_owner_may() {
    let service = Service::builder().drives(0).auth().start();
    for (scope, most) in [("read", Permission::Look), ("operate", Permission::Operate)] {
        let token = service.command("/api/v1/tokens", &json!({ "name": scope, "scope": scope }));
        let bearer = format!("Bearer {}", token["token"].as_str().expect("token"));
        for row in rows() {
            // The own account is nothing for tokens that may not do everything.
            let own =
                ["/session", "/tokens", "/account"].iter().any(|part| row.path.contains(part)) && row.path != "/api/v1/session";
            let may = row.permission <= most && !(own && row.permission != Permission::Open);
            if row.method == "DELETE" && row.path == "/api/v1/session" {
                continue;
            }
            expect(scope, &row, may, &answer(&service, &row, &[("authorization", &bearer)], ""), (403, "forbidden"));
        }
    }
}

#[test]
fn before_there_is_an_account_everything_but_the_assistant_is_closed() {
    let service = Service::builder().drives(0).start_without_account();
    for row in rows() {
        let open = row.permission == Permission::Open;
        expect("nobody yet", &row, open, &answer(&service, &row, &[], ""), (403, "set_up_needed"));
    }
}

#[test]
fn people_are_led_to_the_page_that_helps_them() {
    let html = [("accept", "text/html,application/xhtml+xml")];
    let service = Service::builder().drives(0).start_without_account();
    let led = open(&service, "GET", "/", &html, b"");
    assert_eq!((led.status().as_u16(), led.headers()["location"].to_str().expect("text")), (303, "/setup"));
    let service = Service::builder().drives(0).auth().start();
    service.command("/api/v1/users", &json!({ "name": "viewer", "role": "viewer", "password": ADMIN.1 }));
    for row in rows().iter().filter(|row| row.page && row.method == "GET" && row.permission > Permission::Open) {
        let led = open(&service, "GET", &row.path, &html, b"");
        let to = led.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(led.status().as_u16(), 303, "{}", row.path);
        assert!(to.starts_with("/login?next=%2F"), "{}: {to}", row.path);
    }
    let viewer = Browser::signed_in(&service, "viewer", ADMIN.1);
    for row in rows().iter().filter(|row| row.page && row.method == "GET" && row.permission > Permission::Look) {
        let refused = open(&service, "GET", &row.path, &[html[0], ("cookie", &viewer.cookie)], b"");
        assert_eq!(refused.status().as_u16(), 403, "{}", row.path);
        assert!(refused.text().expect("text").contains("<h1"), "{}", row.path);
    }
}
