//! What we promise, proved on the real program: nothing lost, nothing false, one bad disc or drive harms nothing else.

mod continuing;
mod crash;
mod discs;
mod hang;
mod many_drives;
mod sidecars;
mod space;
mod supervision;
