//! What the outside sees: REST, WebSocket, server-sent events, metrics, health and the pages for people.
//!
//! * [`routes`] has every URL on one page; handlers live in `api/<resource>.rs` and `pages/`.
//! * `wire/` holds the JSON types. They are neither database rows nor domain types, so that each can change alone.
//! * Handlers read snapshots and the database and *send messages*; nothing is changed here except settings.
//! * Everything that is refused is a [`Problem`](crate::error::Problem), turned into RFC 9457 by [`problem`].
//! * `limits` bounds how much, how fast and how long anybody may ask.
//! * `guard` stands in front of everything: it refuses foreign hosts and origins and sets the security headers.

pub mod api;
pub mod auth;
pub mod disc_content;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod routes;
pub mod settings;
pub mod wire;
pub mod words;

mod assets;
mod body;
mod checkup;
mod diagnostics;
mod feed;
mod form;
mod guard;
mod hosts;
mod limits;
mod live;
mod machine;
mod mapfile;
mod params;
pub mod pictures;
mod probe;
mod server;
mod snapshot;
mod sse;
mod state;
mod tls;
mod topics;
mod ws;

pub use checkup::Checkup;
pub use machine::{MachineHistory, MachineWatch};
pub use server::{HttpServerActor, Listener};
pub use state::AppState;
pub use tls::Tls;
