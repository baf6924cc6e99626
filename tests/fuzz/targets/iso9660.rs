//! See `disk2iso_fuzz::iso9660`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| disk2iso_fuzz::iso9660(data));
