//! Discs with recognisable sectors and virtual drives to put them in.

use disk2iso::{
    domain::ids::Lba,
    optical::{DeviceAddress, DeviceError, OpticalDevice, RawLayout, virtual_insert},
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

pub const LIMIT: Duration = Duration::from_secs(10);

/// Bytes of a disc whose every sector is different and says its number.
pub fn content(sectors: u64) -> Vec<u8> {
    (0..sectors)
        .flat_map(|lba| (0..256_u64).flat_map(move |word| (lba.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ word).to_le_bytes()))
        .collect()
}

/// A virtual drive's folder beside an image, both gone at the end of the test.
pub struct Rig {
    root: TempDir,
    pub bytes: Vec<u8>,
}

impl Rig {
    /// An image, and a drive with this script and nothing in it.
    pub fn empty(sectors: u64, script: &str) -> Self {
        let rig = Self { root: tempfile::tempdir().unwrap(), bytes: content(sectors) };
        fs::write(rig.image(), &rig.bytes).unwrap();
        fs::create_dir(rig.folder()).unwrap();
        rig.script(script);
        rig
    }

    /// The image lies in the drive.
    pub fn loaded(sectors: u64, script: &str) -> Self {
        let rig = Self::empty(sectors, script);
        virtual_insert(&rig.folder(), &rig.image()).unwrap();
        rig
    }

    /// A disc made of files (name and content) and this description lies in the drive.
    pub fn described(description: &str, files: &[(&str, &[u8])], script: &str) -> Self {
        let rig = Self { root: tempfile::tempdir().unwrap(), bytes: Vec::new() };
        for (name, bytes) in files {
            fs::write(rig.path(name), bytes).unwrap();
        }
        fs::write(rig.description(), description).unwrap();
        fs::create_dir(rig.folder()).unwrap();
        rig.script(script);
        virtual_insert(&rig.folder(), &rig.description()).unwrap();
        rig
    }

    pub fn description(&self) -> PathBuf {
        self.path("disc.disc.toml")
    }

    pub fn script(&self, text: &str) {
        fs::write(self.folder().join("drive.toml"), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn image(&self) -> PathBuf {
        self.path("disc.iso")
    }

    pub fn folder(&self) -> PathBuf {
        self.path("drive")
    }

    pub fn address(&self) -> DeviceAddress {
        DeviceAddress::Virtual(self.folder())
    }

    pub fn open(&self) -> Box<dyn OpticalDevice> {
        self.address().open().unwrap()
    }

    /// The right bytes of some sectors.
    pub fn sectors(&self, start: u64, count: u64) -> &[u8] {
        &self.bytes[start as usize * 2048..(start + count) as usize * 2048]
    }
}

/// Reads some sectors.
pub fn read(device: &mut dyn OpticalDevice, start: u64, count: u64) -> Result<Vec<u8>, DeviceError> {
    let mut buffer = vec![0; count as usize * 2048];
    device.read(Lba(start), &mut buffer, LIMIT).map(|()| buffer)
}

/// Puts another image in.
pub fn insert(folder: &Path, image: &Path) -> Result<u64, DeviceError> {
    virtual_insert(folder, image)
}

/// Bytes of which no two are predictable from each other: samples of an audio track.
pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend(state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

/// Reads some raw frames.
pub fn frames(device: &mut dyn OpticalDevice, start: u64, count: u64, layout: RawLayout) -> Result<Vec<u8>, DeviceError> {
    let mut buffer = vec![0; count as usize * layout.frame()];
    device.read_raw(Lba(start), &mut buffer, layout, LIMIT).map(|()| buffer)
}
