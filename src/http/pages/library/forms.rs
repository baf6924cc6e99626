//! What the buttons of the library do. Each leads back and says what was done.

use super::{checksums, days, image};
use crate::{
    catalog::{DeleteIso, RenameIso, RestoreAll, RestoreIso, TrashIsos},
    domain::{ids::IsoId, options::HashKind},
    error::{Code, Problem},
    http::{
        AppState,
        auth::{Look, May, Operate},
        form::Form,
        pages::{
            frame::{Notice, back},
            sentences,
            visible::visible,
        },
        params::id,
        words::Language,
    },
    jobs::VerifyIso,
    storage::isos,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use chrono::DateTime;

/// Most images that one press of a button is about: as many as a page can show, and some.
const MOST: usize = 200;

/// Checks, deletes, takes back or removes the selected images.
pub async fn selected(may: May<Operate>, state: Data<AppState>, request: HttpRequest, form: Form) -> HttpResponse {
    let language = Language::of(&request);
    let done = match ids(&form, language) {
        Ok(ids) => act(&state, ids, form.text("do").unwrap_or_default(), may.name(), language).await,
        Err(problem) => Err(problem),
    };
    back(form.next("/library"), done)
}

/// The checksums of the selected images, as a file.
pub async fn checksums(_: May<Look>, state: Data<AppState>, request: HttpRequest, form: Form) -> HttpResponse {
    let kind = if form.text("do") == Some("md5") { HashKind::Md5 } else { HashKind::Sha256 };
    let read = async {
        let ids = ids(&form, Language::of(&request))?;
        state
            .read(Code::IsoUnknown, move |conn| {
                ids.into_iter().map(|id| Ok((isos::get(conn, id)?, isos::facts(conn, id)?))).collect::<Result<Vec<_>, _>>()
            })
            .await
    };
    match read.await {
        Ok(images) => checksums::answer(&images, kind),
        Err(problem) => back(form.next("/library"), Err(problem)),
    }
}

/// Checks, deletes, takes back or removes one image.
pub async fn one(
    may: May<Operate>,
    state: Data<AppState>,
    path: Path<(String, String)>,
    request: HttpRequest,
    form: Form,
) -> HttpResponse {
    let (image, verb) = path.into_inner();
    let language = Language::of(&request);
    let done = match id::<IsoId>(&image, Code::IsoUnknown) {
        Ok(id) => act(&state, vec![id], &verb, may.name(), language).await,
        Err(problem) => Err(problem),
    };
    // What is gone has no page to lead back to.
    let next = form.next("/library");
    let gone = done.is_ok() && verb == "remove" && next.starts_with(&format!("/library/{image}"));
    back(if gone { "/library?trash=1" } else { next }, done)
}

/// Takes back everything that was deleted at one moment.
pub async fn undo(_: May<Operate>, state: Data<AppState>, at: Path<String>, request: HttpRequest, form: Form) -> HttpResponse {
    let language = Language::of(&request);
    let done = async {
        let unknown = || Problem::new(Code::NotFound, "there is nothing to take back");
        let at = at.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or_else(unknown)?;
        match state.ask(&state.catalog, RestoreAll(at)).await? {
            0 => Err(unknown()),
            number => Ok(Notice::done(restored(number, language))),
        }
    };
    back(form.next("/library"), done.await)
}

/// Renames an image; the page is shown again if that cannot be.
///
/// # Errors
/// `iso_unknown`, or what the page itself cannot do.
pub async fn rename(
    _: May<Operate>,
    state: Data<AppState>,
    image: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: IsoId = id(&image, Code::IsoUnknown)?;
    let language = Language::of(&request);
    let name = form.text("filename").unwrap_or_default().to_owned();
    match state.ask(&state.catalog, RenameIso { id, name: name.clone() }).await {
        Ok(renamed) => {
            let text = format!("{} {}", language.pick("It is called", "Jetzt heißt es"), visible(&renamed.filename));
            let text = if language == Language::En { format!("{text} now.") } else { format!("{text}.") };
            Ok(back(&format!("/library/{id}"), Ok(Notice::done(text))))
        }
        Err(problem) if problem.code == Code::IsoUnknown => Err(problem),
        Err(problem) => image::refused_name(&state, &request, id, (name, problem)).await,
    }
}

fn ids(form: &Form, language: Language) -> Result<Vec<IsoId>, Problem> {
    let mut ids: Vec<IsoId> = Vec::new();
    for text in form.all("id").take(MOST) {
        let id = id(text, Code::IsoUnknown)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.is_empty() {
        let why = language
            .pick("no image is selected; tick the boxes first", "kein Abbild ist ausgewählt; erst die Kästchen ankreuzen");
        return Err(Problem::new(Code::InvalidField, why));
    }
    Ok(ids)
}

async fn act(state: &AppState, ids: Vec<IsoId>, verb: &str, who: &str, language: Language) -> Result<Notice, Problem> {
    match verb {
        "verify" => verify(state, &ids, language).await,
        "delete" => delete(state, ids, who, language).await,
        "restore" => {
            let number = ids.len();
            for id in ids {
                state.ask(&state.catalog, RestoreIso(id)).await?;
            }
            Ok(Notice::done(restored(number, language)))
        }
        "remove" => {
            let number = ids.len();
            for id in ids {
                state.ask(&state.catalog, DeleteIso { id, only_trashed: true }).await?;
            }
            Ok(Notice::done(counted(number, ("removed for good", "endgültig gelöscht"), language)))
        }
        _ => Err(Problem::new(Code::NotFound, format!("{verb:?} cannot be done with an image"))),
    }
}

async fn verify(state: &AppState, ids: &[IsoId], language: Language) -> Result<Notice, Problem> {
    for id in ids {
        state.ask(&state.dispatcher, VerifyIso(*id)).await?;
    }
    Ok(Notice::done(counted(ids.len(), ("being checked", "in Prüfung"), language)))
}

async fn delete(state: &AppState, ids: Vec<IsoId>, who: &str, language: Language) -> Result<Notice, Problem> {
    let number = ids.len();
    let kept = state.config.trash_days;
    let at = state.ask(&state.catalog, TrashIsos { ids, who: who.to_owned() }).await?;
    let done = counted(number, ("deleted", "gelöscht"), language);
    if kept == 0 {
        return Ok(Notice::done(done));
    }
    let days = days(kept, language);
    let text = match language {
        Language::En => format!("{done} The trash keeps the files for {days}."),
        Language::De => format!("{done} Der Papierkorb behält die Dateien noch {days}."),
    };
    Ok(Notice::done(text).undo(format!("/ui/library/undo/{}", at.timestamp_micros())))
}

fn restored(number: usize, language: Language) -> String {
    counted(number, ("back in the library", "wieder in der Bibliothek"), language)
}

/// "1 image is deleted.", "12 Abbilder sind gelöscht."
fn counted(number: usize, (en, de): (&str, &str), language: Language) -> String {
    let text = sentences::grouped(number as u64, language);
    match (number, language) {
        (1, Language::En) => format!("1 image is {en}."),
        (_, Language::En) => format!("{text} images are {en}."),
        (1, Language::De) => format!("1 Abbild ist {de}."),
        (_, Language::De) => format!("{text} Abbilder sind {de}."),
    }
}
