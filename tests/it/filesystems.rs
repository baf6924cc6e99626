//! File systems on discs that real tools made, with other tools as judges; and on discs that are hostile.

mod hostile;
mod identify;
mod kinds;
mod metadata;
mod sheets;
mod support;
mod tools;
