//! The disc as a disc: data lies on it as a spiral from the inside out, so that the number of a sector is a radius.
//!
//! One [`Picture`](crate::domain::picture::Picture) is drawn in two ways here, as an icon and large, and a third time by the script.
//! Everything is made of whole rings: on a disc of one layer circles, on others one wedge for each layer.

mod drawing;
mod geometry;
mod words;

pub use drawing::{Spot, icon, large, part};
pub use geometry::millimetres;
pub use words::{Legend, describe, legend};
