//! The pure core: it decides, others act. No actors, no database, no files, no environment, no clock.

pub mod accurate_rip;
pub mod disc;
pub mod drive;
pub mod event;
pub mod ids;
pub mod job;
pub mod options;
pub mod progress;
pub mod result;
pub mod scheduling;
pub mod sector_map;
pub mod verdict;
