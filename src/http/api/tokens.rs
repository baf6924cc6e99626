//! API tokens of the own account.

use super::State;
use crate::{
    error::{Code, Problem},
    http::{
        auth::{Look, May, accounts},
        body::Json,
        params::Params,
        problem::ProblemDocument,
        wire::{CreateTokenBody, List, NewTokenBody, TokenBody, scope},
    },
    storage::access::tokens,
};
use actix_web::{HttpResponse, web};

/// The tokens, newest first.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", responses(
    (status = 200, description = "Tokens, without their secrets", body = List<TokenBody>),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn list(may: May<Look>, state: State, params: Params) -> Result<web::Json<List<TokenBody>>, Problem> {
    params.finish()?;
    let (_, user) = accounts::own(may.who.as_ref())?;
    let found = state.read(Code::TokenUnknown, move |conn| tokens::of_user(conn, &user)).await?;
    Ok(web::Json(List { items: found.into_iter().map(TokenBody::from).collect(), next_cursor: None }))
}

/// Makes a token. The answer is the only place where its secret is ever shown.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = CreateTokenBody, responses(
    (status = 201, description = "The token", body = NewTokenBody),
    (status = 400, description = "`bad_json`, `invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`, `conflict`: there are too many", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_field`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn create(may: May<Look>, state: State, params: Params, body: Json<CreateTokenBody>) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let (who, _) = accounts::own(may.who.as_ref())?;
    let body = body.0;
    let (token, shown) = accounts::create_token(&state, who, &body.name, scope(&body.scope)?, body.expires_in_days).await?;
    Ok(HttpResponse::Created().json(NewTokenBody { token: shown, about: token.into() }))
}

/// Revokes a token; it opens nothing from now on.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "access", params(("id" = String, Path, description = "Id of the token")), responses(
    (status = 204, description = "Revoked"),
    (status = 400, description = "`invalid_query`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "`token_unknown`", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "`auth_off`", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn revoke(may: May<Look>, state: State, id: web::Path<String>, params: Params) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let (who, user) = accounts::own(may.who.as_ref())?;
    accounts::revoke_token(&state, &user, &who.name, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}
