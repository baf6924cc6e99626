//! See `disk2iso_fuzz::cd_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| disk2iso_fuzz::cd_text(data));
