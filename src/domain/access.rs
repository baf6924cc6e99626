//! Who may do what: permissions, the roles of people, and the scopes of tokens.

mod lifetime;
mod names;
mod throttle;

pub use lifetime::{ABSOLUTE, Rotation, Shown, expiry, rotation, worth_noting};
pub use names::{MAX_NAME, MAX_PASSWORD, MIN_PASSWORD, check_name, check_password, name_key};
pub use throttle::{Subject, wait};

use serde::{Deserialize, Serialize};

/// What a person or a program may do. Each contains those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Nothing that tells anything about discs: signing in, the page's own files, whether the service is alive.
    Open,
    /// See everything but accounts and what they did; download images.
    Look,
    /// Work with drives, jobs and images.
    Operate,
    /// Accounts, settings, diagnostics.
    Administer,
}

impl Permission {
    /// The word in documentation, tables and tokens' scopes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Look => "look",
            Self::Operate => "operate",
            Self::Administer => "administer",
        }
    }
}

/// What a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Works.
    Operator,
    /// Decides who may.
    Admin,
}

impl Role {
    /// All, from least to most.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The most that this role may do.
    pub fn permission(self) -> Permission {
        match self {
            Self::Viewer => Permission::Look,
            Self::Operator => Permission::Operate,
            Self::Admin => Permission::Administer,
        }
    }

    /// The word in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Back from the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// What a token may do at most; its owner's role bounds it further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See and download.
    Read,
    /// Work with drives, jobs and images, too.
    Operate,
    /// Everything that its owner may.
    Admin,
}

impl Scope {
    /// All, from least to most.
    pub const ALL: [Self; 3] = [Self::Read, Self::Operate, Self::Admin];

    /// The most that this scope allows.
    pub fn permission(self) -> Permission {
        match self {
            Self::Read => Permission::Look,
            Self::Operate => Permission::Operate,
            Self::Admin => Permission::Administer,
        }
    }

    /// The word in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    /// Back from the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// How somebody showed who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// Access control is off: whoever reaches this machine's own loopback address.
    Loopback,
    /// Signed in with a browser; the session's public id.
    Session(String),
    /// An API token; its public id and what it allows.
    Token(String, Scope),
    /// A trusted proxy says so.
    Proxy,
}

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account; none while access control is off.
    pub user: Option<String>,
    /// Name for people, also in the log and in what an image says of its making.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// How they showed it.
    pub means: Means,
}

impl Principal {
    /// Whoever uses this machine while access control is off.
    pub fn loopback() -> Self {
        Self { user: None, name: "local".to_owned(), role: Role::Admin, means: Means::Loopback }
    }

    /// Whether the account itself may be changed so: its password, sessions, tokens. A token must not make another one that may
    /// more or lives longer, unless it may do everything anyway.
    pub fn may_change_account(&self) -> bool {
        !matches!(self.means, Means::Token(_, Scope::Read | Scope::Operate))
    }

    /// The most that is allowed.
    pub fn permission(&self) -> Permission {
        let scope = match &self.means {
            Means::Token(_, scope) => scope.permission(),
            Means::Loopback | Means::Session(_) | Means::Proxy => Permission::Administer,
        };
        self.role.permission().min(scope)
    }

    /// Whether this much is allowed: the role, and for a token its scope as well.
    pub fn may(&self, wanted: Permission) -> bool {
        wanted <= self.permission()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_allows_more_than_its_owner_and_never_more_than_its_scope() {
        let wanted = [Permission::Open, Permission::Look, Permission::Operate, Permission::Administer];
        for (r, role) in Role::ALL.into_iter().enumerate() {
            for (s, scope) in Scope::ALL.into_iter().enumerate() {
                let means = Means::Token("t".to_owned(), scope);
                let token = Principal { user: Some("u".to_owned()), name: "n".to_owned(), role, means };
                let allowed: Vec<_> = wanted.into_iter().filter(|wanted| token.may(*wanted)).collect();
                assert_eq!(allowed, wanted[..=(r.min(s) + 1)], "{role:?} {scope:?}");
            }
        }
        assert!(Principal::loopback().may(Permission::Administer));
    }
}
