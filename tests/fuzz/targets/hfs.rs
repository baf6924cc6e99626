//! See `disk2iso_fuzz::hfs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| disk2iso_fuzz::hfs(data));
