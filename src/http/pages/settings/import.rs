//! `/settings/import`: a configuration from elsewhere, first shown, then taken over, all or nothing.

use super::{done, plan};
use crate::{
    config::help,
    error::Problem,
    http::{
        AppState,
        auth::{Administer, May},
        form::Form,
        pages::frame::{self, Frame, Place},
        settings::{self, Draft, ONE_AT_A_TIME, Refusal},
        words::Language,
    },
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

#[derive(Template)]
#[template(path = "settings_import.html")]
struct Page {
    frame: Frame,
    toml: String,
    /// Whether the changes are shown.
    shown: bool,
    changes: Vec<Row>,
    kept: Vec<(String, String)>,
    refused: Vec<(String, String)>,
}

struct Row {
    name: String,
    key: &'static str,
    old: String,
    new: String,
    at_once: bool,
}

/// The page.
///
/// # Errors
/// None.
pub async fn page(_: May<Administer>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Ok(show(StatusCode::OK, &request, String::new(), None, &[]))
}

/// Shows what a configuration would change, or takes it over (`apply=1`).
///
/// # Errors
/// `internal`.
pub async fn import(
    may: May<Administer>,
    state: Data<AppState>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let toml = form.exact("toml").unwrap_or_default().to_owned();
    let wish = match settings::import(&toml) {
        Ok(wish) => wish,
        Err(refusal) => return Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &request, toml, None, &[refusal])),
    };
    let _turn = ONE_AT_A_TIME.lock().await;
    let draft = plan(&state, wish, true).await?;
    if !draft.refused.is_empty() {
        let refused = draft.refused.clone();
        return Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &request, toml, Some(&draft), &refused));
    }
    if !form.ticked("apply") {
        return Ok(show(StatusCode::OK, &request, toml, Some(&draft), &[]));
    }
    let notice = done(&draft.changes, Language::of(&request));
    Ok(frame::back("/settings", settings::apply(&state, draft, may.name()).await.map(|()| notice)))
}

fn show(status: StatusCode, request: &HttpRequest, toml: String, draft: Option<&Draft>, refused: &[Refusal]) -> HttpResponse {
    let frame = Frame::new(request, Place::Settings, "");
    let language = frame.language;
    let title = frame.t("Import a configuration", "Konfiguration übernehmen").to_owned();
    let frame = Frame { title, here: "/settings/import".to_owned(), ..frame };
    let name = |key: &str| help(key).map_or_else(|| key.to_owned(), |help| language.pick(help.title.0, help.title.1).to_owned());
    let reasons = |all: &[Refusal]| {
        all.iter().map(|refusal| (name(&refusal.key), language.pick(&refusal.why.en, &refusal.why.de).clone())).collect()
    };
    let row = |change: &settings::Change| Row {
        name: name(change.key),
        key: change.key,
        old: change.old.clone(),
        new: change.new.clone(),
        at_once: change.at_once,
    };
    let page = Page {
        shown: draft.is_some() && refused.is_empty(),
        changes: draft.map(|draft| draft.changes.iter().map(row).collect()).unwrap_or_default(),
        kept: draft.map(|draft| reasons(&draft.kept)).unwrap_or_default(),
        refused: reasons(refused),
        toml,
        frame,
    };
    frame::show(status, &page.frame, &page)
}
