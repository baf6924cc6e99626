//! Pages about the service itself: `/system` and what lies below.

pub mod diagnostics;
pub mod doctor;
pub mod logs;
mod status;

pub use status::status;

use super::frame::Frame;

/// One of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tab {
    /// Its address.
    pub url: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Whether it is this page.
    pub current: bool,
}

/// The pages that whoever is signed in may see.
fn tabs(frame: &Frame, current: &str) -> Vec<Tab> {
    let all = [
        ("/system", frame.language.pick("Status", "Zustand")),
        ("/system/logs", frame.language.pick("Events", "Ereignisse")),
        ("/system/logs/service", frame.language.pick("Service log", "Protokoll des Dienstes")),
        ("/system/doctor", frame.language.pick("Doctor", "Diagnose")),
        ("/system/diagnostics", frame.language.pick("Diagnostics bundle", "Paket zur Fehlersuche")),
    ];
    let allowed = all.into_iter().filter(|(url, _)| frame.may_use("GET", url));
    allowed.map(|(url, label)| Tab { url, label, current: url == current }).collect()
}
