//! What would become of a wished name.

use serde::Serialize;
use utoipa::ToSchema;

/// What would become of a wished name; nothing is changed by asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({ "ok": true, "name": "PHOTOS 2004", "path": "/srv/images/PHOTOS 2004_2", "taken": true, "field": null,
    "message": "The name is taken; the image will be called PHOTOS 2004_2." }))]
pub struct NameDocument {
    /// Whether a job could be created with it.
    pub ok: bool,
    /// The name without an ending; empty if it is refused.
    pub name: String,
    /// Folder and name that the image would get, without an ending; empty if it is refused.
    pub path: String,
    /// Whether the name is taken, so that a number is put behind it.
    pub taken: bool,
    /// What is refused: `filename` or `output_path`.
    pub field: Option<String>,
    /// A sentence for people, in the language that the request prefers.
    pub message: String,
}
