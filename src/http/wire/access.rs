//! Accounts, sessions and tokens.

use crate::{
    domain::access::{Means, Principal, Role, Scope},
    error::Problem,
    storage::access::{sessions, tokens, users},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who asks.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", "name": "Ada", "role": "admin", "means": "token", "scope": "operate",
    "permission": "operate", "session_id": null, "csrf": null
}))]
pub struct WhoBody {
    /// Account; null while access control is off.
    pub user_id: Option<String>,
    /// Its name.
    pub name: String,
    /// `viewer`, `operator` or `admin`.
    pub role: String,
    /// How they showed it: `session`, `token`, `proxy`, or `loopback` while access control is off.
    pub means: String,
    /// What the token allows at most: `read`, `operate` or `admin`.
    pub scope: Option<String>,
    /// What comes of role and scope: `look`, `operate` or `administer`.
    pub permission: String,
    /// Of the session.
    pub session_id: Option<String>,
    /// What the header `X-CSRF-Token` has to carry when something is changed with a session.
    pub csrf: Option<String>,
}

impl WhoBody {
    /// This principal; `csrf` as the middleware found it.
    pub fn new(who: &Principal, csrf: &str) -> Self {
        let (means, scope, session) = match &who.means {
            Means::Loopback => ("loopback", None, None),
            Means::Session(id) => ("session", None, Some(id.clone())),
            Means::Token(_, scope) => ("token", Some(scope.as_str().to_owned()), None),
            Means::Proxy => ("proxy", None, None),
        };
        Self {
            user_id: who.user.clone(),
            name: who.name.clone(),
            role: who.role.as_str().to_owned(),
            means: means.to_owned(),
            scope,
            permission: who.permission().as_str().to_owned(),
            session_id: session,
            csrf: Some(csrf.to_owned()).filter(|csrf| !csrf.is_empty()),
        }
    }
}

/// A browser that is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionBody {
    /// Id.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Signed in.
    pub created_at: DateTime<Utc>,
    /// Last request, give or take a minute.
    pub seen_at: DateTime<Utc>,
    /// Over at this time unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// Where from.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

impl SessionBody {
    /// This session; `current` is the id of the one that asks.
    pub fn new(session: sessions::Session, current: Option<&str>) -> Self {
        Self {
            current: current == Some(session.id.as_str()),
            id: session.id,
            created_at: session.created_at,
            seen_at: session.seen_at,
            expires_at: session.expires_at,
            address: session.address,
            agent: session.agent,
        }
    }
}

/// An API token without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenBody {
    /// Id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// `read`, `operate` or `admin`; its owner's role bounds it further.
    pub scope: String,
    /// Made.
    pub created_at: DateTime<Utc>,
    /// Over at this time; null: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Used last, give or take a minute.
    pub used_at: Option<DateTime<Utc>>,
}

impl From<tokens::Token> for TokenBody {
    fn from(token: tokens::Token) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scope: token.scope.as_str().to_owned(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
        }
    }
}

/// A new API token.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "backup script", "scope": "read", "expires_in_days": 90 }))]
pub struct CreateTokenBody {
    /// What it is for.
    #[schema(max_length = 64)]
    pub name: String,
    /// `read`, `operate` or `admin`.
    pub scope: String,
    /// 1 to 3650; absent: it stays good until it is revoked.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<u32>,
}

/// A new token with its secret, which is never shown again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewTokenBody {
    /// Send it as `Authorization: Bearer …`.
    pub token: String,
    /// What it is.
    #[serde(flatten)]
    pub about: TokenBody,
}

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserBody {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `viewer`, `operator` or `admin`.
    pub role: String,
    /// Whether it cannot be used.
    pub blocked: bool,
    /// Whether a password was chosen; without one, its owner needs a link.
    pub has_password: bool,
    /// Whether signing in takes a code as well.
    pub second_step: bool,
    /// Made.
    pub created_at: DateTime<Utc>,
    /// Signed in last.
    pub seen_at: Option<DateTime<Utc>>,
}

impl From<users::User> for UserBody {
    fn from(user: users::User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            role: user.role.as_str().to_owned(),
            blocked: user.blocked,
            has_password: user.password.is_some(),
            second_step: user.totp.is_some(),
            created_at: user.created_at,
            seen_at: user.seen_at,
        }
    }
}

/// A new account.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Grace", "role": "operator" }))]
pub struct CreateUserBody {
    /// 1 to 64 characters; case does not count.
    #[schema(max_length = 64)]
    pub name: String,
    /// `viewer`, `operator` or `admin`.
    pub role: String,
    /// At least 10 characters; absent: the answer has a link with which its owner chooses one.
    #[serde(default)]
    #[schema(min_length = 10, max_length = 1024)]
    pub password: Option<String>,
}

/// A new account, and the link for its owner.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewUserBody {
    /// What it is.
    #[serde(flatten)]
    pub about: UserBody,
    /// With which the owner chooses a password; good once, for three days, and never shown again. Null if a password was given.
    pub link: Option<String>,
}

/// Changes of an account; what is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "viewer" }))]
pub struct ChangeUserBody {
    /// New name.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub name: Option<String>,
    /// `viewer`, `operator` or `admin`.
    #[serde(default)]
    pub role: Option<String>,
    /// Blocking ends all sessions; nothing of the account opens the door then.
    #[serde(default)]
    pub blocked: Option<bool>,
}

/// A role from its word.
///
/// # Errors
/// `invalid_field` about `role`.
pub fn role(word: &str) -> Result<Role, Problem> {
    Role::parse(word).ok_or_else(|| Problem::field("role", format!("{word:?} is not allowed; allowed: viewer, operator, admin")))
}

/// A scope from its word.
///
/// # Errors
/// `invalid_field` about `scope`.
pub fn scope(word: &str) -> Result<Scope, Problem> {
    Scope::parse(word).ok_or_else(|| Problem::field("scope", format!("{word:?} is not allowed; allowed: read, operate, admin")))
}
