//! One file per subcommand.

pub mod image;
pub mod read_worker;
mod signals;
