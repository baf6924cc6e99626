//! See `disk2iso_fuzz::worker_protocol`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| disk2iso_fuzz::worker_protocol(data));
