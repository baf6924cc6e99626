//! disk2iso turns optical discs into verified, catalogued images, unattended, on as many drives as a machine has.
//!
//! | module | what it does | may use (besides `domain config error telemetry`) |
//! |---|---|---|
//! | [`app`] | puts everything together | all |
//! | [`cli`] | the command line | all |
//! | [`http`] | REST, WebSocket, SSE, pages | messages of `jobs drives catalog`, `doctor`, `storage` (reads), `bus`, `supervision` |
//! | [`doctor`] | looks at everything that has to be right | `drives imaging optical storage` |
//! | [`jobs`] | the queue, running jobs, recovery | `imaging`, messages of `drives catalog`, `storage bus supervision optical` (addresses) |
//! | [`drives`] | one actor per drive, finding drives | `optical filesystems storage bus supervision` |
//! | [`catalog`] | the catalogue of images | `filesystems imaging storage bus supervision` |
//! | [`bus`] | committed events for everybody | `storage supervision` |
//! | [`imaging`] | reading discs, hashing, storing, judging | `optical filesystems` |
//! | [`filesystems`] | what is on a disc | `optical` |
//! | [`optical`] | the port to drives and what implements it | |
//! | [`storage`] | the database; the only place with SQL | |
//! | [`supervision`] | the supervision tree | |
//! | [`domain`] | the pure core: it decides, others act | nothing of ours |
//! | [`config`], [`error`], [`telemetry`] | settings, error codes, logs, metrics, clock | `domain` |
//!
//! `tests/it/architecture.rs` enforces this table. A newcomer reads [`domain::drive`], [`domain::job`], [`domain::verdict`],
//! [`app`] and [`http::routes`] first, then `docs/architecture.md`.

pub mod app;
pub mod bus;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod domain;
pub mod drives;
pub mod error;
pub mod filesystems;
pub mod http;
pub mod imaging;
pub mod jobs;
pub mod optical;
pub mod storage;
pub mod supervision;
pub mod telemetry;
