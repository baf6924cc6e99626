//! See `disk2iso_fuzz::toc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| disk2iso_fuzz::toc(data));
