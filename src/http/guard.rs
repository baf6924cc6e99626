//! Stands in front of every address: who may ask, and what every answer carries.
//!
//! The service has no accounts yet and listens on loopback, so every web page that the user opens could talk to it. Two checks
//! keep them out: the `Host` must name this machine (a foreign name that resolves to 127.0.0.1 is DNS rebinding), and what
//! changes something must not come from another origin.

use super::{limits, pages, problem};
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
use std::net::IpAddr;

/// Only our own files, no inline code or style; images may be inline data, live data comes from here.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The middleware.
///
/// # Errors
/// None of its own: refusals are responses.
pub async fn guard(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path().to_owned();
    let listen = request.app_data::<web::Data<AppState>>().map(|state| state.config.listen.ip());
    let mut response = match check(request.request(), listen) {
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
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A refusal in the form that fits who asked: a page for people, a document with the path for programs (a handler does not know under
/// which path it was asked).
fn refused(response: ServiceResponse, problem: &Problem, path: &str) -> ServiceResponse {
    let kept: Vec<_> = [header::ALLOW, header::CONTENT_RANGE, header::RETRY_AFTER]
        .into_iter()
        .filter_map(|name| response.headers().get(&name).cloned().map(|value| (name, value)))
        .collect();
    let answer = pages::errors::page(response.request(), problem);
    let mut answer = answer.unwrap_or_else(|| problem::response(problem, Some(path)));
    for (name, value) in kept {
        answer.headers_mut().insert(name, value);
    }
    response.into_response(answer)
}

fn check(request: &HttpRequest, listen: Option<IpAddr>) -> Result<(), Problem> {
    limits::check_size(request)?;
    check_host(request.headers(), listen)?;
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let upgrade = request.headers().contains_key(header::UPGRADE);
    if safe && !upgrade { Ok(()) } else { check_origin(request.headers()) }
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"))
}

/// The name in `Host` must be this machine's own: `localhost`, a loopback address or the address that is listened on.
fn check_host(headers: &HeaderMap, listen: Option<IpAddr>) -> Result<(), Problem> {
    let host = text(headers, header::HOST).unwrap_or_default();
    let name = host_name(host);
    let own = name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || Some(address) == listen);
    let refused = || {
        Problem::new(Code::OriginRefused, format!("Host {host:?} is not a name of this service; use localhost or 127.0.0.1"))
            .about("Host")
    };
    if own { Ok(()) } else { Err(refused()) }
}

/// The name without port and without the brackets of IPv6.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
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
    fn only_names_of_this_machine_are_hosts() {
        let listen = "127.0.0.1".parse().ok();
        for good in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::1]"] {
            assert!(check_host(&headers(&[("host", good)]), listen).is_ok(), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "192.168.0.1:8080",
            "127.0.0.1.evil.example",
            "[::2]",
            "[",
            ":",
        ] {
            assert!(check_host(&headers(&[("host", bad)]), listen).is_err(), "{bad}");
        }
        assert!(check_host(&headers(&[("host", "192.168.0.1:80")]), "192.168.0.1".parse().ok()).is_ok());
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
