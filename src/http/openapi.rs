//! The OpenAPI document, made from the handlers.
//!
//! A handler documents what is its own. What all have in common (who may, what can always be refused) is added by `common`, what
//! the checked tables of words say by `exact`. `web/openapi.json` is a copy for the front end's types; `make api` renews it.

use super::{
    api,
    auth::{May, Open},
    problem::ProblemDocument,
    sse, ws,
};
use actix_web::web;
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::{OpenApi, openapi::path::PathItem};

mod common;
mod exact;

/// Every documented operation.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "disk2iso",
        description = "Turns optical discs into verified, catalogued images. Every address below `/api/v1` answers under `/api` too. \
                       Every GET also answers HEAD. Errors are problem documents (RFC 9457) with a stable `code`. Times are RFC 3339 in UTC. \
                       Requests must name this machine in `Host`, and what changes something must not come from another origin (`origin_refused`). \
                       With a session's cookie, what changes something also needs the session's token in `X-CSRF-Token`; with an API token it does not. \
                       A method that an address does not know is 405 with `Allow`.",
        license(name = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "This service")),
    tags(
        (name = "disks", description = "Drives and what lies in them"),
        (name = "jobs", description = "What is being done, what waits, what was done"),
        (name = "isos", description = "The catalogue of images"),
        (name = "batches", description = "Stacks of discs with shelf marks"),
        (name = "events", description = "The log as it grows"),
        (name = "system", description = "The machine and the settings"),
        (name = "access", description = "Who may use the service: accounts, sessions, tokens"),
        (name = "health", description = "For machines that watch over the service"),
    ),
    paths(
        api::disks::list,
        api::disks::get,
        api::disks::change,
        api::disks::statistics,
        api::disks::eject,
        api::disks::insert,
        api::disks::close,
        api::jobs::list,
        api::jobs::create,
        api::jobs::get,
        api::jobs::change,
        api::jobs::delete,
        api::jobs::pause,
        api::jobs::resume,
        api::jobs::retry,
        api::jobs::cancel,
        api::jobs::go_on,
        api::jobs::decision,
        api::jobs::scan,
        api::jobs::speed,
        api::jobs::check_name,
        api::maps::job,
        api::maps::damage,
        api::queue::put,
        api::queue::bulk,
        api::queue::restore,
        api::isos::list,
        api::isos::get,
        api::isos::change,
        api::isos::delete,
        api::isos::restore,
        api::isos::verify,
        api::download::download,
        api::batches::list,
        api::batches::create,
        api::batches::get,
        api::system::status,
        api::system::history,
        api::system::logs,
        api::config::get,
        api::config::put,
        api::config::export,
        api::config::import,
        api::events::list,
        sse::job,
        sse::system,
        ws::connect,
        serve,
        api::health::live,
        api::health::ready,
        api::health::metrics,
        api::pictures::job,
        api::pictures::job_sectors,
        api::pictures::image,
        api::pictures::image_sectors,
        api::doctor::doctor,
        api::diagnostics::diagnostics,
        api::session::get,
        api::session::end,
        api::session::list,
        api::session::end_others,
        api::session::one,
        api::session::revoke,
        api::tokens::list,
        api::tokens::create,
        api::tokens::revoke,
        api::users::list,
        api::users::create,
        api::users::get,
        api::users::change,
        api::users::delete,
    ),
    components(schemas(ProblemDocument))
)]
struct Document;

/// The live channels answer at the addresses of the original plan, too.
const ALIASES: [&str; 4] = ["/events/jobs/{uuid}", "/events/system", "/ws", "/openapi.json"];

static DOCUMENT: LazyLock<Value> = LazyLock::new(make);

/// The document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

fn make() -> Value {
    let mut document = Document::openapi();
    for (path, item) in &mut document.paths.paths {
        name(path, item);
    }
    for alias in ALIASES {
        let Some(mut item) = document.paths.paths.get(&format!("/api/v1{alias}")).cloned() else { continue };
        name(alias, &mut item);
        document.paths.paths.insert(alias.to_owned(), item);
    }
    // What every operation has in common is said in one place and put into the finished document.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    exact::apply(&mut document);
    common::apply(&mut document);
    document
}

/// Handlers are called alike in every file; an operation's id must be unique.
fn name(path: &str, item: &mut PathItem) {
    let words: Vec<_> = path.trim_start_matches("/api/v1").split(['/', '{', '}', '.']).filter(|word| !word.is_empty()).collect();
    let operations = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    let scope = if path.starts_with("/api/v1") { "" } else { "root_" };
    for (method, operation) in operations {
        if let Some(operation) = operation {
            operation.operation_id = Some(format!("{scope}{method}_{}", words.join("_")));
        }
    }
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "system", responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub async fn serve(_: May<Open>) -> web::Json<&'static Value> {
    web::Json(document())
}
