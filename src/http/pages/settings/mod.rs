//! `/settings`: everything that can be set, as forms with explanations; export and import.

mod field;
mod import;

pub use field::{Field, fields, posted};
pub use import::{import, page as import_page};

use crate::{
    config::{Applies, Group},
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Administer, May},
        form::Form,
        pages::frame::{self, Frame, Notice, Place},
        settings::{self, Change, Draft, ONE_AT_A_TIME, Overview, Refusal, Wish},
        words::Language,
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Data, Path},
};
use askama::Template;

/// Settings that belong together: one form.
struct Section {
    word: &'static str,
    title: &'static str,
    fields: Vec<Field>,
    /// Whether anything in it can be changed here.
    open: bool,
    /// Whether something in it was refused.
    refused: bool,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
    sections: Vec<Section>,
    /// Settings that change with the next start.
    pending: Vec<(&'static str, String)>,
    broken: Option<String>,
    refused: Vec<String>,
}

/// The page.
///
/// # Errors
/// None.
pub async fn page(_: May<Administer>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let overview = look(&state).await?;
    Ok(show(StatusCode::OK, &request, &overview, None))
}

/// Changes the settings of one form.
///
/// # Errors
/// `not_found` if there is no such form.
pub async fn save(
    may: May<Administer>,
    state: Data<AppState>,
    group: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::new(Code::NotFound, format!("there are no settings {:?}", group.as_str()));
    let group = Group::ALL.into_iter().find(|known| known.word() == group.as_str()).ok_or_else(unknown)?;
    let language = Language::of(&request);
    let _turn = ONE_AT_A_TIME.lock().await;
    let overview = look(&state).await?;
    let wish: Wish = overview
        .settings
        .iter()
        .filter(|setting| setting.help.group == group && setting.locked.is_none())
        .filter_map(|setting| Some((setting.key.name.to_owned(), Some(field::posted(setting, &form)?))))
        .collect();
    let draft = plan(&state, wish.clone(), false).await?;
    if !draft.refused.is_empty() {
        return Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &request, &overview, Some((&wish, &draft.refused))));
    }
    let notice = done(&draft.changes, language);
    let outcome = settings::apply(&state, draft, may.name()).await.map(|()| notice);
    let next = form.next("/settings");
    let to = if next.starts_with("/ui/") { "/settings" } else { next };
    Ok(frame::back(&format!("{}#{}", to.split('#').next().unwrap_or(to), group.word()), outcome))
}

/// What is said after a change.
pub fn done(changes: &[Change], language: Language) -> Notice {
    let later = changes.iter().filter(|change| !change.at_once).count();
    Notice::done(match (changes.len(), later) {
        (0, _) => language.pick("Nothing was changed.", "Nichts wurde geändert."),
        (_, 0) => language.pick("Saved; it counts at once.", "Gespeichert; es gilt sofort."),
        (all, later) if all == later => language
            .pick("Saved. In effect after a restart of the service.", "Gespeichert. Gilt nach einem Neustart des Dienstes."),
        _ => language.pick(
            "Saved. Some of it counts at once, some after a restart of the service.",
            "Gespeichert. Manches gilt sofort, manches nach einem Neustart des Dienstes.",
        ),
    })
}

/// All settings, looked at where nothing waits for it.
///
/// # Errors
/// `internal`.
pub async fn look(state: &Data<AppState>) -> Result<Overview, Problem> {
    let state = Data::clone(state);
    web::block(move || settings::overview(&state)).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

/// What would become of a wish.
///
/// # Errors
/// `internal`.
pub async fn plan(state: &Data<AppState>, wish: Wish, lenient: bool) -> Result<Draft, Problem> {
    let state = Data::clone(state);
    let drafted = web::block(move || settings::draft(&state, &wish, lenient)).await;
    drafted.map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

fn show(status: StatusCode, request: &HttpRequest, overview: &Overview, refused: Option<(&Wish, &[Refusal])>) -> HttpResponse {
    let frame = Frame::new(request, Place::Settings, "");
    let language = frame.language;
    // After a form that was refused, forms lead back to the page and not to where that one was sent.
    let here = if frame.here.starts_with("/ui/") { "/settings".to_owned() } else { frame.here.clone() };
    let frame = Frame { title: frame.t("Settings", "Einstellungen").to_owned(), here, ..frame };
    let section = |group: Group| {
        let fields = fields(overview, |setting| setting.help.group == group, refused, language);
        let (en, de) = group.title();
        Section {
            word: group.word(),
            title: language.pick(en, de),
            open: fields.iter().any(|field| field.locked.is_none()),
            refused: fields.iter().any(|field| field.error.is_some()),
            fields,
        }
    };
    let pending = overview.settings.iter().filter(|setting| setting.help.applies == Applies::Restart && setting.is_pending());
    let others = refused.map(|(_, refused)| refused).unwrap_or_default();
    let others = others.iter().filter(|refusal| overview.get(&refusal.key).is_none());
    let page = Page {
        sections: Group::ALL.into_iter().map(section).filter(|section| !section.fields.is_empty()).collect(),
        pending: pending
            .map(|setting| (language.pick(setting.help.title.0, setting.help.title.1), setting.next.clone()))
            .collect(),
        broken: overview.broken.clone(),
        refused: others.map(|refusal| language.pick(&refusal.why.en, &refusal.why.de).clone()).collect(),
        frame,
    };
    frame::show(status, &page.frame, &page)
}
