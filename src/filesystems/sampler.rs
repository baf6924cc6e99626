//! Single sectors of a disc in a drive, each read once.

use super::identify::{IdentifyFailure, fatal};
use crate::{
    domain::ids::{Lba, SECTOR},
    optical::{DeviceError, OpticalDevice},
};
use std::{collections::BTreeMap, time::Duration};

/// Time limit of one read: identification must come to an end on a damaged disc as well.
const LIMIT: Duration = Duration::from_secs(10);
/// Unreadable samples after which no more are read.
const MAX_FAILURES: usize = 12;

/// Reads single sectors once each.
pub(super) struct Sampler<'a> {
    device: &'a mut dyn OpticalDevice,
    known: BTreeMap<u64, Option<Vec<u8>>>,
    failures: usize,
    /// Why reading ended for good.
    pub(super) fatal: Option<IdentifyFailure>,
    /// What the drive said to the first sector that it could not read.
    pub(super) said: Option<DeviceError>,
    /// Whether the drive refused a sector as scrambled (5/6F).
    pub(super) protected: bool,
}

impl<'a> Sampler<'a> {
    /// Nothing read yet.
    pub(super) fn new(device: &'a mut dyn OpticalDevice) -> Self {
        Self { device, known: BTreeMap::new(), failures: 0, fatal: None, said: None, protected: false }
    }

    /// The sector's bytes, if the drive can read it.
    pub(super) fn sector(&mut self, lba: u64) -> Option<Vec<u8>> {
        if let Some(known) = self.known.get(&lba) {
            return known.clone();
        }
        if self.fatal.is_some() || self.failures >= MAX_FAILURES {
            return None;
        }
        let mut buffer = vec![0; SECTOR as usize];
        let read = match self.device.read(Lba(lba), &mut buffer, LIMIT) {
            Ok(()) => Some(buffer),
            Err(error) => {
                self.failures += 1;
                self.protected |= matches!(error, DeviceError::Protected(_));
                self.fatal = fatal(&error).filter(|failure| !matches!(failure, IdentifyFailure::Timeout(_)));
                self.said.get_or_insert(error);
                None
            }
        };
        self.known.insert(lba, read.clone());
        read
    }
}
