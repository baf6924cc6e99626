//! The permission as part of a handler's type.

use super::Access;
use crate::{
    domain::access::{Permission, Principal},
    error::{Code, Problem},
};
use actix_web::{FromRequest, Handler, HttpRequest, dev::Payload};
use std::{
    future::{Ready, ready},
    marker::PhantomData,
};

/// A permission as a type.
pub trait Right: 'static {
    /// The same as a value.
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident),*) => { $(
        $(#[$doc])*
        pub enum $name {}

        impl Right for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )* };
}

rights!(
    /// Anybody, signed in or not.
    Open,
    /// Whoever may see.
    Look,
    /// Whoever may work.
    Operate,
    /// Whoever may decide.
    Administer
);

/// The first argument of every handler: whoever asks has this right.
pub struct May<R: Right> {
    /// Who asks; nobody only where [`Open`] is enough.
    pub who: Option<Principal>,
    right: PhantomData<R>,
}

impl<R: Right> May<R> {
    /// Whether whoever asks may do more than what the handler needs.
    pub fn may(&self, wanted: Permission) -> bool {
        self.who.as_ref().is_some_and(|who| who.may(wanted))
    }

    /// Name of the account that asks; none while access control is off.
    pub fn account(&self) -> Option<String> {
        self.who.as_ref().filter(|who| who.user.is_some()).map(|who| who.name.clone())
    }

    /// Name of whoever asks, for the log; empty if nobody is signed in.
    pub fn name(&self) -> &str {
        self.who.as_ref().map_or("", |who| who.name.as_str())
    }
}

impl<R: Right> FromRequest for May<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(permit(&Access::of(request), R::PERMISSION).map(|who| Self { who, right: PhantomData }))
    }
}

fn permit(access: &Access, wanted: Permission) -> Result<Option<Principal>, Problem> {
    match access {
        Access::Known { who, .. } if who.may(wanted) => Ok(Some(who.clone())),
        Access::Known { who, .. } => {
            let detail = format!("{} may not do this; it needs the permission {:?}", who.name, wanted.as_str());
            Err(Problem::new(Code::Forbidden, detail))
        }
        Access::Nobody | Access::SetUp | Access::Refused(_) if wanted == Permission::Open => Ok(None),
        Access::Nobody => Err(Problem::new(Code::SignInNeeded, "Sign in, or send an API token as Authorization: Bearer …")),
        Access::SetUp => Err(Problem::new(
            Code::SetUpNeeded,
            "There is no account yet; open the set-up link that the service printed at its start",
        )),
        Access::Refused(problem) => Err(problem.clone()),
    }
}

/// The arguments of a handler whose first one is a [`May`].
pub trait Guarded {
    /// What it needs.
    const PERMISSION: Permission;
}

macro_rules! guarded {
    ($($($rest:ident)*;)*) => { $(
        impl<R: Right $(, $rest)*> Guarded for (May<R>, $($rest,)*) {
            const PERMISSION: Permission = R::PERMISSION;
        }
    )* };
}

guarded! {
    ;
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
}

/// What a handler needs, read off its type.
pub fn permission<F, Arguments>(_: &F) -> Permission
where
    F: Handler<Arguments>,
    Arguments: Guarded,
{
    Arguments::PERMISSION
}
