//! The page of a job, `/jobs/{uuid}`: where it stands, the disc, what could not be read and whom that hits, how it ended and why.

mod decision;
mod forms;
mod history;
mod page;
mod parameters;
mod senses;
mod steps;

pub use forms::{change, go_on};
pub use page::show;
