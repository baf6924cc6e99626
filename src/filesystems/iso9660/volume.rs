//! Volume descriptors (ECMA-119 section 8): labels, sizes, and where the trees begin.

use super::records::{Record, records};
use super::susp;
use crate::{
    domain::{disc::clean_label, ids::SECTOR},
    filesystems::{
        bytes::{byte, field, latin1, le16, le32, utf16_be},
        reader::Bounded,
    },
};
use std::ops::Range;

/// First volume descriptor, counted from the start of the session.
const FIRST_DESCRIPTOR: u64 = 16;
/// Most descriptors looked at; real discs have two to five.
const MAX_DESCRIPTORS: u64 = 16;

/// What the descriptors of a session say.
#[derive(Debug, Clone, Default)]
pub(super) struct Volume {
    pub(super) label: String,
    pub(super) joliet_label: Option<String>,
    /// Volume space size in sectors of 2048 bytes.
    pub(super) sectors: u64,
    /// Bytes of a logical block.
    pub(super) block: u64,
    /// Byte on the disc from which extents are counted: nearly always 0.
    pub(super) origin: u64,
    pub(super) primary: Tree,
    pub(super) joliet: Option<Tree>,
    /// Rock Ridge: bytes to skip in each system use field.
    pub(super) rock_ridge: Option<usize>,
    /// El Torito: sector of the boot catalogue.
    pub(super) boot_catalog: Option<u32>,
    /// Bytes of the descriptors.
    pub(super) descriptors: Range<u64>,
}

/// Root folder and path tables of a tree, in logical blocks.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) root: Record,
    /// Bytes of each path table.
    pub(super) path_table_size: u32,
    /// First block of the path tables, 0 for none.
    pub(super) path_tables: [u32; 4],
}

impl Tree {
    fn parse(descriptor: &[u8]) -> Self {
        let big_endian = |at| le32(descriptor, at).swap_bytes();
        let path_tables = [le32(descriptor, 140), le32(descriptor, 144), big_endian(148), big_endian(152)];
        Self { root: Record::parse(field(descriptor, 156, 34)), path_table_size: le32(descriptor, 132), path_tables }
    }
}

impl Volume {
    /// Byte on the disc at which a logical block begins.
    pub(super) fn byte_of(&self, block: u32) -> u64 {
        self.origin + u64::from(block) * self.block
    }

    /// Reads the descriptors of the session that starts at the sector `session`.
    pub(super) fn read(disc: &mut Bounded<'_>, session: u64) -> Option<Self> {
        let mut volume = Self::descriptors(disc, session)?;
        // Extents are counted from the start of the disc; some recorders counted from the start of the session.
        let first = volume.first_record(disc);
        if session > 0 && first.is_none() {
            volume.origin = session.saturating_mul(SECTOR);
            let relative = volume.first_record(disc);
            volume.origin = if relative.is_some() { volume.origin } else { 0 };
            volume.rock_ridge = relative.and_then(|record| susp::rock_ridge(disc, &volume, &record));
        } else {
            volume.rock_ridge = first.and_then(|record| susp::rock_ridge(disc, &volume, &record));
        }
        Some(volume)
    }

    fn descriptors(disc: &mut Bounded<'_>, session: u64) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut boot_catalog = None;
        let start = session.checked_add(FIRST_DESCRIPTOR)?;
        let mut end = start;
        for lba in start..start.checked_add(MAX_DESCRIPTORS)? {
            let Some(descriptor) = disc.sector(lba).filter(|sector| field(sector, 1, 5) == b"CD001") else { break };
            end = lba + 1;
            match byte(&descriptor, 0) {
                0 if field(&descriptor, 7, 23) == b"EL TORITO SPECIFICATION" => boot_catalog = Some(le32(&descriptor, 71)),
                1 if found.is_none() => found = Some(Self::primary(&descriptor)),
                2 if is_joliet(&descriptor) => {
                    if let Some(volume) = found.as_mut().filter(|volume| volume.joliet.is_none()) {
                        volume.joliet_label = Some(clean_label(&utf16_be(field(&descriptor, 40, 32))));
                        volume.joliet = Some(Tree::parse(&descriptor));
                    }
                }
                255 => break,
                _ => {}
            }
        }
        let descriptors = start.checked_mul(SECTOR)?..end.checked_mul(SECTOR)?;
        found.map(|volume| Self { boot_catalog, descriptors, ..volume })
    }

    fn primary(descriptor: &[u8]) -> Self {
        let block = match u64::from(le16(descriptor, 128)) {
            block @ (512 | 1024) => block,
            _ => SECTOR,
        };
        Self {
            label: clean_label(&latin1(field(descriptor, 40, 32))),
            sectors: (u64::from(le32(descriptor, 80)) * block).div_ceil(SECTOR),
            block,
            primary: Tree::parse(descriptor),
            ..Self::default()
        }
    }

    /// The root folder's record of itself, if the root folder is where the descriptor says.
    fn first_record(&self, disc: &mut Bounded<'_>) -> Option<Record> {
        let root = self.byte_of(self.primary.root.data_block());
        let sector = disc.sector(root / SECTOR)?;
        let first = records(field(&sector, (root % SECTOR) as usize, SECTOR as usize)).next()?;
        (first.name == [0] && first.is_folder() && first.block == self.primary.root.block).then_some(first)
    }
}

/// Escape sequences of UCS-2 levels 1 to 3 (Joliet specification, section 3).
fn is_joliet(descriptor: &[u8]) -> bool {
    matches!(field(descriptor, 88, 3), b"%/@" | b"%/C" | b"%/E")
}
