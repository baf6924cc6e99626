//! How fast the parts of making an image are, and the whole: `cargo bench --bench imaging`.
//!
//! `side_by_side.sh` measures the program against `dd`, `md5sum` and `sha256sum` on a real file; this is for finding out why.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use disk2iso::{
    domain::{
        disc::{DiscKind, Fingerprint, MediaProfile, Medium, SizeClaims},
        ids::SECTOR,
        sector_map::{BlockStatus, SectorMap},
    },
    imaging::{
        FileSink, Native, StopFlag, Tuning,
        protocol::{ImagePaths, ImageTask, Outcome, ReadOptions},
        worker::{self, Workplace},
    },
    optical::DeviceAddress,
};
use md5::Md5;
use openssl::hash::{Hasher, MessageDigest};
use sha2::{Digest as _, Sha256};
use std::{hint::black_box, path::Path, sync::Arc};

/// The size of one buffer of the pipeline.
const CHUNK: usize = 512 << 10;

fn hashes(criterion: &mut Criterion) {
    let data = vec![0x5a_u8; CHUNK];
    let mut group = criterion.benchmark_group("hash");
    group.throughput(Throughput::Bytes(CHUNK as u64));
    for (name, kind) in [("md5 openssl (used)", MessageDigest::md5()), ("sha256 openssl", MessageDigest::sha256())] {
        let Ok(mut hasher) = Hasher::new(kind) else { continue };
        group.bench_function(name, |bencher| bencher.iter(|| hasher.update(black_box(&data)).is_ok()));
    }
    let mut hasher = Md5::new();
    group.bench_function("md5 md-5", |bencher| bencher.iter(|| hasher.update(black_box(&data))));
    let mut hasher = Sha256::new();
    group.bench_function("sha256 sha2 (used)", |bencher| bencher.iter(|| hasher.update(black_box(&data))));
    group.finish();
}

/// A map as a badly scratched disc has it is copied at each checkpoint.
fn maps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("map");
    for blocks in [10_u64, 1_000, 100_000] {
        let mut map = SectorMap::new(blocks * 2 * SECTOR);
        for block in 0..blocks {
            map.set(block * 2 * SECTOR..(block * 2 + 1) * SECTOR, BlockStatus::Finished);
        }
        group.bench_with_input(BenchmarkId::new("copy and print", blocks), &map, |bencher, map| {
            bencher.iter(|| black_box(map.clone()).to_mapfile().len());
        });
    }
    group.finish();
}

/// A whole image of 256 MiB from an image file in memory to the folder for temporary files.
fn image(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("disk2iso-bench-{}", std::process::id()));
    let size = 256_u64 << 20;
    let source = folder.join("source.img");
    let made = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&source, noise(size)));
    if let Err(error) = made {
        eprintln!("cannot prepare {}: {error}", folder.display());
        return;
    }
    let mut group = criterion.benchmark_group("image");
    group.throughput(Throughput::Bytes(size)).sample_size(10);
    for buffers in [4, 16, 32] {
        let tuning = Tuning { buffers, ..Tuning::default() };
        group.bench_function(BenchmarkId::new("buffers of 512 KiB", buffers), |bencher| {
            bencher.iter(|| make(&folder, &source, size, tuning))
        });
    }
    for chunk in [128_usize << 10, 256 << 10, 1 << 20] {
        let tuning = Tuning { chunk, buffers: (8 << 20) / chunk, ..Tuning::default() };
        let id = BenchmarkId::new("8 MiB in buffers of KiB", chunk >> 10);
        group.bench_function(id, |bencher| bencher.iter(|| make(&folder, &source, size, tuning)));
    }
    group.finish();
    // Nothing depends on it; a leftover is in the folder for temporary files.
    let _ = std::fs::remove_dir_all(&folder);
}

fn make(folder: &Path, source: &Path, size: u64, tuning: Tuning) {
    let claims = SizeClaims { read_capacity: Some(size / SECTOR), ..SizeClaims::default() };
    let profile = MediaProfile::DVD_ROM;
    let fingerprint = Fingerprint("00".repeat(16));
    let medium = Medium::new(String::new(), DiscKind::DataDvd, profile, fingerprint, claims.reconcile(profile));
    let paths = ImagePaths::new(&folder.join("image.iso"));
    let device = DeviceAddress::ImageFile(source.to_owned());
    let mut opened = device.open().expect("the source is there");
    let task = ImageTask::new(device, medium.clone(), paths.clone(), ReadOptions::default());
    let workplace = Workplace {
        device: &mut *opened,
        identify: &|_| Ok(medium.clone()),
        sink: Arc::new(FileSink::new(paths)),
        engine: &Native,
        stop: StopFlag::default(),
        tuning,
        emit: &mut |_| {},
    };
    let outcome = worker::image(&task, workplace);
    assert!(matches!(outcome, Outcome::Imaged(_)), "{outcome:?}");
    std::fs::remove_file(&task.paths.image).expect("it was just made");
}

fn noise(size: u64) -> Vec<u8> {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word
    };
    (0..size / 8).flat_map(|_| next().to_le_bytes()).collect()
}

criterion_group!(benches, hashes, maps, image);
criterion_main!(benches);
