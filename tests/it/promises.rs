//! What we promise, proved on the real program: nothing lost, nothing false, one bad disc or drive harms nothing else.

mod crash;
mod discs;
mod hang;
mod many_drives;
mod space;
mod supervision;
