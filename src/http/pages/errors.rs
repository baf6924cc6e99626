//! A refusal as a page: what happened, what to do, a way back. And who has to sign in first is led there.

use super::frame::{self, Frame, Place};
use crate::{
    error::{Class, Code, Problem},
    http::words::Language,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
};
use askama::Template;

/// Addresses for programs: they get problem documents.
const FOR_PROGRAMS: [&str; 7] = ["/api", "/ws", "/events", "/health", "/metrics", "/openapi.json", "/assets"];

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    status: u16,
    /// The service's own words: what was attempted, on what, why not.
    detail: String,
    advice: &'static str,
    /// Where people came from, if that was a page of ours.
    back: Option<String>,
}

/// The answer for somebody who looks at pages; `None` for programs.
pub fn page(request: &HttpRequest, problem: &Problem) -> Option<HttpResponse> {
    if !is_for_people(request) {
        return None;
    }
    match problem.code {
        Code::SignInNeeded => return Some(lead(request, "/login")),
        Code::SetUpNeeded => return Some(frame::go("/setup", None)),
        _ => {}
    }
    let frame = Frame::new(request, Place::Outside, "");
    let title = title(problem.code, frame.language);
    let page = ErrorPage {
        status: problem.code.status(),
        detail: detail(problem, request, frame.language),
        advice: advice(problem.code, frame.language),
        back: referer(request).filter(|path| *path != frame.here),
        frame: Frame { title: title.to_owned(), ..frame },
    };
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Some(frame::show(status, &page.frame, &page))
}

fn is_for_people(request: &HttpRequest) -> bool {
    let path = request.path();
    let program =
        FOR_PROGRAMS.iter().any(|start| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    // The one page below an address for programs.
    let program = program && path != "/api/docs";
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    !program && accepted.contains("text/html")
}

/// To another page that leads back here; a form leads back to the page that it was on.
fn lead(request: &HttpRequest, to: &str) -> HttpResponse {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let here = || request.uri().path_and_query().map(ToString::to_string);
    let next = if safe { here() } else { referer(request) }.unwrap_or_else(|| "/".to_owned());
    let next = percent_encoding::utf8_percent_encode(&next, percent_encoding::NON_ALPHANUMERIC);
    frame::go(&format!("{to}?next={next}"), None)
}

/// Path and query of the page that led here, if it is one of this service.
fn referer(request: &HttpRequest) -> Option<String> {
    let from: actix_web::http::Uri = request.headers().get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let ours = from.authority().is_some_and(|authority| authority.as_str() == host);
    from.path_and_query().filter(|_| ours).map(ToString::to_string)
}

/// Who lost their way gets a sentence in their language; everything else in the words of whoever refused.
fn detail(problem: &Problem, request: &HttpRequest, language: Language) -> String {
    match (problem.code, language) {
        (Code::NotFound, Language::En) => format!("There is no page {}.", request.path()),
        (Code::NotFound, Language::De) => format!("Es gibt keine Seite {}.", request.path()),
        (Code::MethodNotAllowed, Language::De) => format!("{} ist bei {} nicht möglich.", request.method(), request.path()),
        _ => problem.detail.clone(),
    }
}

/// What to do about it.
fn advice(code: Code, language: Language) -> &'static str {
    let (en, de) = match (code, code.class()) {
        (Code::Forbidden, _) => {
            ("Ask whoever runs this service for the right to do this.", "Wer diesen Dienst betreibt, kann das Recht dazu geben.")
        }
        (Code::NotFound | Code::MethodNotAllowed, _) => {
            ("The address may be mistyped or old.", "Die Adresse ist vielleicht vertippt oder veraltet.")
        }
        (Code::JobUnknown | Code::IsoUnknown | Code::DriveUnknown, _) => {
            ("It was probably removed meanwhile.", "Wahrscheinlich wurde es inzwischen entfernt.")
        }
        (Code::CsrfRefused, _) => (
            "Load the page again and press the button once more.",
            "Die Seite neu laden und noch einmal auf die Schaltfläche drücken.",
        ),
        (_, Class::Transient) => ("Try again in a moment.", "Gleich noch einmal versuchen."),
        (_, Class::Permanent) => ("Go back and change what was asked for.", "Zurückgehen und ändern, was verlangt wurde."),
        (_, Class::Operator) => ("Deal with the cause, then try again.", "Die Ursache beheben, dann noch einmal versuchen."),
        (_, Class::Bug) => {
            ("The service's log says more. Please report it.", "Das Protokoll des Dienstes sagt mehr. Bitte melden.")
        }
    };
    language.pick(en, de)
}

/// What happened, in a few words.
pub fn title(code: Code, language: Language) -> &'static str {
    let german = match code {
        Code::InvalidField => "Ein Feld hat einen Wert, der nicht erlaubt ist",
        Code::InvalidQuery => "Eine Angabe in der Adresse ist nicht erlaubt",
        Code::TooLarge => "Die Anfrage ist zu groß",
        Code::NotFound => "Hier ist nichts",
        Code::DriveUnknown => "Dieses Laufwerk gibt es nicht",
        Code::JobUnknown => "Diese Aufgabe gibt es nicht",
        Code::IsoUnknown => "Dieses Abbild gibt es nicht",
        Code::FileMissing => "Die Datei des Abbilds ist nicht mehr da",
        Code::MethodNotAllowed => "Das geht an dieser Adresse nicht",
        Code::SignInNeeded => "Niemand ist angemeldet",
        Code::SetUpNeeded => "Der Dienst ist noch nicht eingerichtet",
        Code::Forbidden => "Dieses Konto darf das nicht",
        Code::CsrfRefused => "Diese Seite ist veraltet",
        Code::RateLimited => "Zu viele Anfragen",
        Code::OriginRefused => "Von dort werden keine Anfragen angenommen",
        Code::NotADrive => "Das ist kein optisches Laufwerk dieses Dienstes",
        Code::OutsideRoots => "Der Ordner liegt außerhalb der erlaubten Ordner",
        Code::NotVirtual => "Nur virtuelle Laufwerke nehmen Abbild-Dateien",
        Code::DriveBusy => "Eine Aufgabe benutzt dieses Laufwerk",
        Code::DriveWedged => "Das Laufwerk antwortet nicht",
        Code::DriveGone => "Das Laufwerk ist nicht angeschlossen",
        Code::DriveDisabled => "Das Laufwerk ist ausgeschaltet",
        Code::DriveInUse => "Ein anderes Programm benutzt die Disc in diesem Laufwerk",
        Code::DriveRefused => "Das Laufwerk hat den Befehl abgelehnt",
        Code::NoMedium => "Im Laufwerk liegt keine Disc",
        Code::DiscUnsupported => "Aus dieser Art von Disc lässt sich so kein Abbild machen",
        Code::WrongDisc => "In diesem Laufwerk liegt eine andere Disc",
        Code::NoDecisionNeeded => "Die Aufgabe braucht keine Entscheidung",
        Code::NoMap => "Es gibt keine Sektorkarte",
        Code::NoResult => "Die Aufgabe hat kein solches Ergebnis",
        Code::JobFinished => "Die Aufgabe ist schon zu Ende",
        Code::JobNotRetryable => "Diese Aufgabe lässt sich nicht wiederholen",
        Code::JobActive => "Die Aufgabe ist noch nicht zu Ende",
        Code::JobNotRunning => "Die Aufgabe läuft nicht",
        Code::JobNotQueued => "Die Aufgabe ist nicht in der Warteschlange",
        Code::Conflict => "Das wurde gleichzeitig anderswo geändert",
        Code::Unavailable => "Ein Teil des Dienstes ist gerade nicht erreichbar",
        Code::Internal => "Im Dienst ist etwas schiefgegangen",
        Code::NameTaken => "Ein Abbild dieses Namens gibt es schon",
        Code::TooManyClients => "Zu viele Verbindungen",
        _ => "Das war nicht möglich",
    };
    language.pick(code.title(), german)
}
