//! What was read of a disc and what was not, in the terms of a GNU ddrescue mapfile.
//!
//! The map covers bytes `0..len` without gaps. It is stored beside every image in ddrescue's own format
//! ("Mapfile structure" in the ddrescue manual), so that ddrescue can continue what we began and the reverse.

use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

/// What is known about a range of the disc. The character is the one that the mapfile uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockStatus {
    /// `?` not tried yet.
    NonTried,
    /// `*` failed as a large block, edges not trimmed.
    NonTrimmed,
    /// `/` trimmed, inner sectors not tried one by one.
    NonScraped,
    /// `-` read sector by sector and still unreadable.
    Bad,
    /// `+` read, and the bytes are on disk.
    Finished,
}

impl BlockStatus {
    fn symbol(self) -> char {
        match self {
            Self::NonTried => '?',
            Self::NonTrimmed => '*',
            Self::NonScraped => '/',
            Self::Bad => '-',
            Self::Finished => '+',
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "?" => Self::NonTried,
            "*" => Self::NonTrimmed,
            "/" => Self::NonScraped,
            "-" => Self::Bad,
            "+" => Self::Finished,
            _ => return None,
        })
    }
}

/// A mapfile that cannot be used. It means "unknown", never "nothing lost".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mapfile line {line}: {problem}")]
pub struct MapError {
    /// Line number, from 1; 0 when the file as a whole is wrong.
    pub line: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

/// Largest number of blocks that [`SectorMap::parse`] accepts; one block per sector of a BDXL disc is 61 million,
/// but no real mapfile comes near a million (a hostile one could ask for all our memory).
pub const MAX_BLOCKS: usize = 1_000_000;

/// The map itself. Invariant: keys start at 0, neighbours differ in status, all keys are below `len`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorMap {
    len: u64,
    marks: BTreeMap<u64, BlockStatus>,
}

impl SectorMap {
    /// A map of `len` bytes of which nothing has been tried.
    pub fn new(len: u64) -> Self {
        let marks = (len > 0).then_some((0, BlockStatus::NonTried)).into_iter().collect();
        Self { len, marks }
    }

    /// Number of bytes the map speaks of.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the map covers nothing at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Marks a byte range; what lies beyond the end of the map is ignored.
    pub fn set(&mut self, range: Range<u64>, status: BlockStatus) {
        let (start, end) = (range.start, range.end.min(self.len));
        if start >= end {
            return;
        }
        let after = (end < self.len).then(|| self.status_at(end));
        let before = start.checked_sub(1).map(|byte| self.status_at(byte));
        let inside: Vec<u64> = self.marks.range(start..end).map(|(key, _)| *key).collect();
        for key in inside {
            self.marks.remove(&key);
        }
        if before != Some(status) {
            self.marks.insert(start, status);
        }
        match after {
            Some(next) if next == status => drop(self.marks.remove(&end)),
            Some(next) => drop(self.marks.insert(end, next)),
            None => {}
        }
    }

    /// Status of the byte at `position`; beyond the end nothing was tried.
    pub fn status_at(&self, position: u64) -> BlockStatus {
        if position >= self.len {
            return BlockStatus::NonTried;
        }
        self.marks.range(..=position).next_back().map_or(BlockStatus::NonTried, |(_, status)| *status)
    }

    /// All blocks in order: byte range and status.
    pub fn blocks(&self) -> impl Iterator<Item = (Range<u64>, BlockStatus)> + '_ {
        let ends = self.marks.keys().skip(1).copied().chain(std::iter::once(self.len));
        self.marks.iter().zip(ends).map(|((start, status), end)| (*start..end, *status))
    }

    /// The blocks within a byte range, cut to it.
    pub fn blocks_within(&self, range: Range<u64>) -> impl Iterator<Item = (Range<u64>, BlockStatus)> + '_ {
        let end = range.end.min(self.len);
        let mut position = range.start;
        std::iter::from_fn(move || {
            if position >= end {
                return None;
            }
            let next = self.marks.range(position + 1..).next().map_or(self.len, |(start, _)| *start).min(end);
            let start = std::mem::replace(&mut position, next);
            Some((start..next, self.status_at(start)))
        })
    }

    /// Byte ranges with one of the given statuses, in order.
    pub fn ranges(&self, wanted: &[BlockStatus]) -> Vec<Range<u64>> {
        self.blocks().filter(|(_, status)| wanted.contains(status)).map(|(range, _)| range).collect()
    }

    /// Number of bytes with the given status.
    pub fn bytes(&self, wanted: BlockStatus) -> u64 {
        self.blocks().filter(|(_, status)| *status == wanted).map(|(range, _)| range.end - range.start).sum()
    }

    /// First byte that is not finished, or `len` if all are.
    pub fn finished_prefix(&self) -> u64 {
        self.blocks().find(|(_, status)| *status != BlockStatus::Finished).map_or(self.len, |(range, _)| range.start)
    }

    /// Whether every byte has been read.
    pub fn is_finished(&self) -> bool {
        self.finished_prefix() == self.len
    }

    /// Turns every block of status `from` into `to`: a retry makes `Bad` into `NonTried` again.
    pub fn replace(&mut self, from: BlockStatus, to: BlockStatus) {
        for range in self.ranges(&[from]) {
            self.set(range, to);
        }
    }

    /// The map as at most `max` cells of equal size (the last one may be shorter), for drawing. `end` is where the image ends: what
    /// lies behind it is run-out that was cut off. Sizes in bytes; a cell is a whole number of `unit`s (at least 1).
    pub fn cells(&self, max: usize, unit: u64, end: u64) -> Cells {
        let unit = unit.max(1);
        let cell = self.len.div_ceil(max.max(1) as u64).max(1).div_ceil(unit).saturating_mul(unit);
        let count = usize::try_from(self.len.div_ceil(cell)).unwrap_or(0);
        let mut seen = vec![0_u8; count];
        let mut mark = |range: Range<u64>, bit: u8| {
            if range.start < range.end {
                for index in range.start / cell..=(range.end - 1) / cell {
                    if let Some(slot) = usize::try_from(index).ok().and_then(|index| seen.get_mut(index)) {
                        *slot |= bit;
                    }
                }
            }
        };
        for (range, status) in self.blocks() {
            let bit = match status {
                BlockStatus::Finished => GOOD,
                BlockStatus::NonTried => UNTRIED,
                BlockStatus::Bad | BlockStatus::NonTrimmed | BlockStatus::NonScraped => BAD,
            };
            mark(range.start..range.end.min(end), bit);
            mark(range.start.max(end)..range.end, TRIMMED);
        }
        Cells { cell, cells: seen.into_iter().map(Cell::of).collect() }
    }

    /// The map in ddrescue's format. `?` in the status line says "copying", `+` "finished".
    pub fn to_mapfile(&self) -> String {
        let mut text = String::from(
            "# Mapfile. Created by disk2iso, readable by GNU ddrescue\n# current_pos  current_status  current_pass\n",
        );
        let position = self.finished_prefix();
        let state = if self.is_finished() { '+' } else { '?' };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "0x{position:08X}     {state}               1\n#      pos        size  status");
        for (range, status) in self.blocks() {
            let _ = writeln!(text, "0x{:08X}  0x{:08X}  {}", range.start, range.end - range.start, status.symbol());
        }
        text
    }

    /// Reads a mapfile. Blocks must start at 0 and follow each other without gap or overlap.
    ///
    /// # Errors
    /// [`MapError`] with the line, for anything that is not such a file; never a panic, whatever the bytes.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.split('#').next().unwrap_or_default().trim()))
            .filter(|(_, line)| !line.is_empty());
        let (number, status_line) = lines.next().ok_or(MapError { line: 0, problem: "no status line" })?;
        check_status_line(number, status_line)?;
        let (mut end, mut count) = (0_u64, 0_usize);
        let mut marks: BTreeMap<u64, BlockStatus> = BTreeMap::new();
        let mut last = None;
        for (number, line) in lines {
            let error = |problem| MapError { line: number, problem };
            let (position, size, status) = parse_block(line).map_err(error)?;
            if position != end {
                return Err(error("blocks must follow each other without gap or overlap, from 0"));
            }
            count += 1;
            if size == 0 || count > MAX_BLOCKS {
                return Err(error("empty block or too many blocks"));
            }
            end = position.checked_add(size).filter(|end| *end <= i64::MAX as u64).ok_or_else(|| error("beyond 2^63 bytes"))?;
            if last != Some(status) {
                marks.insert(position, status);
                last = Some(status);
            }
        }
        Ok(Self { len: end, marks })
    }
}

const GOOD: u8 = 1;
const BAD: u8 = 2;
const UNTRIED: u8 = 4;
const TRIMMED: u8 = 8;

/// A map made small enough to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// Bytes in each cell but the last.
    pub cell: u64,
    /// In order.
    pub cells: Vec<Cell>,
}

impl Cells {
    /// One letter for each cell, see [`Cell::letter`].
    pub fn letters(&self) -> String {
        self.cells.iter().map(|cell| cell.letter()).collect()
    }
}

/// What a cell of a drawing holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// All of it was read.
    Good,
    /// None of it was read, though it was tried.
    Bad,
    /// Some of it was read, or some of it was not tried yet.
    Partial,
    /// Nothing of it was tried yet.
    Untried,
    /// The unreadable run-out begins here or before; what there is of data in it was read.
    Trimmed,
}

impl Cell {
    fn of(seen: u8) -> Self {
        match seen {
            GOOD => Self::Good,
            BAD => Self::Bad,
            UNTRIED => Self::Untried,
            _ if seen & TRIMMED != 0 && seen & (BAD | UNTRIED) == 0 => Self::Trimmed,
            _ => Self::Partial,
        }
    }

    /// `g` good, `b` bad, `p` partial, `u` untried, `t` trimmed.
    pub fn letter(self) -> char {
        match self {
            Self::Good => 'g',
            Self::Bad => 'b',
            Self::Partial => 'p',
            Self::Untried => 'u',
            Self::Trimmed => 't',
        }
    }
}

fn check_status_line(line: usize, text: &str) -> Result<(), MapError> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let known = matches!(fields.get(1), Some(&("?" | "*" | "/" | "-" | "F" | "G" | "+")));
    let pass = fields.get(2).is_none_or(|pass| parse_number(pass).is_some());
    if (2..=3).contains(&fields.len()) && parse_number(fields[0]).is_some() && known && pass {
        Ok(())
    } else {
        Err(MapError { line, problem: "the first line must be: position, status, pass" })
    }
}

fn parse_block(line: &str) -> Result<(u64, u64, BlockStatus), &'static str> {
    let mut fields = line.split_whitespace();
    let mut next = || fields.next().ok_or("a block has three fields: position, size, status");
    let position = parse_number(next()?).ok_or("position is not a number")?;
    let size = parse_number(next()?).ok_or("size is not a number")?;
    let status = BlockStatus::parse(next()?).ok_or("status is none of ? * / - +")?;
    if fields.next().is_some() {
        return Err("more than three fields");
    }
    Ok((position, size, status))
}

/// Decimal, `0x` hexadecimal or `0` octal, as ddrescue accepts them.
fn parse_number(text: &str) -> Option<u64> {
    let digits =
        |text: &str, radix| text.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u64::from_str_radix(text, radix).ok())?;
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => digits(hex, 16),
        None if text.len() > 1 && text.starts_with('0') => digits(&text[1..], 8),
        None => digits(text, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status() -> impl Strategy<Value = BlockStatus> {
        prop::sample::select(vec![
            BlockStatus::NonTried,
            BlockStatus::NonTrimmed,
            BlockStatus::NonScraped,
            BlockStatus::Bad,
            BlockStatus::Finished,
        ])
    }

    fn map() -> impl Strategy<Value = SectorMap> {
        (1_u64..1 << 40, prop::collection::vec((0_u64..1 << 40, 1_u64..1 << 38, status()), 0..40)).prop_map(|(len, marks)| {
            let mut map = SectorMap::new(len);
            for (start, size, status) in marks {
                map.set(start..start + size, status);
            }
            map
        })
    }

    proptest! {
        #[test]
        fn a_map_survives_writing_and_reading(map in map()) {
            prop_assert_eq!(SectorMap::parse(&map.to_mapfile()), Ok(map));
        }

        #[test]
        fn blocks_cover_the_disc_once_and_neighbours_differ(map in map()) {
            let blocks: Vec<_> = map.blocks().collect();
            let mut end = 0;
            for (index, (range, status)) in blocks.iter().enumerate() {
                prop_assert_eq!(range.start, end);
                prop_assert!(range.end > range.start);
                prop_assert!(index == 0 || blocks[index - 1].1 != *status);
                end = range.end;
            }
            prop_assert_eq!(end, map.len());
        }

        #[test]
        fn setting_a_range_behaves_like_an_array(marks in prop::collection::vec((0_u64..64, 0_u64..64, status()), 0..30)) {
            let mut map = SectorMap::new(50);
            let mut array = [BlockStatus::NonTried; 50];
            for (start, size, status) in marks {
                map.set(start..start + size, status);
                for slot in array.iter_mut().take((start + size).min(50) as usize).skip(start as usize) {
                    *slot = status;
                }
            }
            for (byte, status) in array.iter().enumerate() {
                prop_assert_eq!(map.status_at(byte as u64), *status);
            }
        }

        #[test]
        fn blocks_within_a_range_are_those_of_the_whole_map(map in map(), start in 0_u64..1 << 40, size in 0_u64..1 << 40) {
            let range = start..start + size;
            let cut = |(block, status): (Range<u64>, BlockStatus)| (block.start.max(range.start)..block.end.min(range.end), status);
            let expected: Vec<_> = map.blocks().map(cut).filter(|(block, _)| block.start < block.end).collect();
            prop_assert_eq!(map.blocks_within(range.clone()).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn cells_say_what_the_bytes_of_each_are(
            marks in prop::collection::vec((0_u64..300, 1_u64..90, status()), 0..12), len in 0_u64..300, max in 1_usize..40,
            unit in 1_u64..9, cut in 0_u64..20,
        ) {
            let mut map = SectorMap::new(len);
            for (start, size, status) in marks {
                map.set(start..start + size, status);
            }
            let end = len.saturating_sub(cut);
            let drawn = map.cells(max, unit, end);
            prop_assert!(drawn.cells.len() <= max && drawn.cell.is_multiple_of(unit));
            prop_assert_eq!(drawn.cells.len() as u64, len.div_ceil(drawn.cell));
            for (index, cell) in (0_u64..).zip(&drawn.cells) {
                let bytes = index * drawn.cell..((index + 1) * drawn.cell).min(len);
                let kinds: std::collections::BTreeSet<char> = bytes.map(|byte| match map.status_at(byte) {
                    _ if byte >= end => 't',
                    BlockStatus::Finished => 'g',
                    BlockStatus::NonTried => 'u',
                    _ => 'b',
                }).collect();
                let kinds: String = kinds.into_iter().collect();
                let expected = match kinds.as_str() {
                    "gt" | "t" => 't',
                    one if one.len() == 1 => one.chars().next().expect("one"),
                    _ => 'p',
                };
                prop_assert_eq!(cell.letter(), expected, "cell {} of {:?}", index, kinds);
            }
        }

        #[test]
        fn any_text_gives_a_map_or_an_error(text in "(0x?[0-9a-fA-F]{0,20}|[?*/+-]|#| |\n|\\PC){0,200}") {
            let _ = SectorMap::parse(&text);
        }

        #[test]
        fn a_damaged_mapfile_gives_a_map_or_an_error(map in map(), at in 0_usize..4000, byte in 0_u8..128) {
            let mut bytes = map.to_mapfile().into_bytes();
            let index = at % bytes.len();
            bytes[index] = byte;
            if let Some(parsed) = String::from_utf8(bytes).ok().and_then(|text| SectorMap::parse(&text).ok()) {
                prop_assert_eq!(SectorMap::parse(&parsed.to_mapfile()), Ok(parsed));
            }
        }
    }

    #[test]
    fn a_file_of_gnu_ddrescue_is_understood() {
        let text = "# Mapfile. Created by GNU ddrescue version 1.27\n# Command line: ddrescue a b m\n# current_pos  current_status  current_pass\n\
                    0x00010000     +               1\n#      pos        size  status\n0x00000000  0x00010000  +\n0x00010000  0x00000800  -\n0x00010800  0x0000F800  +\n";
        let map = SectorMap::parse(text).expect("valid");
        assert_eq!((map.len(), map.bytes(BlockStatus::Bad), map.finished_prefix()), (0x20000, 0x800, 0x10000));
    }

    #[test]
    fn gaps_overlaps_and_overflows_are_refused() {
        for bad in [
            "",
            "0 ? 1\n0 0 +",
            "0 ? 1\n1 5 +",
            "0 ? 1\n0 5 +\n4 5 +",
            "0 ? 1\n0 0xFFFFFFFFFFFFFFFF +",
            "0 x 1\n0 5 +",
            "0 ? 1\n0 5 + 9",
            "0 ? 1\n0 +5 +",
        ] {
            assert!(SectorMap::parse(bad).is_err(), "{bad:?}");
        }
    }
}
