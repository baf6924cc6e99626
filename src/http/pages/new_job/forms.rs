//! The form of a new job, sent.

use super::{Chosen, FIELDS, show};
use crate::{
    error::{Code, Problem},
    http::{
        AppState,
        auth::{May, Operate},
        form::Form,
        pages::{
            fields::{self, Mistakes, number},
            frame::{self, Frame, Notice, Place},
            options,
        },
    },
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};

/// Creates the job, or shows the form again with what is wrong beside its field.
///
/// # Errors
/// `unavailable`.
pub async fn create(may: May<Operate>, state: Data<AppState>, request: HttpRequest, form: Form) -> Result<HttpResponse, Problem> {
    let frame = Frame::new(&request, Place::Jobs, "");
    let language = frame.language;
    let drive = form.text("device").and_then(|device| state.registry.find(device));
    let chosen = Chosen::filled_in(&request, &form);
    let mut mistakes = Mistakes::new();
    let mut job = chosen.request(form.text("device").unwrap_or_default().to_owned());
    job.by = may.account();
    job.options = options::parse(&form, language, &mut mistakes);
    let priority = number(&form, "priority", -100, 100, language, &mut mistakes);
    job.priority = priority.and_then(|number| i32::try_from(number).ok()).unwrap_or(0);
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    if !mistakes.is_empty() {
        return show(&state, frame, again, drive, chosen, &mistakes, None).await;
    }
    match state.ask(&state.dispatcher, job).await {
        Ok(job) => {
            let disc = if job.disk_label.is_empty() { job.device } else { job.disk_label };
            let text = language.pick(
                format!("The job for {disc} is in the queue."),
                format!("Die Aufgabe für {disc} ist in der Warteschlange."),
            );
            let mut response = frame::back(form.next(&format!("/jobs/{}", job.id)), Ok(Notice::done(text)));
            if let Some(cookie) = chosen.cookie()
                && let Err(error) = response.add_cookie(&cookie)
            {
                tracing::debug!(%error, "the choice is not remembered");
            }
            Ok(response)
        }
        Err(problem) if problem.code == Code::Unavailable => Err(problem),
        Err(problem) => {
            // What is about the drive or the disc stands above the form.
            let rest = match problem.field.as_deref() {
                Some("device") | None => Err(problem),
                Some(_) => fields::refused(problem, &FIELDS, language, &mut mistakes),
            };
            let trouble = rest.err().map(|problem| problem.to_string());
            show(&state, frame, again, drive, chosen, &mistakes, trouble).await
        }
    }
}
