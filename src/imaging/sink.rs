//! Where an image goes: the port. [`FileSink`](super::FileSink) implements it with files in one folder.
//!
//! The order of calls decides what survives a power cut, so everything that can be lost has a call of its own: tests put a
//! recording or failing implementation in its place.

use std::{io, path::PathBuf};

/// Why storing failed.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The file system (or the user's quota) is full.
    #[error("no space left")]
    NoSpace,
    /// A file of this name exists.
    #[error("{0} exists")]
    NameTaken(PathBuf),
    /// Another process holds the image.
    #[error("{0} is in use")]
    Busy(PathBuf),
    /// Anything else.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// What was attempted.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Clone for SinkError {
    fn clone(&self) -> Self {
        match self {
            Self::NoSpace => Self::NoSpace,
            Self::NameTaken(path) => Self::NameTaken(path.clone()),
            Self::Busy(path) => Self::Busy(path.clone()),
            Self::Io { what, path, source } => {
                // io::Error is not Clone; kind and text are what anybody uses of it.
                Self::Io { what, path: path.clone(), source: io::Error::new(source.kind(), source.to_string()) }
            }
        }
    }
}

/// What lies in the folder before work begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Existing {
    /// Length of the `.part` file.
    pub part: Option<u64>,
    /// Length of the file with the final name.
    pub image: Option<u64>,
    /// Both names are one file: a crash hit between linking the new name and removing the old one.
    pub linked: bool,
    /// The mapfile's text.
    pub map: Option<String>,
}

/// Files of one image. All methods may be called from several threads.
pub trait Sink: Send + Sync {
    /// What is there.
    ///
    /// # Errors
    /// [`SinkError::Io`] when the folder cannot be read, as for all methods.
    fn look(&self) -> Result<Existing, SinkError>;
    /// Creates an empty `.part` and locks it.
    ///
    /// # Errors
    /// [`SinkError::NameTaken`] if there is one.
    fn create(&self) -> Result<(), SinkError>;
    /// Opens the existing `.part` and locks it.
    ///
    /// # Errors
    /// [`SinkError::Busy`] if another process holds the lock.
    fn open(&self) -> Result<(), SinkError>;
    /// Opens the file with the final name for reading.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    fn open_published(&self) -> Result<(), SinkError>;
    /// Writes all bytes.
    ///
    /// # Errors
    /// [`SinkError::NoSpace`].
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError>;
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`SinkError::Io`], also when the file ends before.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError>;
    /// Length of the open file as the file system tells it.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    fn length(&self) -> Result<u64, SinkError>;
    /// Cuts or extends (with a hole) the open file.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    fn set_len(&self, len: u64) -> Result<(), SinkError>;
    /// Returns when everything written before is on disk.
    ///
    /// # Errors
    /// After an error nothing written since the last success may be relied on.
    fn sync_data(&self) -> Result<(), SinkError>;
    /// Makes the next reads come from storage where the system allows it.
    fn drop_cache(&self);
    /// Replaces the mapfile as a whole; its bytes are on disk before it takes the name.
    ///
    /// # Errors
    /// [`SinkError::NoSpace`]; the old map is untouched then.
    fn write_map(&self, text: &str) -> Result<(), SinkError>;
    /// Removes the mapfile and syncs the folder.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    fn remove_map(&self) -> Result<(), SinkError>;
    /// Makes the names in the folder durable.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    fn sync_folder(&self) -> Result<(), SinkError>;
    /// Gives the `.part` its final name: file synced before, folder after. Never replaces anything.
    ///
    /// # Errors
    /// [`SinkError::NameTaken`].
    fn publish(&self) -> Result<(), SinkError>;
    /// Removes the `.part` name of a file that already has its final name (see [`Existing::linked`]).
    ///
    /// # Errors
    /// [`SinkError::Io`].
    fn unlink_part(&self) -> Result<(), SinkError>;
    /// The open file's path, for programs that write into it; `None` where there is no file.
    fn file(&self) -> Option<PathBuf> {
        None
    }
    /// Bytes that may still be written to this file system.
    ///
    /// # Errors
    /// [`SinkError::Io`].
    fn free_space(&self) -> Result<u64, SinkError>;
}
