//! Choosing the language of the pages.

use super::frame;
use crate::{
    error::{Code, Problem},
    http::{
        auth::{May, Open},
        params::Params,
        words::{LANGUAGE_COOKIE, Language},
    },
};
use actix_web::{
    HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    web::Path,
};

/// Remembers the language in this browser and leads back.
///
/// # Errors
/// `not_found` for a language that there is not.
pub async fn choose(_: May<Open>, tag: Path<String>, mut params: Params) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::new(Code::NotFound, format!("there are no pages in {:?}; there are en and de", tag.as_str()));
    let language = Language::parse(&tag).ok_or_else(unknown)?;
    let next = params.text("next").unwrap_or_default();
    let mut response = frame::go(&next, None);
    let cookie = Cookie::build(LANGUAGE_COOKIE, language.tag())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(400))
        .finish();
    response.add_cookie(&cookie).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    Ok(response)
}
