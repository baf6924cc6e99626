//! Stands in front of every address: who may ask, and what every answer carries.
//!
//! Every web page that the user opens could talk to this service. Two checks keep them out: the `Host` must name this service
//! (`hosts.rs`; a foreign name that leads here is DNS rebinding), and what changes something must not come from another origin.

use super::{hosts, limits, pages, problem};
use crate::{
    error::{Code, Problem},
    http::AppState,
};
use actix_web::{
    Error, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};

/// Only our own files, no inline code or style; images may be inline data, live data comes from here.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Half a year; not for sub-domains, which are other people's business.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=15552000";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Nothing of the device is needed.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
                           microphone=(), midi=(), payment=(), usb=()";

/// The middleware.
///
/// # Errors
/// None of its own: refusals are responses.
pub async fn guard(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path().to_owned();
    let mut response = match check(request.request()) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(refusal) => request.into_response(problem::response(&refusal, Some(&path))),
    };
    let found = response.response().extensions().get::<Problem>().cloned();
    if let Some(found) = found {
        response = refused(response, &found, &path);
    }
    if response.status().is_server_error() {
        tracing::warn!(path, status = response.status().as_u16(), "request failed");
    }
    let secure = response.request().app_config().secure();
    add_headers(response.headers_mut(), secure);
    Ok(response)
}

fn add_headers(headers: &mut HeaderMap, secure: bool) {
    for (name, value) in HEADERS {
        // What comes from a disc has a stricter policy of its own.
        if name != header::CONTENT_SECURITY_POLICY || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    // Answers are about people's discs; whatever may be kept says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT_SECURITY));
    }
}

/// A refusal in the form that fits who asked: a page for people, a document with the path for programs (a handler does not know under
/// which path it was asked).
fn refused(response: ServiceResponse, problem: &Problem, path: &str) -> ServiceResponse {
    let kept: Vec<_> = [header::ALLOW, header::CONTENT_RANGE, header::RETRY_AFTER, header::SET_COOKIE]
        .into_iter()
        .flat_map(|name| response.headers().get_all(&name).map(|value| (name.clone(), value.clone())).collect::<Vec<_>>())
        .collect();
    let answer = pages::errors::page(response.request(), problem);
    let mut answer = answer.unwrap_or_else(|| problem::response(problem, Some(path)));
    for (name, value) in kept {
        answer.headers_mut().append(name, value);
    }
    response.into_response(answer)
}

fn check(request: &HttpRequest) -> Result<(), Problem> {
    limits::check_size(request)?;
    check_host(request)?;
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let upgrade = request.headers().contains_key(header::UPGRADE);
    if safe && !upgrade { Ok(()) } else { check_origin(request.headers()) }
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"))
}

/// The name in `Host` must be one of this service.
fn check_host(request: &HttpRequest) -> Result<(), Problem> {
    let host = text(request.headers(), header::HOST).unwrap_or_default();
    let state = request.app_data::<web::Data<AppState>>();
    if state.is_some_and(|state| hosts::is_ours(host, &state.config, &state.journal.node)) {
        return Ok(());
    }
    let detail = format!("Host {host:?} is not a name of this service; use its address, or add the name to server.hosts");
    Err(Problem::new(Code::OriginRefused, detail).about("Host"))
}

/// Browsers say where a request comes from; programs say nothing and are let through.
fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |name: &str, value: &str| {
        Err(Problem::new(Code::OriginRefused, format!("{name}: {value} is another origin than this service")).about(name))
    };
    match text(headers, "sec-fetch-site") {
        None | Some("same-origin" | "none") => {}
        Some(site) => return refused("Sec-Fetch-Site", site),
    }
    match text(headers, header::ORIGIN) {
        None => Ok(()),
        Some(origin) => {
            let host = text(headers, header::HOST).unwrap_or_default();
            let same = origin
                .split_once("://")
                .is_some_and(|(scheme, origin)| matches!(scheme, "http" | "https") && origin.eq_ignore_ascii_case(host));
            if same { Ok(()) } else { refused("Origin", origin) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().expect("name"), HeaderValue::from_str(value).expect("value"))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn changes_come_from_here_or_from_programs() {
        let host = ("host", "localhost:8080");
        assert!(check_origin(&headers(&[host])).is_ok());
        assert!(check_origin(&headers(&[host, ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")])).is_ok());
        for bad in ["http://evil.example", "null", "http://localhost:9999", "http://localhost:8080.evil.example"] {
            assert!(check_origin(&headers(&[host, ("origin", bad)])).is_err(), "{bad}");
        }
        assert!(check_origin(&headers(&[host, ("sec-fetch-site", "cross-site")])).is_err());
        assert!(check_origin(&headers(&[host, ("sec-fetch-site", "same-site")])).is_err());
    }
}
