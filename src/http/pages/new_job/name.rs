//! The name of an image, checked while it is typed: the same check and the same words as when the form is sent.

use crate::{
    error::Problem,
    http::{
        AppState,
        pages::fields::{self, Mistakes},
        wire::NameDocument,
        words::Language,
    },
    jobs::{NamePreview, preview_name},
};

/// What would become of a name and a folder; refusals are told in the document.
///
/// # Errors
/// What is neither about the name nor about the folder.
pub async fn check(state: &AppState, name: &str, folder: &str, language: Language) -> Result<NameDocument, Problem> {
    let preview = preview_name(name, folder, &state.config.allowed_roots()).await;
    let message = say(&preview, language);
    match preview {
        Ok(found) => Ok(NameDocument {
            ok: true,
            path: found.stem.display().to_string(),
            name: found.name,
            taken: found.taken,
            field: None,
            message,
        }),
        Err(problem) => {
            let mut mistakes = Mistakes::new();
            fields::refused(problem, &super::FIELDS, language, &mut mistakes)?;
            let (field, message) = mistakes.pop_first().unwrap_or_default();
            Ok(NameDocument { ok: false, name: String::new(), path: String::new(), taken: false, field: Some(field), message })
        }
    }
}

/// What becomes of the name, in a sentence; nothing if it is refused, which is said at its field.
pub fn say(preview: &Result<NamePreview, Problem>, language: Language) -> String {
    let Ok(found) = preview else { return String::new() };
    let file = found.stem.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if found.taken {
        return language.pick(
            format!("The name is taken; the image will be called {file}."),
            format!("Der Name ist vergeben; das Abbild wird {file} heißen."),
        );
    }
    language.pick(format!("The image will be called {file}."), format!("Das Abbild wird {file} heißen."))
}
