//! The page's buttons: forms that post here and lead back to the page. The same commands as the API's, with the same checks.

use super::frame::{self, Notice};
use crate::{
    drives::DriveCommand,
    error::Problem,
    http::{
        AppState,
        auth::{May, Operate},
        form::Form,
        params::drive_id,
    },
    jobs::CreateJob,
};
use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

/// Images the disc in a drive.
pub async fn image(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    let job = CreateJob { device: drive.into_inner(), ..CreateJob::default() };
    let result = state.ask(&state.dispatcher, job).await.map(drop);
    back(form.next("/"), result)
}

/// Opens the tray.
pub async fn eject(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    let result = command(&state, &drive, DriveCommand::Eject).await;
    back(form.next("/"), result)
}

/// Closes the tray.
pub async fn close(_: May<Operate>, state: Data<AppState>, drive: Path<String>, form: Form) -> HttpResponse {
    let result = command(&state, &drive, DriveCommand::Close).await;
    back(form.next("/"), result)
}

async fn command(state: &AppState, drive: &str, command: DriveCommand) -> Result<(), Problem> {
    state.registry.send(&drive_id(drive)?, command).await
}

/// Back to the page; it says what was not possible, and shows what was done.
fn back(to: &str, result: Result<(), Problem>) -> HttpResponse {
    frame::go(to, result.err().map(|problem| Notice::refused(&problem)))
}
