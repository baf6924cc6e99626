//! Batches: stacks of discs with shelf marks.

use super::State;
use crate::{
    domain::{
        batch::{Batch, MAX_TEXT, is_text},
        ids::BatchId,
    },
    error::{Code, Problem},
    http::{
        auth::{Look, May, Operate},
        body::Json,
        params::{Params, drive_id, id},
        problem::ProblemDocument,
        wire::{BatchBody, CreateBatchBody, List},
    },
    jobs, storage,
};
use actix_web::{HttpResponse, http::header::LOCATION, web};

/// Batches in the list.
const NEWEST: u32 = 100;

/// The newest hundred batches, newest first.
#[utoipa::path(get, path = "/api/v1/batches", tag = "batches", responses(
    (status = 200, description = "Batches", body = List<BatchBody>),
    (status = 400, description = "Unknown parameter", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(_: May<Look>, state: State, params: Params) -> Result<web::Json<List<BatchBody>>, Problem> {
    params.finish()?;
    let found = state.read(Code::NotFound, |conn| storage::batches::list(conn, false, NEWEST)).await?;
    Ok(web::Json(List { items: found.into_iter().map(BatchBody::from).collect(), next_cursor: None }))
}

/// Begins a batch.
#[utoipa::path(post, path = "/api/v1/batches", tag = "batches", request_body = CreateBatchBody, responses(
    (status = 201, description = "The batch", body = BatchBody, headers(("Location" = String, description = "Address of the batch"))),
    (status = 400, description = "`bad_json`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`, with the field", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn create(_: May<Operate>, state: State, params: Params, body: Json<CreateBatchBody>) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let CreateBatchBody { title, marks, automatic, drives } = body.0;
    if !is_text(&title) {
        return Err(Problem::field("title", format!("1 to {MAX_TEXT} characters, no control character, no blank at an end")));
    }
    let known = |drive: &String| drive_id(drive).ok().filter(|id| state.registry.get(id).is_some());
    let unknown = |drive: &String| Problem::field("drives", format!("there is no drive {drive:?}"));
    let drives = drives.iter().map(|drive| known(drive).ok_or_else(|| unknown(drive))).collect::<Result<_, _>>()?;
    let batch = jobs::create_batch(&state.journal, Batch::new(title, automatic, drives), marks).await?;
    let address = format!("/api/v1/batches/{}", batch.id);
    Ok(HttpResponse::Created().insert_header((LOCATION, address)).json(BatchBody::from(batch)))
}

/// One batch with all its discs.
#[utoipa::path(get, path = "/api/v1/batches/{id}", tag = "batches", params(("id" = String, Path, description = "Id of the batch")), responses(
    (status = 200, description = "The batch", body = BatchBody),
    (status = 400, description = "Unknown parameter", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn get(_: May<Look>, state: State, batch: web::Path<String>, params: Params) -> Result<web::Json<BatchBody>, Problem> {
    params.finish()?;
    let id: BatchId = id(&batch, Code::NotFound)?;
    let found = state.read(Code::NotFound, move |conn| storage::batches::get(conn, id)).await?;
    Ok(web::Json(found.into()))
}
