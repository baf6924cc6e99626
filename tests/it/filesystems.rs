//! File systems on discs that real tools made, with other tools as judges; and on discs that are hostile.

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
