//! Styles, scripts and icons, built from `web/` and embedded: under names that change with their content, so that browsers keep
//! them for ever, and compressed beforehand.

use super::auth::{May, Open};
use crate::error::{Code, Problem};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, VARY},
    web,
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// One embedded file.
struct Asset {
    /// What the program calls it.
    name: &'static str,
    /// What it is called in its address.
    address: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// For those that have no print of their content in their name.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    ASSETS.iter().for_each(|asset| hash.update(asset.plain));
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

impl Asset {
    /// Whether another content would have another name.
    fn is_fingerprinted(&self) -> bool {
        // Chunks have no other name than the bundler's, which has their print already.
        self.name != self.address || self.name.ends_with(".js")
    }

    fn kind(&self) -> &'static str {
        match self.name.rsplit('.').next().unwrap_or_default() {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "webmanifest" => "application/manifest+json",
            "html" => "text/html; charset=utf-8",
            _ => "application/octet-stream",
        }
    }
}

fn named(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Address of a file; empty if it was not built in.
pub fn address(name: &str) -> String {
    match named(name) {
        Some(asset) if asset.is_fingerprinted() => format!("/assets/{}", asset.address),
        Some(asset) => format!("/assets/{}?v={}", asset.address, *VERSION),
        None => String::new(),
    }
}

/// Whether a script was built into this program.
pub fn has_script() -> bool {
    named("app.js").is_some()
}

/// A file.
pub async fn serve(_: May<Open>, file: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.address == file.as_str());
    let asset = asset.ok_or_else(|| Problem::new(Code::NotFound, format!("there is no file {:?}", file.as_str())))?;
    Ok(respond(asset, &request))
}

/// The icon, where browsers look for it unasked.
pub async fn icon(_: May<Open>, request: HttpRequest) -> HttpResponse {
    match named("icon.svg") {
        Some(asset) => respond(asset, &request),
        None => HttpResponse::NotFound().finish(),
    }
}

fn respond(asset: &Asset, request: &HttpRequest) -> HttpResponse {
    let (encoding, content) = choose(asset, request.headers());
    let tag = format!("\"{}-{}\"", *VERSION, encoding.unwrap_or("plain"));
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| tags.contains(&tag));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    let kept = request.path().starts_with("/assets/") && (asset.is_fingerprinted() || request.query_string().contains(&*VERSION));
    let cache = if kept { "public, max-age=31536000, immutable" } else { "no-cache" };
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((CONTENT_TYPE, asset.kind()))
        .insert_header((VARY, ACCEPT_ENCODING.as_str()))
        // Said in any case: what is not compressed here shall not be compressed on every request either.
        .insert_header((CONTENT_ENCODING, encoding.unwrap_or("identity")));
    if known { response.finish() } else { response.body(content) }
}

/// The smallest form that the browser takes.
fn choose(asset: &Asset, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |wanted: &str| {
        accepted.split(',').any(|part| {
            let (name, weight) = part.split_once(';').unwrap_or((part, ""));
            name.trim().eq_ignore_ascii_case(wanted) && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    };
    match (asset.brotli, asset.gzip) {
        (Some(content), _) if accepts("br") => (Some("br"), content),
        (_, Some(content)) if accepts("gzip") => (Some("gzip"), content),
        _ => (None, asset.plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn the_smallest_accepted_form_is_sent() {
        let asset = Asset { name: "a.css", address: "a-1.css", plain: b"plain", brotli: Some(b"b"), gzip: Some(b"gz") };
        let image = Asset { name: "a.png", address: "a-1.png", plain: b"plain", brotli: None, gzip: None };
        for (accepted, sent) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("identity", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(choose(&asset, &headers).0, sent, "{accepted}");
            assert_eq!(choose(&image, &headers).0, None, "{accepted}");
        }
    }

    #[test]
    fn names_change_with_the_content() {
        assert!(ASSETS.iter().all(|asset| !asset.plain.is_empty()));
        assert!(named("app.css").is_some() && named("icon.svg").is_some());
        assert!(address("app.css").starts_with("/assets/app") && address("nothing.js").is_empty());
    }
}
