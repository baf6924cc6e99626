//! Who asks, and whether they may.
//!
//! * [`recognise`] stands in front of every address and finds out who asks (`find.rs`): a session's cookie (`session.rs`), an API
//!   token, a trusted proxy. It leaves its finding ([`Access`]) in the request, and notes every write (`audit.rs`).
//! * A handler says what it needs by its first argument, [`May<Look>`](May), and a handler that says nothing cannot be registered
//!   ([`Guarded`]): `routes.rs` reads the table of permissions off the handlers' types.
//! * `sign_in.rs` is the way in (password, then code), `accounts.rs` what can be done with accounts, `set_up.rs` the first one.

mod access;
pub mod accounts;
mod audit;
pub mod codes;
mod find;
mod gate;
mod may;
pub mod origin;
pub mod password;
pub mod secret;
pub mod session;
pub mod set_up;
pub mod sign_in;
mod throttle;
mod tickets;

pub use access::{Access, recognise};
pub use gate::Gate;
pub use may::{Administer, Guarded, Look, May, Open, Operate, Right, permission};
