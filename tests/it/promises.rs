//! What we promise, proved on the real program: nothing lost, nothing false, one bad disc or drive harms nothing else.

mod audio;
mod continuing;
mod crash;
mod discs;
mod hang;
mod loss;
mod many_drives;
mod queue;
mod scanning;
mod sidecars;
mod space;
mod supervision;
