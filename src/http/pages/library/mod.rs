//! The library: `/library` with filters, `/library/{id}`, and what their buttons do.

mod checksums;
mod filters;
pub mod forms;
mod history;
pub mod image;
pub mod list;

/// The cookie that remembers how the library is shown.
const VIEW: &str = "library_view";

/// Days that what is deleted can be taken back, in words.
fn days(days: u32, language: crate::http::words::Language) -> String {
    match (days, language.tag()) {
        (1, "de") => "1 Tag".to_owned(),
        (1, _) => "1 day".to_owned(),
        (days, "de") => format!("{days} Tage"),
        (days, _) => format!("{days} days"),
    }
}
