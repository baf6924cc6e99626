//! The pure core: it decides, others act. No actors, no database, no files, no environment, no clock.

pub mod access;
pub mod accurate_rip;
pub mod batch;
pub mod bridge;
pub mod disc;
pub mod drive;
pub mod drive_settings;
pub mod drive_statistics;
pub mod event;
pub mod ids;
pub mod job;
pub mod options;
pub mod picture;
pub mod plan;
pub mod progress;
pub mod provenance;
pub mod queue_order;
pub mod result;
pub mod scheduling;
pub mod sector_map;
pub mod speed_history;
pub mod verdict;
pub mod verdict_cd;
