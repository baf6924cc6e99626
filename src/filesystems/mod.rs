//! STUB of the imaging clone; the real one comes from /work/h/optical.
use crate::{
    domain::{disc::*, ids::Lba},
    optical::{DeviceError, OpticalDevice},
};
/// Stub.
///
/// # Errors
/// As the device.
pub fn identify(device: &mut dyn OpticalDevice) -> Result<Medium, DeviceError> {
    let profile = device.profile()?;
    let sectors = device.capacity()?;
    let toc = device.toc().ok();
    let mut samples = Vec::new();
    for lba in [0_u64, 16, 17] {
        let mut bytes = vec![0; 2048];
        if lba < sectors {
            match device.read(Lba(lba), &mut bytes, std::time::Duration::from_secs(10)) {
                Ok(()) => samples.push((lba, bytes)),
                Err(DeviceError::Medium(_)) => samples.push((lba, Vec::new())),
                Err(error) => return Err(error),
            }
        }
    }
    let iso = samples.iter().find(|(lba, bytes)| *lba == 16 && bytes.get(1..6) == Some(b"CD001")).map(|(_, b)| b.clone());
    let claims = SizeClaims {
        read_capacity: Some(sectors),
        iso9660: iso.as_ref().map(|b| u64::from(u32::from_le_bytes([b[80], b[81], b[82], b[83]]))),
        ..SizeClaims::default()
    }
    .with_toc(toc.as_ref());
    let fingerprint = Fingerprint::compute(&FingerprintInput { profile, toc: toc.as_ref(), sectors, samples: &samples });
    let label = iso.map(|b| clean_label(&String::from_utf8_lossy(&b[40..72]))).unwrap_or_default();
    Ok(Medium { label, kind: DiscKind::DataCd, profile, fingerprint, size: claims.reconcile(profile) })
}

#[derive(Debug, thiserror::Error)]
pub enum IdentifyFailure {
    #[error("x")]
    NotReady,
    #[error("x")]
    NoMedium,
    #[error("x")]
    Blank,
    #[error("{0}")]
    Unreadable(String),
    #[error("x")]
    Gone,
    #[error("x")]
    Changed,
    #[error("{0}")]
    Permission(String),
}
impl From<DeviceError> for IdentifyFailure {
    fn from(e: DeviceError) -> Self {
        match e {
            DeviceError::Gone => Self::Gone,
            DeviceError::NoMedium => Self::NoMedium,
            DeviceError::MediumChanged => Self::Changed,
            DeviceError::NotReady(_) => Self::NotReady,
            DeviceError::Permission(t) => Self::Permission(t),
            other => Self::Unreadable(other.to_string()),
        }
    }
}
