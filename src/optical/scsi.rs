//! SCSI commands to a real drive through Linux: SG_IO and three ioctls of the CD-ROM layer.
//!
//! Only what cannot be written without `unsafe` is here; what the commands mean is in [`super::mmc`].
#![allow(unsafe_code, reason = "ioctl takes raw pointers; the structures behind them live on the stack for the whole call")]

use super::{
    DeviceError,
    mmc::{CdStatus, Reply, Transport},
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

/// Major number of `/dev/sr*` (Linux, Documentation/admin-guide/devices.txt).
const SCSI_CDROM_MAJOR: u32 = 11;

// linux/cdrom.h, linux/fs.h, scsi/sg.h
const CDROM_DRIVE_STATUS: libc::Ioctl = 0x5326;
const CDROM_TIMED_MEDIA_CHANGE: libc::Ioctl = 0x5396;
const CDSL_CURRENT: libc::c_int = libc::c_int::MAX;
const MEDIA_CHANGED_FLAG: u64 = 1;
const BLKSECTGET: libc::Ioctl = 0x1267;
/// `_IOR(0x12, 114, size_t)`, where `size_t` has 8 bytes.
const BLKGETSIZE64: libc::Ioctl = 0x8008_1272;
const SG_IO: libc::Ioctl = 0x2285;
const SG_DXFER_NONE: libc::c_int = -1;
const SG_DXFER_TO_DEV: libc::c_int = -2;
const SG_DXFER_FROM_DEV: libc::c_int = -3;
/// Most bytes in one command: what drives and USB bridges take without splitting.
const MAX_BYTES: u64 = 128 * 1024;

/// `struct sg_io_hdr` of scsi/sg.h.
#[repr(C)]
struct SgIoHeader {
    interface_id: libc::c_int,
    dxfer_direction: libc::c_int,
    cmd_len: libc::c_uchar,
    mx_sb_len: libc::c_uchar,
    iovec_count: libc::c_ushort,
    dxfer_len: libc::c_uint,
    dxferp: *mut libc::c_void,
    cmdp: *mut libc::c_uchar,
    sbp: *mut libc::c_uchar,
    timeout: libc::c_uint,
    flags: libc::c_uint,
    pack_id: libc::c_int,
    usr_ptr: *mut libc::c_void,
    status: libc::c_uchar,
    masked_status: libc::c_uchar,
    msg_status: libc::c_uchar,
    sb_len_wr: libc::c_uchar,
    host_status: libc::c_ushort,
    driver_status: libc::c_ushort,
    resid: libc::c_int,
    duration: libc::c_uint,
    info: libc::c_uint,
}

/// `struct cdrom_timed_media_change_info` of linux/cdrom.h.
#[repr(C)]
struct TimedMediaChange {
    last_media_change: i64,
    media_flags: u64,
}

/// An opened `/dev/srN`.
pub(super) struct ScsiNode {
    node: PathBuf,
    file: File,
}

impl ScsiNode {
    /// Opens the node without waiting for a medium and without closing the tray (`O_NONBLOCK`).
    ///
    /// # Errors
    /// [`DeviceError::Gone`], [`DeviceError::Permission`], or [`DeviceError::Refused`] if the node is not one of `/dev/sr*`.
    pub(super) fn open(node: &Path) -> Result<Self, DeviceError> {
        let shown = node.display();
        let failed = |error: io::Error| match error.raw_os_error() {
            Some(libc::EACCES | libc::EPERM) => DeviceError::Permission(format!(
                "{shown}: add the user of this program to the group that owns it (usually: usermod -aG cdrom USER), \
                 or pass the device into the container"
            )),
            Some(libc::EBUSY) => DeviceError::Refused(format!("{shown} is held exclusively by another program; is it mounted?")),
            _ => from_errno(&error, &format!("opening {shown}")),
        };
        let meta = fs::metadata(node).map_err(failed)?;
        if !meta.file_type().is_block_device() || libc::major(meta.rdev()) != SCSI_CDROM_MAJOR {
            return Err(DeviceError::Refused(format!("{shown} is not an optical drive (those are /dev/sr0, /dev/sr1, …)")));
        }
        // std opens with O_CLOEXEC.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(node).map_err(failed)?;
        Ok(Self { node: node.to_owned(), file })
    }
}

impl Transport for ScsiNode {
    fn execute(&mut self, cdb: &[u8], data: &mut [u8], limit: Duration) -> Result<Reply, DeviceError> {
        self.sg_io(cdb, &mut Bytes::In(data), limit)
    }

    fn send(&mut self, cdb: &[u8], data: &[u8], limit: Duration) -> Result<Reply, DeviceError> {
        self.sg_io(cdb, &mut Bytes::Out(data.to_vec()), limit)
    }

    fn cd_status(&mut self) -> Result<CdStatus, DeviceError> {
        // SAFETY: this ioctl takes a plain number.
        let status = unsafe { libc::ioctl(self.file.as_raw_fd(), CDROM_DRIVE_STATUS, CDSL_CURRENT) };
        match status {
            1 => Ok(CdStatus::NoDisc),
            2 => Ok(CdStatus::TrayOpen),
            3 => Ok(CdStatus::NotReady),
            4 => Ok(CdStatus::DiscOk),
            negative if negative < 0 => match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(libc::ENOSYS) => Ok(CdStatus::NoInfo),
                error => Err(from_errno(&error, "asking for the drive's status")),
            },
            _ => Ok(CdStatus::NoInfo),
        }
    }

    fn medium_changed_after(&mut self, moment: &mut i64) -> bool {
        let mut info = TimedMediaChange { last_media_change: *moment, media_flags: 0 };
        // SAFETY: `info` has the layout that the ioctl expects and lives until it returns.
        let result = unsafe { libc::ioctl(self.file.as_raw_fd(), CDROM_TIMED_MEDIA_CHANGE, &raw mut info) };
        if result < 0 {
            // Linux before 5.16 has no such ioctl; the drive's unit attention must do there.
            return false;
        }
        *moment = info.last_media_change;
        info.media_flags & MEDIA_CHANGED_FLAG != 0
    }

    fn max_bytes(&mut self) -> u64 {
        let mut sectors: libc::c_ushort = 0;
        // SAFETY: BLKSECTGET writes one unsigned short to this address.
        let result = unsafe { libc::ioctl(self.file.as_raw_fd(), BLKSECTGET, &raw mut sectors) };
        if result < 0 { 0 } else { (u64::from(sectors) * 512).min(MAX_BYTES) }
    }

    fn block_device_bytes(&mut self) -> Option<u64> {
        if cfg!(not(target_pointer_width = "64")) {
            return None;
        }
        let mut bytes = 0_u64;
        // SAFETY: BLKGETSIZE64 writes one number of 8 bytes to this address.
        let result = unsafe { libc::ioctl(self.file.as_raw_fd(), BLKGETSIZE64, &raw mut bytes) };
        (result >= 0 && bytes > 0).then_some(bytes)
    }
}

/// Bytes of a command and their direction.
enum Bytes<'a> {
    /// From the drive.
    In(&'a mut [u8]),
    /// To the drive; a copy, because the kernel wants an address that could be written to.
    Out(Vec<u8>),
}

impl ScsiNode {
    fn sg_io(&self, cdb: &[u8], bytes: &mut Bytes<'_>, limit: Duration) -> Result<Reply, DeviceError> {
        match sg_io(&self.file, cdb, bytes, limit) {
            // Without CAP_SYS_RAWIO the kernel lets some commands (allowing to take the medium out is one) through only if
            // the node was opened for writing, which the group `cdrom` may do.
            Err(error @ DeviceError::Permission(_)) => {
                let writable = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(&self.node);
                writable.map_or(Err(error), |file| sg_io(&file, cdb, bytes, limit))
            }
            other => other,
        }
    }
}

/// Sends a command through an opened node.
fn sg_io(file: &File, cdb: &[u8], bytes: &mut Bytes<'_>, limit: Duration) -> Result<Reply, DeviceError> {
    let (data, direction) = match bytes {
        Bytes::In(data) => (&mut **data, SG_DXFER_FROM_DEV),
        Bytes::Out(data) => (data.as_mut_slice(), SG_DXFER_TO_DEV),
    };
    let mut cdb_copy = [0; 16];
    let Some(target) = cdb_copy.get_mut(..cdb.len()) else {
        return Err(DeviceError::Refused(format!("a command of {} bytes", cdb.len())));
    };
    target.copy_from_slice(cdb);
    let mut sense = [0_u8; 64];
    let mut header = SgIoHeader {
        interface_id: libc::c_int::from(b'S'),
        dxfer_direction: if data.is_empty() { SG_DXFER_NONE } else { direction },
        // At most 16, checked above.
        cmd_len: u8::try_from(cdb.len()).unwrap_or(16),
        mx_sb_len: 64,
        iovec_count: 0,
        dxfer_len: u32::try_from(data.len()).map_err(|_| DeviceError::Refused("more than 4 GiB at once".to_owned()))?,
        dxferp: data.as_mut_ptr().cast(),
        cmdp: cdb_copy.as_mut_ptr(),
        sbp: sense.as_mut_ptr(),
        timeout: u32::try_from(limit.as_millis()).unwrap_or(u32::MAX - 1).max(1),
        flags: 0,
        pack_id: 0,
        usr_ptr: std::ptr::null_mut(),
        status: 0,
        masked_status: 0,
        msg_status: 0,
        sb_len_wr: 0,
        host_status: 0,
        driver_status: 0,
        resid: 0,
        duration: 0,
        info: 0,
    };
    // SAFETY: the header and the three buffers that it points to (command, sense, data) are exclusively ours, as long
    // as the lengths in it say, and live until the call returns; the kernel keeps no pointer after that.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), SG_IO, &raw mut header) };
    if result < 0 {
        return Err(from_errno(&io::Error::last_os_error(), "a SCSI command"));
    }
    let missing = usize::try_from(header.resid).unwrap_or(0);
    Ok(Reply {
        status: header.status,
        host: header.host_status,
        driver: header.driver_status,
        sense: sense[..usize::from(header.sb_len_wr).min(sense.len())].to_vec(),
        transferred: data.len().saturating_sub(missing),
    })
}

/// What an errno of the system means for a drive.
fn from_errno(error: &io::Error, attempt: &str) -> DeviceError {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENXIO | libc::ENODEV | libc::ESHUTDOWN) => DeviceError::Gone,
        Some(libc::EACCES | libc::EPERM) => DeviceError::Permission(format!("{attempt}: {error}")),
        Some(libc::ENOMEDIUM) => DeviceError::NoMedium,
        _ => DeviceError::Other(format!("{attempt}: {error}")),
    }
}
