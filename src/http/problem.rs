//! Errors on the wire: problem documents after RFC 9457 with a stable `code`.

use crate::{
    error::{Class, Code, Problem},
    storage::StorageError,
};
use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:disk2iso:problem:invalid_field", "title": "A field has a value that is not allowed", "status": 422,
    "detail": "priority: 1000 is not allowed; -100 to 100", "code": "invalid_field", "class": "permanent", "field": "priority",
    "instance": "/api/v1/jobs"
}))]
pub struct ProblemDocument {
    /// `urn:disk2iso:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short text for people; the same for every problem of this code.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What was attempted on what, why it failed, what to do.
    pub detail: String,
    /// Stable word for programs.
    pub code: String,
    /// `transient` (try again), `permanent`, `operator` (a person has to do something) or `bug`.
    pub class: String,
    /// Field of the body, parameter of the query or header that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl ProblemDocument {
    /// The document for a problem.
    pub fn new(problem: &Problem, instance: Option<&str>) -> Self {
        let code = problem.code;
        Self {
            kind: format!("urn:disk2iso:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: problem.detail.clone(),
            code: code.as_str().to_owned(),
            class: class_word(code.class()).to_owned(),
            field: problem.field.clone(),
            instance: instance.map(str::to_owned),
        }
    }
}

/// The word of a class.
pub fn class_word(class: Class) -> &'static str {
    match class {
        Class::Transient => "transient",
        Class::Permanent => "permanent",
        Class::Operator => "operator",
        Class::Bug => "bug",
    }
}

/// The response for a problem. `instance` is the path of the request, where it is known.
pub fn response(problem: &Problem, instance: Option<&str>) -> HttpResponse {
    let mut builder = HttpResponse::build(status(problem.code));
    builder.insert_header((header::CONTENT_TYPE, MEDIA_TYPE)).insert_header((header::CACHE_CONTROL, "no-store"));
    if problem.code.status() == 503 {
        builder.insert_header((header::RETRY_AFTER, "5"));
    }
    let mut response = builder.json(ProblemDocument::new(problem, instance));
    // For `guard`, which shows it as a page to whoever looks at pages.
    response.extensions_mut().insert(problem.clone());
    response
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.code)
    }

    /// Without the path: `guard` puts it in, because it knows the request.
    fn error_response(&self) -> HttpResponse {
        response(self, None)
    }
}

/// Trouble with the database for whoever asked; `missing` is what "not found" means here. Logged here, once.
pub fn from_storage(error: &StorageError, missing: Code) -> Problem {
    match error {
        StorageError::NotFound => Problem::new(missing, missing.title()),
        StorageError::Conflict(text) => Problem::new(Code::Conflict, text.clone()),
        StorageError::Unique(_) => Problem::new(Code::Conflict, error.to_string()),
        // The lists' own parameters are checked before; what is left is a cursor that nobody gave out.
        StorageError::Invalid(text) => Problem::new(Code::InvalidQuery, text.clone()).about("cursor"),
        StorageError::Unavailable(text) => {
            tracing::warn!(%error, "database unavailable");
            Problem::new(Code::Unavailable, format!("The database does not answer: {text}"))
        }
        StorageError::Corrupt(_) | StorageError::Panicked(_) | StorageError::Other(_) => {
            tracing::error!(%error, "database");
            Problem::new(Code::Internal, "The database gave an unexpected answer; the service's log says which")
        }
    }
}
