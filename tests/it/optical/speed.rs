//! What a virtual drive costs.

use super::support::Rig;
use disk2iso::domain::ids::Lba;
use std::{fs::File, os::unix::fs::FileExt, time::Instant};

#[test]
fn a_drive_without_limit_is_about_as_fast_as_pread() {
    // Given 64 MiB in the page cache, and the best of ten in turns: other tests run at the same time.
    let sectors = 32_768;
    let rig = Rig::loaded(sectors, "[[fault]]\nkind = 'bad'\nlba = 1000000");
    let file = File::open(rig.image()).unwrap();
    let mut device = rig.open();
    let mut buffer = vec![0; 128 * 2048];
    let mut time = |read: &mut dyn FnMut(u64, &mut [u8])| {
        let start = Instant::now();
        (0..sectors).step_by(128).for_each(|lba| read(lba, &mut buffer));
        start.elapsed().as_secs_f64()
    };
    let (mut plain, mut drive) = (f64::MAX, f64::MAX);
    for _ in 0..10 {
        plain = plain.min(time(&mut |lba, buffer| file.read_exact_at(buffer, lba * 2048).unwrap()));
        drive = drive.min(time(&mut |lba, buffer| device.read(Lba(lba), buffer, super::support::LIMIT).unwrap()));
    }
    println!("pread {:.0} MB/s, virtual drive {:.0} MB/s", 67.1 / plain, 67.1 / drive);
    assert!(drive <= plain * 2.0, "{drive} s, pread alone {plain} s");
}
