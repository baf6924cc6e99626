//! Handlers, one file per resource.

pub mod config;
pub mod disks;
pub mod download;
pub mod events;
pub mod health;
pub mod isos;
pub mod jobs;
pub mod maps;
pub mod pictures;
pub mod queue;
pub mod system;

use super::AppState;
use actix_web::web::Data;

/// What every handler asks for.
type State = Data<AppState>;
