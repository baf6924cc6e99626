//! Styles, scripts and icons: kept by browsers for ever, compressed, and few.

use super::support::{ask, settled};
use crate::support::service::Service;

/// What the first page may weigh over the wire, with everything that it loads.
const FIRST_PAGE: usize = 150_000;

/// Addresses of the files that a page loads before anybody has pressed anything.
fn loaded(page: &str) -> Vec<String> {
    let attributes = page.split(['"']).filter(|text| text.starts_with("/assets/"));
    attributes.map(str::to_owned).collect()
}

#[test]
fn the_first_page_is_light() {
    let service = settled(Service::builder());
    let accept = [("accept-encoding", "gzip, br"), ("accept", "text/html")];
    let page = ask(&service, "GET", "/", &accept, b"");
    let files = loaded(&ask(&service, "GET", "/", &[("accept", "text/html")], b"").text());
    assert!(files.len() >= 2, "{files:?}");
    let mut sum = page.body.len();
    for file in &files {
        let answer = ask(&service, "GET", file, &accept, b"");
        assert_eq!(answer.status, 200, "{file}");
        sum += answer.body.len();
    }
    assert!(sum <= FIRST_PAGE, "{sum} bytes: {files:?}");
}

#[test]
fn assets_are_kept_by_browsers_for_ever_because_their_names_change_with_them() {
    let service = settled(Service::builder());
    let page = ask(&service, "GET", "/", &[], b"").text();
    for file in loaded(&page) {
        let first = ask(&service, "GET", &file, &[("accept-encoding", "gzip")], b"");
        assert_eq!(first.header("cache-control"), "public, max-age=31536000, immutable", "{file}");
        assert_eq!(first.header("vary").to_ascii_lowercase(), "accept-encoding", "{file}");
        let known = [("if-none-match", first.header("etag")), ("accept-encoding", "gzip")];
        let again = ask(&service, "GET", &file, &known, b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{file}");
        let path = file.split('?').next().unwrap_or_default();
        let kind = match path.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            _ => "application/manifest+json",
        };
        assert_eq!(first.header("content-type"), kind, "{file}");
    }
    let icon = ask(&service, "GET", "/favicon.ico", &[], b"");
    assert_eq!((icon.header("content-type"), icon.header("cache-control")), ("image/svg+xml", "no-cache"));
    assert_eq!(ask(&service, "GET", "/assets/app-0.css", &[], b"").status, 404);
    assert_eq!(ask(&service, "GET", "/assets/..%2fCargo.toml", &[], b"").status, 404);
}
