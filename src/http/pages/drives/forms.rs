//! The buttons and forms of drives: the same commands as the API's, with the same checks.

use super::{Left, find, settings, settings::Shown, show};
use crate::{
    drives::DriveCommand,
    error::{Code, Problem},
    http::{
        AppState, api,
        auth::{May, Operate},
        form::Form,
        pages::{
            fields::{self, Mistakes},
            frame::{self, Frame, Notice, Place},
        },
        params::drive_id,
        words::Language,
    },
    jobs::CreateJob,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use std::path::PathBuf;

/// Images the disc in a drive.
pub async fn image(
    may: May<Operate>,
    state: Data<AppState>,
    drive: Path<String>,
    request: HttpRequest,
    form: Form,
) -> HttpResponse {
    let language = Language::of(&request);
    let job = CreateJob { device: drive.into_inner(), by: may.account(), ..CreateJob::default() };
    let outcome = state.ask(&state.dispatcher, job).await.map(|job| {
        let disc = if job.disk_label.is_empty() { job.device } else { job.disk_label };
        Notice::done(
            language.pick(format!("The image of {disc} is being made."), format!("Das Abbild von {disc} wird erstellt.")),
        )
    });
    frame::back(form.next("/"), outcome)
}

/// Opens the tray.
pub async fn eject(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    tray(&state, &drive, DriveCommand::Eject, &form).await
}

/// Closes the tray.
pub async fn close(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    tray(&state, &drive, DriveCommand::Close, &form).await
}

/// A tray that moves is seen on the page; only a refusal has to be said.
async fn tray(state: &AppState, drive: &str, command: DriveCommand, form: &Form) -> HttpResponse {
    let outcome = match drive_id(drive) {
        Ok(id) => state.registry.send(&id, command).await,
        Err(problem) => Err(problem),
    };
    frame::go(form.next("/"), outcome.err().map(|problem| Notice::refused(&problem)))
}

/// Puts an image file into a virtual drive: one of its folder, or a path.
///
/// # Errors
/// `drive_unknown`, or `unavailable`.
pub async fn insert(
    _: May<Operate>,
    state: Data<AppState>,
    id: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (id, language) = (drive_id(&id)?, Language::of(&request));
    let drive = find(&state, &id)?;
    let mut mistakes = Mistakes::new();
    let given = form.text("file").map(|name| PathBuf::from(drive.path()).join(name).display().to_string());
    let Some(path) = given.or_else(|| form.text("image").map(str::to_owned)) else {
        mistakes.insert("image".to_owned(), language.pick("Choose a file", "Bitte eine Datei wählen").to_owned());
        return show(&state, &id, &request, StatusCode::UNPROCESSABLE_ENTITY, Left { mistakes, ..Left::default() }).await;
    };
    let inserted = match api::disks::insertable(&drive, path.clone()).await {
        Ok(file) => state.registry.send(&id, DriveCommand::Insert(file)).await,
        Err(problem) => Err(problem),
    };
    match inserted {
        Ok(()) => {
            let file = path.rsplit('/').next().unwrap_or_default();
            let text = language.pick(format!("{file} is in the drive."), format!("{file} liegt im Laufwerk."));
            Ok(frame::back(form.next(&format!("/drives/{id}")), Ok(Notice::done(text))))
        }
        Err(problem) if problem.field.as_deref() == Some("image") => {
            let german = format!("{path} lässt sich nicht einlegen: keine Datei, oder kein vollständiger Pfad");
            mistakes.insert("image".to_owned(), language.pick(problem.detail, german));
            show(&state, &id, &request, StatusCode::UNPROCESSABLE_ENTITY, Left { mistakes, path, ..Left::default() }).await
        }
        Err(problem) => Ok(frame::back(form.next("/drives"), Err(problem))),
    }
}

/// Changes the settings: all of them at once, as the form shows them.
///
/// # Errors
/// `drive_unknown`, or `unavailable`.
pub async fn change(
    _: May<Operate>,
    state: Data<AppState>,
    id: Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::new(&request, Place::Drives, "");
    let (id, language) = (drive_id(&id)?, frame.language);
    find(&state, &id)?;
    let mut mistakes = Mistakes::new();
    let change = settings::parse(&form, language, &mut mistakes);
    if mistakes.is_empty() {
        let outcome = state.registry.send(&id, DriveCommand::Change(Box::new(change))).await;
        match outcome.map_err(|problem| fields::refused(problem, &settings::FIELDS, language, &mut mistakes)) {
            Ok(()) => {
                let notice = Notice::done(frame.t("The settings are stored.", "Die Einstellungen sind gespeichert."));
                return Ok(frame::back(&format!("/drives/{id}"), Ok(notice)));
            }
            Err(Err(problem)) if problem.code == Code::DriveUnknown => return Err(problem),
            Err(Err(problem)) => return Ok(frame::back(&format!("/drives/{id}"), Err(problem))),
            Err(Ok(())) => {}
        }
    }
    let left = Left { shown: Some(Shown::filled_in(&form)), mistakes, ..Left::default() };
    show(&state, &id, &request, StatusCode::UNPROCESSABLE_ENTITY, left).await
}
