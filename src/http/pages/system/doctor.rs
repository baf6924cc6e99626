//! `/system/doctor`: what is wrong with drives, permissions, programs and folders, and how to mend it.

use super::{Tab, tabs};
use crate::{
    doctor::{Both, Finding, Severity},
    error::Problem,
    http::{
        AppState,
        auth::{Look, May, Operate},
        checkup::Report,
        form::Form,
        pages::{
            frame::{self, Frame, Place},
            view::when,
        },
        words::{Language, Role},
    },
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use std::time::Duration;

/// Nobody waits longer for a page; what takes longer is said.
const PATIENCE: Duration = Duration::from_secs(4);

/// A finding in words.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is about.
    pub topic: &'static str,
    /// How it is meant.
    pub role: Role,
    /// What was found.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// To be copied.
    pub commands: Vec<String>,
}

#[derive(Template)]
#[template(path = "system_doctor.html")]
struct Page {
    frame: Frame,
    tabs: Vec<Tab>,
    role: Role,
    sentence: String,
    when: Option<(String, String)>,
    running: Option<String>,
    trouble: Vec<Entry>,
    fine: Vec<Entry>,
}

/// The page.
///
/// # Errors
/// None.
pub async fn doctor(_: May<Look>, state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let report = state.checkup.recent(&state, PATIENCE).await;
    let frame = Frame::new(&request, Place::System, "");
    let frame = Frame { title: frame.t("Doctor", "Diagnose").to_owned(), ..frame };
    let frame = frame.refreshed(if report.running.is_some() { 3 } else { 0 });
    let language = frame.language;
    let (trouble, fine) = entries(&report.findings, language);
    let (role, sentence) = summary(&report, language);
    let page = Page {
        tabs: tabs(&frame, "/system/doctor"),
        role,
        sentence,
        when: report.at.map(|at| when(at, language)),
        running: report.running.as_ref().map(|(_, at)| pick(at, language).to_owned()),
        trouble,
        fine,
        frame,
    };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}

/// Looks again, and leads back to the page.
///
/// # Errors
/// None.
pub async fn again(_: May<Operate>, state: Data<AppState>, form: Form) -> HttpResponse {
    state.checkup.anew(&state, PATIENCE).await;
    frame::go(form.next("/system/doctor"), None)
}

/// A text in this language.
pub fn pick(text: &Both, language: Language) -> &str {
    language.pick(text.en.as_str(), text.de.as_str())
}

/// What is wrong, worst first, and what is as it should be.
pub fn entries(findings: &[Finding], language: Language) -> (Vec<Entry>, Vec<Entry>) {
    let mut trouble: Vec<&Finding> = findings.iter().filter(|finding| finding.severity != Severity::Ok).collect();
    trouble.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let fine = findings.iter().filter(|finding| finding.severity == Severity::Ok);
    (
        trouble.into_iter().map(|finding| entry(finding, language)).collect(),
        fine.map(|finding| entry(finding, language)).collect(),
    )
}

fn entry(finding: &Finding, language: Language) -> Entry {
    Entry {
        topic: topic(finding.topic, language),
        role: match finding.severity {
            Severity::Ok => Role::Good,
            Severity::Note => Role::Caution,
            Severity::Bad => Role::Bad,
        },
        text: pick(&finding.text, language).to_owned(),
        advice: pick(&finding.advice, language).to_owned(),
        commands: finding.commands.clone(),
    }
}

fn topic(topic: &'static str, language: Language) -> &'static str {
    match topic {
        "drive" => language.pick("Drive", "Laufwerk"),
        "usb" => "USB",
        "udev" => language.pick("News of drives", "Neues von Laufwerken"),
        "tray" => language.pick("Tray", "Schublade"),
        "tool" => language.pick("Program", "Programm"),
        "state" => language.pick("Folder of the service", "Ordner des Dienstes"),
        "output" => language.pick("Folder for images", "Ordner für Abbilder"),
        "database" => language.pick("Database", "Datenbank"),
        "hook" => language.pick("Hook", "Eigenes Programm"),
        "web" => language.pick("Address", "Adresse"),
        other => other,
    }
}

fn summary(report: &Report, language: Language) -> (Role, String) {
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let (bad, notes) = (count(Severity::Bad), count(Severity::Note));
    match (report.at, bad, notes) {
        (None, ..) => (Role::Active, language.pick("Looking …", "Sieht nach …").to_owned()),
        (_, 0, 0) => (Role::Good, language.pick("Everything is as it should be.", "Alles ist, wie es sein soll.").to_owned()),
        (_, 0, 1) => (Role::Good, language.pick("Everything works; one hint.", "Alles geht; ein Hinweis.").to_owned()),
        (_, 0, notes) => (
            Role::Good,
            match language {
                Language::En => format!("Everything works; {notes} hints."),
                Language::De => format!("Alles geht; {notes} Hinweise."),
            },
        ),
        (_, 1, _) => (Role::Bad, language.pick("One thing does not work.", "Etwas geht nicht.").to_owned()),
        (_, bad, _) => (
            Role::Bad,
            match language {
                Language::En => format!("{bad} things do not work."),
                Language::De => format!("{bad} Dinge gehen nicht."),
            },
        ),
    }
}
