//! What cdrdao tells on the descriptor of `--remote`: records of four bytes `ff 00 ff 00` and six or (since 1.1.8) seven native `int`s:
//! status, number of tracks, track, progress of the track (0 to 1000), of all (0 to 1000), fill of one or two buffers (`dao/remote.h`).

/// Begins a record.
const SYNC: [u8; 4] = [0xff, 0, 0xff, 0];
/// Bytes of a record that are looked at, after its beginning.
const BODY: usize = 20;
/// Status: data is being read. 1 is analysing.
const EXTRACTING: i32 = 2;

/// Finds records in a stream of bytes that may be cut anywhere. Keeps less than one record.
#[derive(Debug, Default)]
pub struct Records {
    rest: Vec<u8>,
}

impl Records {
    /// Takes bytes and returns the last total progress while extracting, in thousandths, if a record said one.
    pub fn push(&mut self, bytes: &[u8]) -> Option<u64> {
        self.rest.extend_from_slice(bytes);
        let (mut at, mut last) = (0, None);
        while let Some(found) = self.rest[at..].windows(SYNC.len()).position(|window| window == SYNC) {
            let body = at + found + SYNC.len();
            let Some(record) = self.rest.get(body..body + BODY) else {
                at += found;
                break;
            };
            let word = |index: usize| {
                let bytes = record[index * 4..index * 4 + 4].try_into().unwrap_or_default();
                i32::from_ne_bytes(bytes)
            };
            let sane = (1..=99).contains(&word(1)) && (0..=1000).contains(&word(4));
            if word(0) == EXTRACTING && sane {
                last = u64::try_from(word(4)).ok().or(last);
            }
            at = body + if sane { BODY } else { 0 };
        }
        // What cannot become a record any more is dropped.
        let keep = if self.rest[at..].starts_with(&SYNC) { SYNC.len() + BODY } else { SYNC.len() - 1 };
        let from = at.max(self.rest.len().saturating_sub(keep));
        self.rest.drain(..from);
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(status: i32, total: i32) -> Vec<u8> {
        let words = [status, 12, 3, 500, total, 0, 0];
        SYNC.into_iter().chain(words.into_iter().flat_map(i32::to_ne_bytes)).collect()
    }

    #[test]
    fn only_plausible_records_of_extracting_count() {
        let mut records = Records::default();
        assert_eq!(records.push(&record(1, 10)), None);
        assert_eq!(records.push(&record(2, 10)), Some(10));
        assert_eq!(records.push(&[record(2, 20), record(2, 5000)].concat()), Some(20));
        assert_eq!(records.push(&[b"noise".to_vec(), record(2, 1000)].concat()), Some(1000));
    }

    proptest! {
        #[test]
        fn where_the_stream_is_cut_makes_no_difference(totals in prop::collection::vec(0_i32..=1000, 1..20), cut in 1_usize..50) {
            let stream: Vec<u8> = totals.iter().flat_map(|total| record(2, *total)).collect();
            let mut records = Records::default();
            let last = stream.chunks(cut).filter_map(|chunk| records.push(chunk)).last();
            prop_assert_eq!(last, totals.last().map(|total| u64::try_from(*total).unwrap()));
        }

        #[test]
        fn rubbish_is_bounded(bytes in prop::collection::vec(prop::sample::select(vec![0_u8, 0xff, 2]), 0..2000), cut in 1_usize..100) {
            let mut records = Records::default();
            for chunk in bytes.chunks(cut) {
                records.push(chunk);
                prop_assert!(records.rest.len() <= SYNC.len() + BODY);
            }
        }
    }
}
