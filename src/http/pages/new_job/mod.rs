//! The page `/jobs/new`: which drive, how, under which name, where to. A dialog where there is a script.

mod choice;
mod forms;
pub mod name;

pub use forms::create;

use super::{
    fields::{Choice, Field, Mistakes},
    frame::{self, Frame, Place},
    options, sentences,
    view::{self, DriveCard},
};
use crate::{
    drives::DriveSnapshot,
    error::{Code, Problem},
    http::{
        AppState,
        auth::{May, Operate},
        params::Params,
        probe,
        wire::Disk,
        words::Language,
    },
    jobs, storage,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Data},
};
use askama::Template;
use choice::Chosen;
use std::path::PathBuf;

/// Names of the fields beside the options.
const FIELDS: [&str; 5] = ["device", "mode", "filename", "output_path", "priority"];

/// The page.
#[derive(Template)]
#[template(path = "new_job.html")]
struct NewJob {
    frame: Frame,
    drives: Vec<DriveCard>,
    drive: Option<DriveCard>,
    archived: Option<Archived>,
    trouble: Option<String>,
    mode: Field,
    name: Field,
    name_said: String,
    folder: Field,
    priority: Field,
    options: Vec<Field>,
    unfold: bool,
}

/// The image that there is already of the disc.
struct Archived {
    name: String,
    url: String,
    when: (String, String),
}

/// The form with the drive of the query, or the only one there is.
///
/// # Errors
/// `invalid_query`, or `unavailable` without a database.
pub async fn form(
    _: May<Operate>,
    state: Data<AppState>,
    request: HttpRequest,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let wanted = params.text("drive");
    let frame = Frame::new(&request, Place::Jobs, "");
    let all = state.registry.all();
    let drive = match &wanted {
        Some(text) => state.registry.find(text),
        None if all.len() == 1 => all.first().cloned(),
        None => None,
    };
    let mut chosen = Chosen::remembered(&request);
    chosen.filename = drive.as_ref().and_then(|drive| drive.medium.as_ref()).map(|disc| jobs::proposed_name(&disc.label));
    show(&state, frame, StatusCode::OK, drive, chosen, &Mistakes::new(), None).await
}

async fn show(
    state: &Data<AppState>,
    mut frame: Frame,
    status: StatusCode,
    drive: Option<DriveSnapshot>,
    chosen: Chosen,
    mistakes: &Mistakes,
    trouble: Option<String>,
) -> Result<HttpResponse, Problem> {
    let language = frame.language;
    frame.title = language.pick("New job", "Neue Aufgabe").to_owned();
    frame.here = drive.as_ref().map_or_else(|| "/jobs/new".to_owned(), |drive| format!("/jobs/new?drive={}", drive.id));
    let disks: Vec<Disk> = state.registry.all().iter().map(Disk::from).collect();
    let roots = state.config.allowed_roots();
    let looked = roots.clone();
    let spaces = web::block(move || looked.iter().map(|root| probe::space(root)).collect::<Vec<_>>()).await;
    let spaces = spaces.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let said = match chosen.filename.as_deref().filter(|_| mistakes.is_empty()) {
        Some(name) => name::say(&jobs::preview_name(name, &chosen.output_path, &roots).await, language),
        None => String::new(),
    };
    let card = |drive: &DriveSnapshot| view::drive(&Disk::from(drive), None, &disks, language);
    let page = NewJob {
        drives: state.registry.all().iter().map(card).collect(),
        archived: archived(state, drive.as_ref(), language).await?,
        trouble,
        mode: mode(&chosen, drive.as_ref(), mistakes, language),
        name: name_field(&chosen, mistakes, language),
        name_said: said,
        folder: folder(&chosen, &roots, &spaces, mistakes, language),
        priority: Field::new(
            "priority",
            "number",
            language.pick("Priority", "Vorrang"),
            language.pick("Larger goes first.", "Größer kommt zuerst."),
            mistakes,
        )
        .value(&chosen.priority, "0")
        .range(-100, 100, ""),
        options: options::fields(&chosen.options, &[], mistakes, language),
        unfold: !chosen.options.is_empty() || mistakes.keys().any(|name| name.starts_with("options.") || name == "priority"),
        drive: drive.as_ref().map(card),
        frame,
    };
    Ok(frame::show(status, &page.frame, &page))
}

/// The disc may be in the library already.
async fn archived(state: &AppState, drive: Option<&DriveSnapshot>, language: Language) -> Result<Option<Archived>, Problem> {
    let Some(disc) = drive.and_then(|drive| drive.medium.as_ref()).map(|medium| medium.fingerprint.clone()) else {
        return Ok(None);
    };
    let found = state.read(Code::NotFound, move |conn| storage::isos::archived(conn, &disc)).await?;
    Ok(found.map(|image| Archived {
        url: format!("/library/{}", image.id),
        when: view::when(image.created_at, language),
        name: image.filename,
    }))
}

fn mode(chosen: &Chosen, drive: Option<&DriveSnapshot>, mistakes: &Mistakes, language: Language) -> Field {
    let set = drive.map_or("standard", |drive| drive.settings.mode.as_str());
    let mode = if chosen.mode.is_empty() { set } else { &chosen.mode };
    Field::new("mode", "radio", language.pick("What to make", "Was entstehen soll"), "", mistakes)
        .choices(options::modes(mode, language))
}

fn name_field(chosen: &Chosen, mistakes: &Mistakes, language: Language) -> Field {
    let help =
        language.pick("Without folder and ending. Empty: the disc's label.", "Ohne Ordner und Endung. Leer: der Name der Disc.");
    let usual = language.pick("the disc's label", "der Name der Disc");
    Field::new("filename", "text", language.pick("Name of the image", "Name des Abbilds"), help, mistakes)
        .value(chosen.filename.as_deref().unwrap_or_default(), usual)
        .range(0, 204, "")
}

fn folder(
    chosen: &Chosen,
    roots: &[PathBuf],
    spaces: &[crate::http::wire::Space],
    mistakes: &Mistakes,
    language: Language,
) -> Field {
    let room = |space: &crate::http::wire::Space| match space.available {
        Some(free) => {
            let free = sentences::size(free, language);
            language.pick(format!("{} ({free} free)", space.path), format!("{} ({free} frei)", space.path))
        }
        None => space.path.clone(),
    };
    let list = spaces.iter().map(room).collect::<Vec<_>>().join(", ");
    let help = language.pick(
        format!("A folder below {list}. It is made if it does not exist."),
        format!("Ein Ordner unterhalb von {list}. Er wird angelegt, wenn es ihn nicht gibt."),
    );
    let first = roots.first().map(|root| root.display().to_string()).unwrap_or_default();
    let known = |root: &PathBuf| Choice::new("", root.display().to_string(), false);
    Field::new("output_path", "text", language.pick("Folder", "Ordner"), help, mistakes)
        .value(&chosen.output_path, first)
        .range(0, 1000, "")
        .choices(roots.iter().map(known).collect())
}
