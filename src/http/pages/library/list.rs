//! The page `/library`: all images, as pictures or as a table.

use super::{
    VIEW, days,
    filters::{self, Filters},
};
use crate::{
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May},
        pages::{
            frame::{self, Frame, Place},
            sentences,
            view::{self, IsoRow},
        },
        params::Params,
        wire::Iso,
        words::Language,
    },
    storage::isos::{self, IsoPage, Tally},
};
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::StatusCode,
    web::Data,
};
use askama::Template;

/// Counting what passes a filter stops here.
const COUNTED: u32 = 10_000;

#[derive(Template)]
#[template(path = "library.html")]
struct Library {
    frame: Frame,
    filters: Filters,
    images: Vec<IsoRow>,
    /// As pictures.
    grid: bool,
    /// "312 images, 1.4 TB".
    count: String,
    /// The same for the trash; empty if there is nothing in it.
    trash_count: String,
    /// Nothing was ever put here.
    never: bool,
    /// How long the trash keeps.
    days: String,
    /// The next page.
    next: Option<String>,
}

/// The page.
///
/// # Errors
/// `unavailable` without a database, `invalid_query` for an address that cannot be read.
pub async fn list(
    _: May<Look>,
    state: Data<AppState>,
    mut params: Params,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wish = params.word("view", &["grid", "list"]).ok().flatten();
    let remembered = request.cookie(VIEW).is_some_and(|cookie| cookie.value() == "list");
    let grid = wish.as_deref().map_or(!remembered, |view| view == "grid");
    let frame = Frame::new(&request, Place::Library, "");
    let page = gather(&state, frame, &mut params, grid).await?;
    let status = if page.filters.wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut response = frame::show(status, &page.frame, &page);
    if let Some(view) = wish {
        let cookie =
            Cookie::build(VIEW, view).path("/library").http_only(true).same_site(SameSite::Lax).max_age(Duration::days(400));
        // Only a convenience: without it the address still says it.
        let _ = response.add_cookie(&cookie.finish());
    }
    Ok(response)
}

async fn gather(state: &AppState, mut frame: Frame, params: &mut Params, grid: bool) -> Result<Library, Problem> {
    let language = frame.language;
    let (mut filters, filter, page) = Filters::read(params, language);
    let (narrowed, trash) = (filters.narrowed(), filters.trash);
    let read = |cursor: bool| {
        let (filter, mut page) = (filter.clone(), page.clone());
        if !cursor {
            page.cursor = None;
        }
        state.read(Code::NotFound, move |conn| {
            let (library, in_trash) = (isos::total(conn, false)?, isos::total(conn, true)?);
            let hits = if narrowed { Some(isos::tally(conn, &filter, COUNTED)?) } else { None };
            Ok((isos::list(conn, &filter, &page)?, library, in_trash, hits))
        })
    };
    let found = match read(true).await {
        // An old bookmark of a place in another order.
        Err(problem) if filters::is_about_cursor(&problem) => {
            filters.cursor.clear();
            read(false).await?
        }
        other => other?,
    };
    let (IsoPage { items, next_cursor }, library, in_trash, hits) = found;
    let here = if trash { in_trash } else { library };
    let count = match hits {
        Some(hits) => format!("{} {} {}", said(hits, language), language.pick("of", "von"), said_short(here, language)),
        None => said(here, language),
    };
    frame.title = if trash { frame.t("Trash", "Papierkorb") } else { frame.t("Library", "Bibliothek") }.to_owned();
    Ok(Library {
        images: items.into_iter().map(|image| view::iso(&Iso::from(image), language)).collect(),
        count,
        trash_count: if in_trash.images == 0 { String::new() } else { said(in_trash, language) },
        never: library.images == 0 && in_trash.images == 0,
        days: days(state.config.trash_days, language),
        next: next_cursor.map(|cursor| filters.url("cursor", &cursor)),
        frame,
        filters,
        grid,
    })
}

fn said_short(tally: Tally, language: Language) -> String {
    let plus = if tally.more { "+" } else { "" };
    format!("{}{plus}", sentences::grouped(tally.images, language))
}

/// "312 images, 1.4 TB"; "more than 10,000 images" where counting stopped.
fn said(tally: Tally, language: Language) -> String {
    match (tally.images, tally.more) {
        (0, _) => language.pick("no image", "kein Abbild").to_owned(),
        (1, _) => format!("{}, {}", language.pick("1 image", "1 Abbild"), sentences::size(tally.bytes, language)),
        (_, true) => {
            format!(
                "{} {} {}",
                language.pick("more than", "mehr als"),
                said_short(Tally { more: false, ..tally }, language),
                language.pick("images", "Abbilder")
            )
        }
        (_, false) => format!(
            "{} {}, {}",
            said_short(tally, language),
            language.pick("images", "Abbilder"),
            sentences::size(tally.bytes, language)
        ),
    }
}
