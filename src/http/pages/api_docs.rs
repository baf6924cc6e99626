//! The page `/api/docs`: the API to read and to try, by Swagger UI.

use super::frame::{self, Frame, Place};
use crate::{
    error::Problem,
    http::{
        assets,
        auth::{Look, May},
        params::Params,
    },
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

#[derive(Template)]
#[template(path = "api_docs.html")]
struct Page {
    frame: Frame,
    /// Address of Swagger UI's styles; empty without the front end's bundle.
    styles: String,
}

/// The page. Without JavaScript it leads to the document itself.
///
/// # Errors
/// `invalid_query`.
pub async fn show(_: May<Look>, params: Params, request: HttpRequest) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let frame = Frame::new(&request, Place::Outside, "API");
    let page = Page { frame, styles: assets::address("swagger.css") };
    Ok(frame::show(StatusCode::OK, &page.frame, &page))
}
