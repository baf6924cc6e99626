//! Stylesheet, script and icon, built from `web/` and embedded.

use super::auth::{May, Open};
use crate::error::{Code, Problem};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    web,
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// One embedded file.
struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 3] = [
    Asset { name: "app.css", kind: "text/css; charset=utf-8", content: include_bytes!(concat!(env!("OUT_DIR"), "/app.css")) },
    Asset {
        name: "app.js",
        kind: "text/javascript; charset=utf-8",
        content: include_bytes!(concat!(env!("OUT_DIR"), "/app.js")),
    },
    Asset { name: "icon.svg", kind: "image/svg+xml", content: include_bytes!("../../web/src/icon.svg") },
];

/// Changes with the files: browsers keep them for as long as it stays.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in &ASSETS {
        hash.update(asset.content);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// The files' version, for their addresses in the page.
pub fn version() -> &'static str {
    &VERSION
}

/// Whether a script was built into this program.
pub fn has_script() -> bool {
    !ASSETS[1].content.is_empty()
}

/// A file.
pub async fn serve(_: May<Open>, file: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == file.as_str());
    let asset = asset.ok_or_else(|| Problem::new(Code::NotFound, format!("there is no file {:?}", file.as_str())))?;
    Ok(respond(asset, &request))
}

/// The icon, where browsers look for it unasked.
pub async fn icon(_: May<Open>, request: HttpRequest) -> HttpResponse {
    respond(&ASSETS[2], &request)
}

fn respond(asset: &Asset, request: &HttpRequest) -> HttpResponse {
    let tag = format!("\"{}\"", version());
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| tags.contains(&tag));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // The page names the version in the address; whoever asks without it asks again each time.
    let cache = if request.query_string().contains(version()) { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, cache)).insert_header((CONTENT_TYPE, asset.kind));
    if known { response.finish() } else { response.body(asset.content) }
}
