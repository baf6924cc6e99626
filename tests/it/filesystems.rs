//! File systems on discs that real tools made, with other tools as judges; and on discs that are hostile.

// Files are lists of ranges, and most lists have one.
#![allow(clippy::single_range_in_vec_init)]

mod hostile;
mod identify;
mod judges;
mod kinds;
mod listing;
mod metadata;
mod sessions;
mod sheets;
mod support;
mod tools;
