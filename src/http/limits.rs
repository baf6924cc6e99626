//! How much, how fast and how long anybody may ask, so that one client cannot take the service from the others.
//!
//! * **Rate** ([`limit`]): each API token, else account, else address has a budget of requests in a minute, a smaller one for what
//!   costs much, and each address one for signing in. Whoever is over it gets 429 with `Retry-After`.
//! * **Size** ([`check_size`]): of the address and the headers; of bodies in `body.rs`.
//! * **Time**: head ([`HEAD_LIMIT`]), body (`body.rs`), idle connections ([`KEEP_ALIVE`]), clients that take nothing (`server.rs`).

use super::{
    AppState,
    auth::{Access, origin},
    problem,
};
use crate::{
    config::limits::{self, Limits},
    domain::access::{Means, Principal},
    error::{Code, Problem},
};
use actix_web::{
    Error, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
    web::Data,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// How long the head of a request may take to arrive.
pub const HEAD_LIMIT: Duration = Duration::from_secs(5);
/// How long a connection may be idle between requests.
pub const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Longest address with its query, in bytes.
const MAX_ADDRESS: usize = 8 * 1024;
/// Most bytes of all headers together.
const MAX_HEADERS: usize = 32 * 1024;
/// After so many requests, those who have not asked for a while are forgotten.
const PRUNE_EVERY: u32 = 1_024;

/// Never limited: whoever watches over the service must not restart it because somebody else asks too much, and the files of a page
/// are cheap.
const FREE: [&str; 3] = ["/health/", "/assets/", "/favicon.ico"];
/// Attempts to say who one is.
const SIGN_INS: [&str; 5] = ["/login", "/setup", "/invitation", "/second-step", "/account/password"];
/// Reads a whole image, or collects much.
const HEAVY: [&str; 3] = ["/verify", "/diagnostics/download", "/system/doctor"];

/// The address and the headers have bounded sizes.
///
/// # Errors
/// `address_too_long`, `headers_too_large`.
pub fn check_size(request: &HttpRequest) -> Result<(), Problem> {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > MAX_ADDRESS {
        return Err(Problem::new(Code::AddressTooLong, format!("The address has {address} bytes; at most {MAX_ADDRESS}")));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers > MAX_HEADERS {
        return Err(Problem::new(Code::HeadersTooLarge, format!("The headers have {headers} bytes; at most {MAX_HEADERS}")));
    }
    Ok(())
}

/// Whose budget it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Token(String),
    Account(String),
    Address(IpAddr),
}

impl Key {
    fn of(who: Option<&Principal>, address: Option<IpAddr>) -> Self {
        match who {
            Some(Principal { means: Means::Token(id, _), .. }) => Self::Token(id.clone()),
            Some(Principal { user: Some(user), .. }) => Self::Account(user.clone()),
            _ => Self::Address(address.map_or(IpAddr::from([0; 4]), network)),
        }
    }
}

/// One subscriber of IPv6 has at least a network of 64 bits, so the rest of the address says nothing.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

type Limiter<C> = RateLimiter<Key, DashMapStateStore<Key>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Budgets of one kind.
struct Budget<C: Clock = DefaultClock> {
    limiter: Option<Limiter<C>>,
    clock: C,
    /// Whether it holds for whoever uses this machine while access control is off, too.
    for_all: bool,
    asked: AtomicU32,
}

impl<C: Clock + Clone> Budget<C> {
    fn new(set: Option<u32>, default: u32, clock: C) -> Self {
        let quota = NonZeroU32::new(set.unwrap_or(default)).map(Quota::per_minute);
        let limiter = quota.map(|quota| RateLimiter::dashmap_with_clock(quota, clock.clone()));
        Self { limiter, clock, for_all: set.is_some(), asked: AtomicU32::new(0) }
    }

    /// How long to wait, if it is too much.
    fn take(&self, key: &Key) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.asked.fetch_add(1, Ordering::Relaxed) % PRUNE_EVERY == PRUNE_EVERY - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(key).map_err(|refusal| refusal.wait_time_from(self.clock.now()))
    }
}

/// All budgets.
pub struct Rates {
    requests: Budget,
    heavy: Budget,
    sign_ins: Budget,
}

impl Rates {
    /// Full budgets for everybody.
    pub fn new(limits: &Limits) -> Self {
        let clock = DefaultClock::default;
        Self {
            requests: Budget::new(limits.requests, limits::REQUESTS, clock()),
            heavy: Budget::new(limits.heavy, limits::HEAVY, clock()),
            sign_ins: Budget::new(limits.sign_ins, limits::SIGN_INS, clock()),
        }
    }

    /// How long to wait, if it is too much.
    fn take(&self, method: &Method, path: &str, who: Option<&Principal>, address: Option<IpAddr>) -> Result<(), Duration> {
        if FREE.iter().any(|free| path.starts_with(free)) {
            return Ok(());
        }
        let local = matches!(who, Some(Principal { means: Means::Loopback, .. }));
        let key = Key::of(who, address);
        let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let by_address = Key::of(None, address);
        for (budget, key, wanted) in [
            (&self.requests, &key, true),
            (&self.heavy, &key, HEAVY.iter().any(|heavy| path.ends_with(heavy))),
            (&self.sign_ins, &by_address, changes && SIGN_INS.iter().any(|sign| path.contains(sign))),
        ] {
            if wanted && (budget.for_all || !local) {
                budget.take(key)?;
            }
        }
        Ok(())
    }
}

/// The middleware; behind the one that finds out who asks.
///
/// # Errors
/// None of its own: refusals are responses.
pub async fn limit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let wait = match request.app_data::<Data<Rates>>() {
        Some(rates) => {
            let access = Access::of(request.request());
            // Behind a proxy that is believed, everybody has a budget of their own.
            let address = request.app_data::<Data<AppState>>().map(|state| origin::address(request.request(), &state.config));
            let address = address.and_then(|address| address.parse().ok()).or(request.peer_addr().map(|peer| peer.ip()));
            rates.take(request.method(), request.path(), access.who(), address)
        }
        None => Ok(()),
    };
    let Err(wait) = wait else { return Ok(next.call(request).await?.map_into_left_body()) };
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let refusal = Problem::new(Code::RateLimited, format!("Too many requests; try again in {seconds} seconds"));
    let mut response = problem::response(&refusal, Some(request.path()));
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    Ok(request.into_response(response).map_into_right_body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Role, Scope};
    use governor::clock::FakeRelativeClock;

    #[test]
    fn whoever_is_over_the_budget_waits_and_nobody_else_does() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(Some(60), 1, clock.clone());
        let (one, other) = (Key::Token("one".to_owned()), Key::Token("other".to_owned()));
        for _ in 0..60 {
            assert_eq!(budget.take(&one), Ok(()));
        }
        let wait = budget.take(&one).expect_err("over the budget");
        assert!(wait <= Duration::from_secs(1) && wait > Duration::ZERO, "{wait:?}");
        assert_eq!(budget.take(&other), Ok(()));
        clock.advance(wait);
        assert_eq!(budget.take(&one), Ok(()));
        assert!(budget.take(&one).is_err());
    }

    #[test]
    fn those_who_have_not_asked_for_a_while_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(Some(60), 1, clock.clone());
        for client in 0..1_000_u32 {
            assert_eq!(budget.take(&Key::Address(IpAddr::from(client.to_be_bytes()))), Ok(()));
        }
        clock.advance(Duration::from_secs(61));
        for _ in 0..PRUNE_EVERY {
            let _ = budget.take(&Key::Account("the only one".to_owned()));
        }
        assert_eq!(budget.limiter.as_ref().map(RateLimiter::len), Some(1));
    }

    #[test]
    fn the_budget_belongs_to_the_token_else_the_account_else_the_address() {
        let address = "2001:db8::1:2:3:4".parse().ok();
        let who = |user: Option<&str>, means| Principal {
            user: user.map(str::to_owned),
            name: "n".to_owned(),
            role: Role::Viewer,
            means,
        };
        let token = who(Some("u"), Means::Token("t".to_owned(), Scope::Read));
        assert_eq!(Key::of(Some(&token), address), Key::Token("t".to_owned()));
        let session = who(Some("u"), Means::Session("s".to_owned()));
        assert_eq!(Key::of(Some(&session), address), Key::Account("u".to_owned()));
        let nobody = Key::Address("2001:db8:0:0::".parse().expect("address"));
        assert_eq!(Key::of(None, address), nobody);
        assert_eq!(Key::of(Some(&Principal::loopback()), address), nobody);
    }

    #[test]
    fn what_costs_much_and_signing_in_have_budgets_of_their_own() {
        let rates = Rates::new(&Limits { heavy: Some(1), sign_ins: Some(1), ..Limits::default() });
        let address = "192.0.2.1".parse().ok();
        let take = |method: Method, path: &str| rates.take(&method, path, None, address).is_ok();
        assert!(take(Method::POST, "/api/v1/isos/x/verify") && !take(Method::POST, "/api/v1/isos/y/verify"));
        assert!(take(Method::POST, "/login") && !take(Method::POST, "/login"));
        assert!(take(Method::GET, "/login") && take(Method::GET, "/api/v1/jobs"));
        let local = Rates::new(&Limits::default());
        let many = (0..limits::REQUESTS * 2).all(|_| local.take(&Method::GET, "/", Some(&Principal::loopback()), None).is_ok());
        assert!(many, "without access control nobody is limited unless it was asked for");
        assert!((0..limits::REQUESTS * 2).any(|_| local.take(&Method::GET, "/", None, None).is_err()), "strangers are limited");
        assert!(local.take(&Method::GET, "/health/live", None, None).is_ok());
    }
}
