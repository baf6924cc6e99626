//! Accounts.

use super::State;
use crate::{
    error::{Code, Problem},
    http::{
        auth::{Administer, May, accounts, origin},
        body::Json,
        params::Params,
        problem::ProblemDocument,
        wire::{ChangeUserBody, CreateUserBody, List, NewUserBody, UserBody, role},
    },
    storage::access::users,
};
use actix_web::{HttpRequest, HttpResponse, web};

/// All accounts, by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "access", responses(
    (status = 200, description = "Accounts", body = List<UserBody>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(_: May<Administer>, state: State, params: Params) -> Result<web::Json<List<UserBody>>, Problem> {
    params.finish()?;
    let found = state.read(Code::UserUnknown, users::list).await?;
    Ok(web::Json(List { items: found.into_iter().map(UserBody::from).collect(), next_cursor: None }))
}

/// Makes an account. Without a password the answer has a link with which its owner chooses one.
#[utoipa::path(post, path = "/api/v1/users", tag = "access", request_body = CreateUserBody, responses(
    (status = 201, description = "The account", body = NewUserBody),
    (status = 400, description = "`bad_json`, `invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`user_name_taken`, `conflict`: there are too many", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn create(
    may: May<Administer>,
    state: State,
    request: HttpRequest,
    params: Params,
    body: Json<CreateUserBody>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let body = body.0;
    let made = accounts::create(&state, may.name(), &body.name, role(&body.role)?, body.password.as_deref()).await;
    let (user, link) = made?;
    let link = link.map(|link| accounts::link_address(&origin::base(&request, &state.config), &link));
    Ok(HttpResponse::Created().json(NewUserBody { about: user.into(), link }))
}

/// One account.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "access", params(("id" = String, Path, description = "Id of the account")), responses(
    (status = 200, description = "The account", body = UserBody),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`user_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn get(
    _: May<Administer>,
    state: State,
    id: web::Path<String>,
    params: Params,
) -> Result<web::Json<UserBody>, Problem> {
    params.finish()?;
    let user = state.read(Code::UserUnknown, move |conn| users::get(conn, &id)).await?;
    Ok(web::Json(user.into()))
}

/// Changes an account.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "access", params(("id" = String, Path, description = "Id of the account")), request_body = ChangeUserBody, responses(
    (status = 200, description = "The account as it is now", body = UserBody),
    (status = 400, description = "`bad_json`, `invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`user_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`user_name_taken`, `last_admin`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn change(
    may: May<Administer>,
    state: State,
    id: web::Path<String>,
    params: Params,
    body: Json<ChangeUserBody>,
) -> Result<web::Json<UserBody>, Problem> {
    params.finish()?;
    let ChangeUserBody { name, role: word, blocked } = body.0;
    let change = accounts::Change { name, role: word.as_deref().map(role).transpose()?, blocked };
    Ok(web::Json(accounts::change(&state, may.name(), &id, change).await?.into()))
}

/// Removes an account with its sessions and tokens.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "access", params(("id" = String, Path, description = "Id of the account")), responses(
    (status = 204, description = "Removed"),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`user_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`last_admin`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn delete(may: May<Administer>, state: State, id: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    accounts::delete(&state, may.name(), &id).await?;
    Ok(HttpResponse::NoContent().finish())
}
