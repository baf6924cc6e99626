//! Which of several readings of one frame is believed.

/// Readings of one frame. Only different contents are kept, so that memory does not grow with the number of readings.
#[derive(Debug, Default)]
pub struct Votes {
    contents: Vec<Content>,
    last: Option<usize>,
    settled: Option<usize>,
}

#[derive(Debug)]
struct Content {
    bytes: Vec<u8>,
    /// How often it was read without the drive itself saying that bytes are wrong.
    clean: u32,
    read: u32,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Two readings in a row agreed, or most of them, or the content proves itself.
    Settled(&'a [u8]),
    /// Readings differ; this is the likeliest.
    Unsettled(&'a [u8]),
    /// There is none.
    Unreadable,
}

impl Votes {
    /// A reading. `clean`: the drive reported no wrong bytes. `proven`: the content carries its own proof (error detection code).
    pub fn add(&mut self, bytes: &[u8], clean: bool, proven: bool) {
        let index = self.contents.iter().position(|content| content.bytes == bytes).unwrap_or_else(|| {
            self.contents.push(Content { bytes: bytes.to_vec(), clean: 0, read: 0 });
            self.contents.len() - 1
        });
        let content = &mut self.contents[index];
        content.read += 1;
        content.clean += u32::from(clean);
        if proven || (clean && self.last == Some(index)) {
            self.settled.get_or_insert(index);
        }
        // A reading that the drive itself doubts is no half of an agreement.
        self.last = clean.then_some(index);
    }

    /// A reading that gave nothing: what was read before and what comes after are not in a row.
    pub fn failed(&mut self) {
        self.last = None;
    }

    /// Whether more readings are of no use.
    pub fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    /// The end: no more readings come.
    pub fn decide(&self) -> Decision<'_> {
        if let Some(index) = self.settled {
            return Decision::Settled(&self.contents[index].bytes);
        }
        let most = self.contents.iter().map(|content| content.clean).max().unwrap_or(0);
        let mut winners = self.contents.iter().filter(|content| content.clean == most);
        match (winners.next(), winners.next()) {
            (Some(winner), None) if most >= 2 => Decision::Settled(&winner.bytes),
            _ => {
                let likeliest = self.contents.iter().max_by_key(|content| (content.clean, content.read));
                likeliest.map_or(Decision::Unreadable, |content| Decision::Unsettled(&content.bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(readings: &[(&[u8], bool)]) -> Votes {
        let mut votes = Votes::default();
        for (bytes, clean) in readings {
            if bytes.is_empty() { votes.failed() } else { votes.add(bytes, *clean, false) }
        }
        votes
    }

    #[test]
    fn two_in_a_row_settle_and_later_ones_change_nothing() {
        let votes = votes(&[(b"a", true), (b"b", true), (b"b", true), (b"a", true), (b"a", true)]);
        assert_eq!(votes.decide(), Decision::Settled(b"b"));
    }

    #[test]
    fn a_majority_settles_at_the_end_and_a_tie_does_not() {
        assert_eq!(votes(&[(b"a", true), (b"b", true), (b"a", true)]).decide(), Decision::Settled(b"a"));
        assert!(!votes(&[(b"a", true), (b"b", true), (b"a", true)]).is_settled());
        assert!(matches!(votes(&[(b"a", true), (b"b", true), (b"a", true), (b"b", true)]).decide(), Decision::Unsettled(_)));
    }

    #[test]
    fn readings_that_the_drive_doubts_settle_nothing() {
        assert_eq!(votes(&[(b"a", false), (b"a", false), (b"a", false)]).decide(), Decision::Unsettled(b"a"));
        assert_eq!(votes(&[(b"a", false), (b"a", false), (b"b", true)]).decide(), Decision::Unsettled(b"b"));
        assert_eq!(votes(&[(b"a", false), (b"b", true), (b"b", true)]).decide(), Decision::Settled(b"b"));
    }

    #[test]
    fn one_reading_is_not_enough_and_none_is_nothing() {
        assert_eq!(votes(&[(b"a", true), (b"", true)]).decide(), Decision::Unsettled(b"a"));
        assert_eq!(votes(&[(b"", true)]).decide(), Decision::Unreadable);
        let mut proven = Votes::default();
        proven.add(b"x", true, true);
        assert_eq!(proven.decide(), Decision::Settled(b"x"));
    }
}
