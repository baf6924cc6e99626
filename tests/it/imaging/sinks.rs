//! Storage that fails, records, and forgets what was not synced.

use disk2iso::{
    domain::ids::SECTOR,
    imaging::{Existing, FileSink, Sink, SinkError, protocol::ImagePaths},
};
use std::sync::{Mutex, MutexGuard};

/// A call that a test may want to fail or to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Create,
    Write,
    Sync,
    WriteMap,
    RemoveMap,
    SyncFolder,
    Publish,
    SetLen,
    Read,
}

type Decide = Box<dyn FnMut(Call) -> Result<(), SinkError> + Send>;

/// Real files, with somebody in between who hears of every call and may let it fail.
pub struct Watched {
    inner: FileSink,
    decide: Mutex<Decide>,
    pub free: Option<u64>,
}

impl Watched {
    pub fn new(paths: &ImagePaths, decide: impl FnMut(Call) -> Result<(), SinkError> + Send + 'static) -> Self {
        Self { inner: FileSink::new(paths.clone()), decide: Mutex::new(Box::new(decide)), free: None }
    }

    fn ask(&self, call: Call) -> Result<(), SinkError> {
        (self.decide.lock().unwrap())(call)
    }
}

pub fn io_error(what: &'static str) -> SinkError {
    SinkError::Io { what, path: "test".into(), source: std::io::Error::other("injected") }
}

impl Sink for Watched {
    fn look(&self) -> Result<Existing, SinkError> {
        self.inner.look()
    }
    fn create(&self) -> Result<(), SinkError> {
        self.ask(Call::Create)?;
        self.inner.create()
    }
    fn open(&self) -> Result<(), SinkError> {
        self.inner.open()
    }
    fn open_published(&self) -> Result<(), SinkError> {
        self.inner.open_published()
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        self.ask(Call::Write)?;
        self.inner.write_at(offset, bytes)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        self.ask(Call::Read)?;
        self.inner.read_at(offset, buffer)
    }
    fn length(&self) -> Result<u64, SinkError> {
        self.inner.length()
    }
    fn set_len(&self, len: u64) -> Result<(), SinkError> {
        self.ask(Call::SetLen)?;
        self.inner.set_len(len)
    }
    fn sync_data(&self) -> Result<(), SinkError> {
        self.ask(Call::Sync)?;
        self.inner.sync_data()
    }
    fn drop_cache(&self) {
        self.inner.drop_cache();
    }
    fn write_map(&self, text: &str) -> Result<(), SinkError> {
        self.ask(Call::WriteMap)?;
        self.inner.write_map(text)
    }
    fn remove_map(&self) -> Result<(), SinkError> {
        self.ask(Call::RemoveMap)?;
        self.inner.remove_map()
    }
    fn sync_folder(&self) -> Result<(), SinkError> {
        self.ask(Call::SyncFolder)?;
        self.inner.sync_folder()
    }
    fn publish(&self) -> Result<(), SinkError> {
        self.ask(Call::Publish)?;
        self.inner.publish()
    }
    fn unlink_part(&self) -> Result<(), SinkError> {
        self.inner.unlink_part()
    }
    fn free_space(&self) -> Result<u64, SinkError> {
        self.free.map_or_else(|| self.inner.free_space(), Ok)
    }
}

/// A folder that forgets all but lengths and the map: for those who count requests.
#[derive(Default)]
pub struct Nowhere(Mutex<(u64, Option<String>)>);

impl Nowhere {
    fn lock(&self) -> MutexGuard<'_, (u64, Option<String>)> {
        self.0.lock().unwrap()
    }
}

impl Sink for Nowhere {
    fn look(&self) -> Result<Existing, SinkError> {
        Ok(Existing { map: self.lock().1.clone(), ..Existing::default() })
    }
    fn create(&self) -> Result<(), SinkError> {
        Ok(())
    }
    fn open(&self) -> Result<(), SinkError> {
        Ok(())
    }
    fn open_published(&self) -> Result<(), SinkError> {
        Ok(())
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        let mut state = self.lock();
        state.0 = state.0.max(offset + bytes.len() as u64);
        Ok(())
    }
    fn read_at(&self, _offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        buffer.fill(0);
        Ok(())
    }
    fn length(&self) -> Result<u64, SinkError> {
        Ok(self.lock().0)
    }
    fn set_len(&self, len: u64) -> Result<(), SinkError> {
        self.lock().0 = len;
        Ok(())
    }
    fn sync_data(&self) -> Result<(), SinkError> {
        Ok(())
    }
    fn drop_cache(&self) {}
    fn write_map(&self, text: &str) -> Result<(), SinkError> {
        self.lock().1 = Some(text.to_owned());
        Ok(())
    }
    fn remove_map(&self) -> Result<(), SinkError> {
        self.lock().1 = None;
        Ok(())
    }
    fn sync_folder(&self) -> Result<(), SinkError> {
        Ok(())
    }
    fn publish(&self) -> Result<(), SinkError> {
        Ok(())
    }
    fn unlink_part(&self) -> Result<(), SinkError> {
        Ok(())
    }
    fn free_space(&self) -> Result<u64, SinkError> {
        Ok(u64::MAX)
    }
}

/// How the machine goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process dies; the system keeps what it was given.
    Kill,
    /// The power goes: of what was not synced any part may be lost, names too.
    Power,
}

/// Which names the folder has. There is one file, whatever it is called.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names {
    pub part: bool,
    pub image: bool,
    pub map: Option<String>,
}

#[derive(Default)]
struct Disk {
    bytes: Vec<u8>,
    names: Names,
    durable_bytes: Vec<u8>,
    durable_names: Names,
    /// Writes to the file since its last sync; `None` sets the length.
    unsynced: Vec<(u64, Option<Vec<u8>>)>,
    /// States of the folder since its last sync.
    unsynced_names: Vec<Names>,
    calls: u64,
    dies_at: Option<u64>,
}

/// A folder in memory on a disk that loses what was not synced.
#[derive(Default)]
pub struct MemorySink(Mutex<Disk>);

impl MemorySink {
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    fn call(&self) -> Result<MutexGuard<'_, Disk>, SinkError> {
        let mut disk = self.lock();
        disk.call()?;
        Ok(disk)
    }

    /// Lets the process die at the n-th call from now.
    pub fn die_in(&self, calls: u64) {
        let mut disk = self.lock();
        disk.dies_at = Some(disk.calls + calls);
    }

    pub fn is_dead(&self) -> bool {
        let disk = self.lock();
        disk.dies_at.is_some_and(|at| disk.calls >= at)
    }

    /// The machine is up again; files are what the crash left.
    pub fn restart(&self, crash: Crash, mut dice: impl FnMut() -> bool) {
        let mut disk = self.lock();
        disk.dies_at = None;
        let (writes, names) = (std::mem::take(&mut disk.unsynced), std::mem::take(&mut disk.unsynced_names));
        if crash == Crash::Power {
            let mut bytes = disk.durable_bytes.clone();
            for (offset, data) in writes {
                if dice() {
                    apply(&mut bytes, offset, data.as_deref());
                }
            }
            // A name that was not synced is the old or any newer one.
            let newer = names.into_iter().filter(|_| dice()).last();
            (disk.bytes, disk.names) = (bytes, newer.unwrap_or_else(|| disk.durable_names.clone()));
        }
        disk.durable_bytes = disk.bytes.clone();
        disk.durable_names = disk.names.clone();
    }

    /// Content and names that a power cut now would leave.
    pub fn durable(&self) -> (Vec<u8>, Names) {
        let disk = self.lock();
        (disk.durable_bytes.clone(), disk.durable_names.clone())
    }
}

fn apply(bytes: &mut Vec<u8>, offset: u64, data: Option<&[u8]>) {
    let offset = offset as usize;
    match data {
        Some(data) => {
            lengthen(bytes, offset + data.len());
            bytes[offset..offset + data.len()].copy_from_slice(data);
        }
        None => {
            bytes.truncate(offset);
            lengthen(bytes, offset);
        }
    }
}

/// `Vec::resize` goes byte by byte without optimisation.
fn lengthen(bytes: &mut Vec<u8>, len: usize) {
    bytes.extend_from_slice(&vec![0; len.saturating_sub(bytes.len())]);
}

impl Disk {
    fn call(&mut self) -> Result<(), SinkError> {
        self.calls += 1;
        if self.dies_at.is_some_and(|at| self.calls >= at) { Err(io_error("reach")) } else { Ok(()) }
    }

    fn sync(&mut self) {
        for (offset, data) in self.unsynced.drain(..) {
            apply(&mut self.durable_bytes, offset, data.as_deref());
        }
        // Syncing a new file makes its name durable as well on every file system in use.
        self.durable_names.part |= self.names.part && !self.durable_names.image;
    }

    fn named(&mut self) {
        self.unsynced_names.push(self.names.clone());
    }

    fn sync_names(&mut self) {
        self.durable_names = self.names.clone();
        self.unsynced_names.clear();
    }
}

impl Sink for MemorySink {
    fn look(&self) -> Result<Existing, SinkError> {
        let disk = self.call()?;
        let len = |present: bool| present.then_some(disk.bytes.len() as u64);
        Ok(Existing { part: len(disk.names.part), image: len(disk.names.image), linked: false, map: disk.names.map.clone() })
    }
    fn create(&self) -> Result<(), SinkError> {
        let mut disk = self.call()?;
        assert!(!disk.names.part && !disk.names.image);
        (disk.bytes, disk.names.part) = (Vec::new(), true);
        disk.unsynced.clear();
        disk.durable_bytes.clear();
        disk.named();
        Ok(())
    }
    fn open(&self) -> Result<(), SinkError> {
        assert!(self.call()?.names.part);
        Ok(())
    }
    fn open_published(&self) -> Result<(), SinkError> {
        assert!(self.call()?.names.image);
        Ok(())
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        let mut disk = self.call()?;
        assert!(disk.names.part, "a published image is never written to");
        assert_eq!(offset % SECTOR, 0);
        disk.unsynced.push((offset, Some(bytes.to_vec())));
        apply(&mut disk.bytes, offset, Some(bytes));
        Ok(())
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        let disk = self.call()?;
        let start = offset as usize;
        buffer.copy_from_slice(disk.bytes.get(start..start + buffer.len()).ok_or_else(|| io_error("read so far"))?);
        Ok(())
    }
    fn length(&self) -> Result<u64, SinkError> {
        Ok(self.call()?.bytes.len() as u64)
    }
    fn set_len(&self, len: u64) -> Result<(), SinkError> {
        let mut disk = self.call()?;
        disk.unsynced.push((len, None));
        apply(&mut disk.bytes, len, None);
        Ok(())
    }
    fn sync_data(&self) -> Result<(), SinkError> {
        self.call()?.sync();
        Ok(())
    }
    fn drop_cache(&self) {}
    fn write_map(&self, text: &str) -> Result<(), SinkError> {
        let mut disk = self.call()?;
        disk.names.map = Some(text.to_owned());
        disk.named();
        Ok(())
    }
    fn remove_map(&self) -> Result<(), SinkError> {
        let mut disk = self.call()?;
        disk.names.map = None;
        disk.named();
        disk.call()?;
        disk.sync_names();
        Ok(())
    }
    fn sync_folder(&self) -> Result<(), SinkError> {
        self.call()?.sync_names();
        Ok(())
    }
    fn publish(&self) -> Result<(), SinkError> {
        let mut disk = self.call()?;
        disk.sync();
        disk.call()?;
        assert!(!disk.names.image);
        (disk.names.part, disk.names.image) = (false, true);
        disk.named();
        disk.call()?;
        disk.sync_names();
        Ok(())
    }
    fn unlink_part(&self) -> Result<(), SinkError> {
        unreachable!("names are renamed, never linked, here")
    }
    fn free_space(&self) -> Result<u64, SinkError> {
        Ok(u64::MAX)
    }
}
