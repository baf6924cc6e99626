//! Handlers, one file per resource.

pub mod batches;
pub mod config;
pub mod diagnostics;
pub mod disks;
pub mod doctor;
pub mod download;
pub mod events;
pub mod health;
pub mod isos;
pub mod jobs;
pub mod maps;
pub mod pictures;
pub mod queue;
pub mod session;
pub mod system;
pub mod tokens;
pub mod users;

use super::AppState;
use actix_web::web::Data;

/// What every handler asks for.
type State = Data<AppState>;
