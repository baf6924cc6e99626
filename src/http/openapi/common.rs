//! What every operation has in common: how to show who one is, who may, and what can always be refused.

use crate::{domain::access::Permission, error::Code, http::problem::MEDIA_TYPE, http::routes};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Name of the component, status, codes, what it means.
type Answer = (&'static str, u16, &'static [Code], &'static str);

/// Answers that several operations have.
const ANSWERS: &[Answer] = &[
    (
        "BadRequest",
        400,
        &[Code::InvalidQuery, Code::BadJson],
        "A parameter that is not known or not allowed, or a body that is no JSON",
    ),
    ("SignInNeeded", 401, &[Code::SignInNeeded], "Nobody is signed in, or the token is not, or no longer, good"),
    (
        "Forbidden",
        403,
        &[Code::Forbidden, Code::CsrfRefused, Code::OriginRefused, Code::SetUpNeeded],
        "Not with this account or token, not from this origin, or not before the service is set up",
    ),
    ("NotFound", 404, &[Code::NotFound], "There is nothing under this address"),
    ("TooSlow", 408, &[Code::TooSlow], "The body took too long to arrive"),
    ("TooLarge", 413, &[Code::TooLarge], "The body is too large"),
    ("AddressTooLong", 414, &[Code::AddressTooLong], "The address is too long"),
    ("UnsupportedMedia", 415, &[Code::UnsupportedMedia], "The body is of another kind"),
    ("InvalidField", 422, &[Code::InvalidField], "A field has a value that is not allowed"),
    ("RateLimited", 429, &[Code::RateLimited], "Too many requests; try again after the seconds in `Retry-After`"),
    ("HeadersTooLarge", 431, &[Code::HeadersTooLarge], "The headers are too large"),
    ("Internal", 500, &[Code::Internal], "Something went wrong inside the service; its log says what"),
    ("Unavailable", 503, &[Code::Unavailable], "A part of the service is not available at the moment"),
];

/// Puts them in.
pub fn apply(document: &mut Value) {
    let permissions = permissions();
    document["components"]["responses"] = ANSWERS.iter().map(answer).collect();
    document["components"]["securitySchemes"] = schemes();
    for (path, method, operation) in operations(document) {
        let permission = permissions.get(&(path.clone(), method)).copied();
        complete(&path, permission.unwrap_or(Permission::Administer), operation);
    }
}

/// Every operation with its path and method.
pub(super) fn operations(document: &mut Value) -> Vec<(String, String, &mut Map<String, Value>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut().filter(|operation| operation.contains_key("responses")) {
                found.push((path.clone(), method.clone(), operation));
            }
        }
    }
    found
}

/// Read off the handlers' types.
fn permissions() -> BTreeMap<(String, String), Permission> {
    let entry = |prefix: &'static str| {
        move |entry: routes::Entry| ((format!("{prefix}{}", entry.path), entry.method.to_lowercase()), entry.permission)
    };
    routes::api_entries().into_iter().map(entry("/api/v1")).chain(routes::outside_entries().into_iter().map(entry(""))).collect()
}

fn answer((name, status, codes, text): &Answer) -> (String, Value) {
    let words: Vec<_> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let example = |code: &Code| {
        let document = json!({
            "type": format!("urn:disk2iso:problem:{}", code.as_str()), "title": code.title(), "status": code.status(),
            "detail": text, "code": code.as_str(), "class": crate::http::problem::class_word(code.class()),
        });
        (code.as_str().to_owned(), json!({ "value": document }))
    };
    let examples: Map<_, _> = codes.iter().map(example).collect();
    let mut answer = json!({
        "description": format!("{}: {text}", words.join(", ")),
        "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/ProblemDocument" }, "examples": examples } },
    });
    if matches!(status, 429 | 503) {
        let seconds = json!({ "description": "Seconds after which it is worth trying again", "schema": { "type": "integer", "minimum": 0 } });
        answer["headers"] = json!({ "Retry-After": seconds });
    }
    ((*name).to_owned(), answer)
}

fn schemes() -> Value {
    json!({
        "session": {
            "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
            "description": "A browser's session. What changes something also needs the session's token in `X-CSRF-Token`.",
        },
        "token": {
            "type": "http", "scheme": "bearer",
            "description": "An API token, `Authorization: Bearer …`. Its scope bounds what it may: `read`, `operate` or `admin`.",
        },
    })
}

/// The cookie of a session.
const SESSION_COOKIE: &str = "disk2iso_session";

fn complete(path: &str, permission: Permission, operation: &mut Map<String, Value>) {
    let open = permission == Permission::Open;
    operation.insert("security".to_owned(), if open { json!([]) } else { json!([{ "session": [] }, { "token": [] }]) });
    operation.insert("x-permission".to_owned(), json!(permission.as_str()));
    let body = operation.contains_key("requestBody");
    let watched = path.starts_with("/health/");
    let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (name, status, ..) in ANSWERS {
        let possible = match status {
            401 => !open,
            404 => path.contains('{'),
            408 | 413 | 415 | 422 => body,
            429 => !watched,
            _ => true,
        };
        if possible {
            let reference = || json!({ "$ref": format!("#/components/responses/{name}") });
            answers.entry(status.to_string()).or_insert_with(reference);
        }
    }
}
