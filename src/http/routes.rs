//! Every URL of the service, on one page.
//!
//! The API answers under `/api/v1` and, with the same handlers, under `/api`. Every GET also answers HEAD. A known path with
//! another method is 405 with `Allow`, an unknown path 404. `tests/it/http.rs` holds this table against the OpenAPI document.

use super::{api, assets, auth, openapi, pages, problem, sse, ws};
use crate::{
    domain::access::Permission,
    error::{Code, Problem},
};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, Route, guard, http::Method, http::header, web};

/// One address: its path and its methods.
pub type Address = (&'static str, &'static [&'static str]);

/// What one method of an address needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The address, without the prefix of the API.
    pub path: &'static str,
    /// The method.
    pub method: &'static str,
    /// Read off the handler's type.
    pub permission: Permission,
}

macro_rules! addresses {
    ($(#[$doc:meta])* $table:ident, $configure:ident, $entries:ident { $($path:literal => $($method:ident $handler:path),+;)* }) => {
        $(#[$doc])*
        pub const $table: &[Address] = &[$(($path, &[$(stringify!($method)),+])),*];

        /// What each of these needs.
        pub fn $entries() -> Vec<Entry> {
            vec![$($(Entry { path: $path, method: stringify!($method), permission: auth::permission(&$handler) }),+),*]
        }

        fn $configure(config: &mut web::ServiceConfig) {
            $(
                let resource = web::resource($path)
                    $(.route(guarded(Method::$method, $handler)))+
                    .default_service(web::to(|request: HttpRequest| async move { wrong_method(&request, &[$(stringify!($method)),+]) }));
                config.service(resource);
            )*
        }
    };
}

addresses! {
    /// The API, below `/api/v1` and `/api`.
    API, configure_api, api_entries {
        "/disks"                  => GET api::disks::list;
        "/disks/{id}"             => GET api::disks::get, PATCH api::disks::change;
        "/disks/{id}/statistics"  => GET api::disks::statistics;
        "/disks/{id}/eject"       => POST api::disks::eject;
        "/disks/{id}/insert"      => POST api::disks::insert;
        "/disks/{id}/close"       => POST api::disks::close;
        "/jobs"                   => GET api::jobs::list, POST api::jobs::create;
        "/jobs/bulk"              => POST api::queue::bulk;
        "/jobs/check-name"        => GET api::jobs::check_name;
        "/jobs/{uuid}"            => GET api::jobs::get, PUT api::jobs::change, DELETE api::jobs::delete;
        "/jobs/{uuid}/pause"      => POST api::jobs::pause;
        "/jobs/{uuid}/resume"     => POST api::jobs::resume;
        "/jobs/{uuid}/retry"      => POST api::jobs::retry;
        "/jobs/{uuid}/cancel"     => POST api::jobs::cancel;
        "/jobs/{uuid}/continue"   => POST api::jobs::go_on;
        "/jobs/{uuid}/decision"   => POST api::jobs::decision;
        "/jobs/{uuid}/move"       => POST api::queue::put;
        "/jobs/{uuid}/restore"    => POST api::queue::restore;
        "/jobs/{uuid}/map"        => GET api::maps::job;
        "/jobs/{uuid}/picture"    => GET api::pictures::job;
        "/jobs/{uuid}/sectors"    => GET api::pictures::job_sectors;
        "/jobs/{uuid}/scan"       => GET api::jobs::scan;
        "/jobs/{uuid}/speed"      => GET api::jobs::speed;
        "/isos"                   => GET api::isos::list;
        "/isos/{id}"              => GET api::isos::get, PATCH api::isos::change, DELETE api::isos::delete;
        "/isos/{id}/download"     => GET api::download::download;
        "/isos/{id}/damage"       => GET api::maps::damage;
        "/isos/{id}/picture"      => GET api::pictures::image;
        "/isos/{id}/sectors"      => GET api::pictures::image_sectors;
        "/isos/{id}/verify"       => POST api::isos::verify;
        "/isos/{id}/restore"      => POST api::isos::restore;
        "/batches"                => GET api::batches::list, POST api::batches::create;
        "/batches/{id}"           => GET api::batches::get;
        "/system/status"          => GET api::system::status;
        "/system/history"         => GET api::system::history;
        "/system/logs"            => GET api::system::logs;
        "/system/config"          => GET api::config::get, PUT api::config::put;
        "/system/doctor"          => GET api::doctor::doctor;
        "/system/diagnostics"     => GET api::diagnostics::diagnostics;
        "/session"                => GET api::session::get, DELETE api::session::end;
        "/sessions"               => GET api::session::list, DELETE api::session::end_others;
        "/sessions/{id}"          => GET api::session::one, DELETE api::session::revoke;
        "/tokens"                 => GET api::tokens::list, POST api::tokens::create;
        "/tokens/{id}"            => DELETE api::tokens::revoke;
        "/users"                  => GET api::users::list, POST api::users::create;
        "/users/{id}"             => GET api::users::get, PATCH api::users::change, DELETE api::users::delete;
        "/system/config/export"   => GET api::config::export;
        "/system/config/import"   => POST api::config::import;
        "/events"                 => GET api::events::list;
        "/events/jobs/{uuid}"     => GET sse::job;
        "/events/system"          => GET sse::system;
        "/ws"                     => GET ws::connect;
        "/openapi.json"           => GET openapi::serve;
    }
}

addresses! {
    /// For machines that watch over the service, and the live channels at the addresses of the original plan.
    OUTSIDE, configure_outside, outside_entries {
        "/health/live"            => GET api::health::live;
        "/health/ready"           => GET api::health::ready;
        "/metrics"                => GET api::health::metrics;
        "/events/jobs/{uuid}"     => GET sse::job;
        "/events/system"          => GET sse::system;
        "/ws"                     => GET ws::connect;
        "/openapi.json"           => GET openapi::serve;
    }
}

addresses! {
    /// For people: the page, its parts, and its forms, which work without JavaScript.
    PAGES, configure_pages, page_entries {
        "/"                       => GET pages::dashboard::dashboard;
        "/jobs"                   => GET pages::jobs::list;
        "/ui/jobs/bulk"           => POST pages::jobs::forms::bulk;
        "/ui/jobs/undo/{event}"   => POST pages::jobs::forms::undo;
        "/jobs/new"               => GET pages::new_job::form;
        "/ui/new-job"             => POST pages::new_job::create;
        "/jobs/{uuid}"            => GET pages::job::show;
        "/ui/jobs/{uuid}/change"  => POST pages::job::change;
        "/ui/jobs/{uuid}/continue" => POST pages::job::go_on;
        "/batches"                => GET pages::batches::list;
        "/batches/new"            => GET pages::batches::new;
        "/batches/{id}"           => GET pages::batches::one;
        "/batches/{id}/labels"    => GET pages::batches::export::labels;
        "/batches/{id}/results.csv" => GET pages::batches::export::table;
        "/ui/batches"             => POST pages::batches::forms::create;
        "/ui/batches/{id}/add"    => POST pages::batches::forms::add;
        "/ui/batches/{id}/take"   => POST pages::batches::forms::take;
        "/ui/batches/{id}/items/{number}/{action}" => POST pages::batches::forms::item;
        "/ui/batches/{id}/{action}" => POST pages::batches::forms::change;
        "/drives"                 => GET pages::drives::list;
        "/drives/{id}"            => GET pages::drives::one;
        "/ui/disks/{id}/image"    => POST pages::drives::forms::image;
        "/ui/disks/{id}/eject"    => POST pages::drives::forms::eject;
        "/ui/disks/{id}/close"    => POST pages::drives::forms::close;
        "/ui/disks/{id}/insert"   => POST pages::drives::forms::insert;
        "/ui/disks/{id}/settings" => POST pages::drives::forms::change;
        "/ui/jobs/{uuid}/{action}" => POST pages::jobs::forms::job;
        "/ui/jobs/{uuid}/other_drive/{id}" => POST pages::jobs::forms::other_drive;
        "/system"                 => GET pages::system::status;
        "/system/logs"            => GET pages::system::logs::logs;
        "/system/logs/download"   => GET pages::system::logs::download;
        "/system/logs/service"    => GET pages::system::logs::service;
        "/system/logs/service/download" => GET pages::system::logs::service_download;
        "/system/doctor"          => GET pages::system::doctor::doctor;
        "/ui/system/doctor"       => POST pages::system::doctor::again;
        "/system/diagnostics"     => GET pages::system::diagnostics::page;
        "/system/diagnostics/download" => GET pages::system::diagnostics::download;
        "/settings"               => GET pages::settings::page;
        "/settings/export"        => GET api::config::export;
        "/settings/import"        => GET pages::settings::import_page;
        "/ui/settings/import"     => POST pages::settings::import;
        "/ui/settings/{group}"    => POST pages::settings::save;
        "/settings/welcome"       => GET pages::assistant::page;
        "/ui/assistant/{step}"    => POST pages::assistant::save;
        "/login"                  => GET pages::sign_in::form, POST pages::sign_in::sign_in;
        "/logout"                 => POST pages::sign_in::sign_out;
        "/ui/logout"              => POST pages::sign_in::sign_out;
        "/account"                => GET pages::account::page;
        "/account/second-step"    => GET pages::account::second_step::form;
        "/ui/account/password"    => POST pages::account::forms::password;
        "/ui/account/language"    => POST pages::account::forms::language;
        "/ui/account/second-step" => POST pages::account::second_step::switch_on;
        "/ui/account/second-step/off" => POST pages::account::second_step::switch_off;
        "/ui/account/sessions/{id}" => POST pages::account::forms::end_session;
        "/ui/account/tokens"      => POST pages::account::forms::token;
        "/ui/account/tokens/{id}/revoke" => POST pages::account::forms::revoke;
        "/settings/users"         => GET pages::users::page;
        "/ui/users"               => POST pages::users::create;
        "/ui/users/{id}/{action}" => POST pages::users::act;
        "/setup"                  => GET pages::set_up::form, POST pages::set_up::create;
        "/invitation"             => GET pages::set_up::invitation, POST pages::set_up::choose;
        "/library"                => GET pages::library::list::list;
        "/library/{id}"           => GET pages::library::image::show;
        "/ui/library/selected"    => POST pages::library::forms::selected;
        "/ui/library/checksums"   => POST pages::library::forms::checksums;
        "/ui/library/undo/{at}"   => POST pages::library::forms::undo;
        "/ui/library/{id}/rename" => POST pages::library::forms::rename;
        "/ui/library/{id}/{action}" => POST pages::library::forms::one;
        "/search"                 => GET pages::search::search;
        "/api/docs"               => GET pages::api_docs::show;
        "/language/{tag}"         => GET pages::language::choose;
        "/assets/{file}"          => GET assets::serve;
        "/favicon.ico"            => GET assets::icon;
    }
}

/// Registers everything.
pub fn configure(config: &mut web::ServiceConfig) {
    // First, because a scope takes everything below it.
    configure_pages(config);
    config.service(web::scope("/api/v1").configure(configure_api));
    config.service(web::scope("/api").configure(configure_api));
    configure_outside(config);
}

/// Only handlers that say what they need are registered.
fn guarded<F, Arguments>(method: Method, handler: F) -> Route
where
    F: Handler<Arguments>,
    Arguments: FromRequest + auth::Guarded + 'static,
    F::Output: Responder + 'static,
{
    let route =
        if method == Method::GET { web::route().guard(guard::Any(guard::Get()).or(guard::Head())) } else { web::method(method) };
    route.to(handler)
}

fn wrong_method(request: &HttpRequest, allowed: &[&str]) -> HttpResponse {
    let mut allow = allowed.join(", ");
    if allowed.contains(&"GET") {
        allow.push_str(", HEAD");
    }
    let detail = format!("{} is not possible on {}; possible: {allow}", request.method(), request.path());
    let mut response = problem::response(&Problem::new(Code::MethodNotAllowed, detail), Some(request.path()));
    if let Ok(allow) = header::HeaderValue::from_str(&allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}
