//! B-trees: the catalogue and the extents that have no room in it. Only their leaves are of interest; they are a chain.

use super::volume::{Extent, Fork, Volume};
use crate::filesystems::{
    bytes::{be16, be32, byte, size},
    reader::Bounded,
};
use std::{collections::HashSet, ops::Range};

/// Most nodes of a tree that are read.
const MAX_NODES: usize = 150_000;

/// Most extents of its file: each is looked at for each node.
const MAX_PLACES: usize = 1024;

/// A B-tree on the disc.
pub(super) struct BTree {
    /// Where its file is.
    places: Vec<Range<u64>>,
    node_size: u64,
    first_leaf: u32,
    nodes: u64,
}

impl BTree {
    /// Reads the header node of the tree in the file with these extents.
    pub(super) fn open(disc: &mut Bounded<'_>, volume: &Volume, file: &Fork, extents: &[Extent]) -> Option<Self> {
        let places: Vec<Range<u64>> = extents.iter().filter_map(|extent| volume.place(*extent)).take(MAX_PLACES).collect();
        let header = disc.bytes(places.first()?.start, 512)?;
        let node_size = u64::from(be16(&header, 32));
        if byte(&header, 8) != 1 || !node_size.is_power_of_two() || !(512..=32768).contains(&node_size) {
            return None;
        }
        Some(Self { places, node_size, first_leaf: be32(&header, 24), nodes: file.size / node_size })
    }

    /// Reads one node.
    fn node(&self, disc: &mut Bounded<'_>, index: u32) -> Option<Vec<u8>> {
        if u64::from(index) >= self.nodes {
            return None;
        }
        let mut skip = u64::from(index) * self.node_size;
        let mut node = Vec::new();
        for place in &self.places {
            let length = place.end - place.start;
            if skip < length {
                let missing = self.node_size - node.len() as u64;
                node.extend(disc.bytes(place.start + skip, size(missing.min(length - skip)))?);
                skip = 0;
                if node.len() as u64 == self.node_size {
                    return Some(node);
                }
            } else {
                skip -= length;
            }
        }
        None
    }

    /// Hands the records of the leaves to `each`, at most `most` leaves, until it returns `false`. The result says whether none is missing.
    /// After a leaf that cannot be read the others are looked for one by one: old leaves may be among them.
    pub(super) fn leaves(&self, disc: &mut Bounded<'_>, most: usize, mut each: impl FnMut(&[u8]) -> bool) -> bool {
        let mut seen = HashSet::new();
        let mut next = self.first_leaf;
        let mut is_whole = true;
        while next != 0 {
            if seen.len() >= most.min(MAX_NODES) || !seen.insert(next) {
                return false;
            }
            let Some(node) = self.node(disc, next).filter(|node| is_leaf(node)) else {
                is_whole = false;
                break;
            };
            if !records(&node, &mut each) {
                return false;
            }
            next = be32(&node, 0);
        }
        if is_whole {
            return true;
        }
        for index in 1..u32::try_from(self.nodes.min(most.min(MAX_NODES) as u64)).unwrap_or(u32::MAX) {
            if !seen.contains(&index)
                && let Some(node) = self.node(disc, index).filter(|node| is_leaf(node))
                && !records(&node, &mut each)
            {
                break;
            }
        }
        false
    }
}

fn is_leaf(node: &[u8]) -> bool {
    byte(node, 8) == 0xff && byte(node, 9) == 1
}

/// The records of a node, whose places are told by a list at its end, backwards.
fn records(node: &[u8], each: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let place = |index: usize| node.len().checked_sub(2 * (index + 1)).map(|at| usize::from(be16(node, at)));
    for index in 0..usize::from(be16(node, 10)).min(node.len() / 4) {
        if let (Some(start), Some(end)) = (place(index), place(index + 1))
            && let Some(record) = node.get(start..end)
            && !each(record)
        {
            return false;
        }
    }
    true
}
