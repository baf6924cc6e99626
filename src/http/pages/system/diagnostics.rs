//! `/system/diagnostics`: what a bundle for somebody who helps contains, and the bundle.

use super::{Tab, tabs};
use crate::{
    error::Problem,
    http::{
        AppState,
        api::diagnostics::bundle,
        auth::{Administer, May},
        diagnostics::CONTENTS,
        pages::frame::{self, Frame, Place},
        params::Params,
        probe::Probe,
    },
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

#[derive(Template)]
#[template(path = "system_diagnostics.html")]
struct Page {
    frame: Frame,
    tabs: Vec<Tab>,
    contents: Vec<(&'static str, &'static str)>,
}

/// The page.
///
/// # Errors
/// None.
pub async fn page(_: May<Administer>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let frame = Frame::new(&request, Place::System, "");
    let frame = Frame { title: frame.t("Diagnostics bundle", "Paket zur Fehlersuche").to_owned(), ..frame };
    let language = frame.language;
    let contents = CONTENTS.iter().map(|(name, en, de)| (*name, language.pick(*en, *de))).collect();
    let page = Page { tabs: tabs(&frame, "/system/diagnostics"), contents, frame };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

/// The bundle.
///
/// # Errors
/// `unavailable` without a database.
pub async fn download(
    _: May<Administer>,
    state: Data<AppState>,
    probe: Data<Probe>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let hide = params.word("hide", &["0", "1"])?.as_deref() == Some("1");
    params.finish()?;
    bundle(&state, &probe, hide).await
}
