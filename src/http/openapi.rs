//! The OpenAPI document, made from the handlers.

use super::{
    api,
    auth::{May, Open},
    problem::ProblemDocument,
    sse, ws,
};
use actix_web::web;
use utoipa::{OpenApi, openapi::path::PathItem};

/// Every documented operation.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "disk2iso",
        description = "Turns optical discs into verified, catalogued images. Every address below `/api/v1` answers under `/api` too. \
                       Every GET also answers HEAD. Errors are problem documents (RFC 9457) with a stable `code`. Times are RFC 3339 in UTC. \
                       Requests must name this machine in `Host`, and what changes something must not come from another origin (`origin_refused`).",
        license(name = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "This service")),
    tags(
        (name = "disks", description = "Drives and what lies in them"),
        (name = "jobs", description = "What is being done, what waits, what was done"),
        (name = "isos", description = "The catalogue of images"),
        (name = "events", description = "The log as it grows"),
        (name = "system", description = "The machine and the settings"),
        (name = "health", description = "For machines that watch over the service"),
    ),
    paths(
        api::disks::list, api::disks::get, api::disks::change, api::disks::statistics, api::disks::eject, api::disks::insert, api::disks::close,
        api::jobs::list, api::jobs::create, api::jobs::get, api::jobs::change, api::jobs::delete,
        api::jobs::pause, api::jobs::resume, api::jobs::retry, api::jobs::cancel,
        api::jobs::go_on, api::jobs::decision, api::jobs::scan, api::maps::job, api::maps::damage,
        api::isos::list, api::isos::get, api::isos::change, api::isos::delete, api::isos::restore, api::isos::verify, api::download::download,
        api::system::status, api::system::logs, api::config::get, api::config::put,
        api::events::list, sse::job, sse::system, ws::connect, serve,
        api::health::live, api::health::ready, api::health::metrics,
    ),
    components(schemas(ProblemDocument))
)]
struct Document;

/// The live channels answer at the addresses of the original plan, too.
const ALIASES: [&str; 4] = ["/events/jobs/{uuid}", "/events/system", "/ws", "/openapi.json"];

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    for (path, item) in &mut document.paths.paths {
        name(path, item);
    }
    for alias in ALIASES {
        let Some(mut item) = document.paths.paths.get(&format!("/api/v1{alias}")).cloned() else { continue };
        name(alias, &mut item);
        document.paths.paths.insert(alias.to_owned(), item);
    }
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
pub async fn serve(_: May<Open>) -> web::Json<utoipa::openapi::OpenApi> {
    web::Json(document())
}
