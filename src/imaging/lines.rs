//! From chunks of bytes to lines of text, whatever a child process writes.

/// Longest line that is kept; the rest of a longer one is dropped. A worker's last message is one line and holds three lists of up to
/// [`MAX_POINTS`](crate::domain::result::MAX_POINTS) entries, one of them with paths.
pub const MAX_LINE: usize = 8 << 20;

/// Splits at `\n`, `\r` and `\r\n`. Bytes that are not UTF-8 become `�`; empty lines are left out.
#[derive(Debug, Default)]
pub struct LineSplitter {
    line: Vec<u8>,
}

impl LineSplitter {
    /// Takes a chunk and returns the lines that it completed.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in chunk.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (text, ended) = match piece.split_last() {
                Some((b'\n' | b'\r', text)) => (text, true),
                _ => (piece, false),
            };
            let room = MAX_LINE - self.line.len();
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// The last line if the output ended without a line break.
    pub fn finish(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        (!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = LineSplitter::default();
        let mut lines: Vec<String> = chunks.iter().flat_map(|chunk| splitter.push(chunk)).collect();
        lines.extend(splitter.finish());
        lines
    }

    #[test]
    fn progress_with_carriage_returns_comes_at_once() {
        assert_eq!(split(&[b"1%\r2", b"%\r\nend", b"\nrest"]), ["1%", "2%", "end", "rest"]);
    }

    #[test]
    fn bytes_that_are_not_text_do_no_harm() {
        assert_eq!(split(&[b"caf\xe9\n"]), ["caf\u{fffd}"]);
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_is_whole() {
        let mut splitter = LineSplitter::default();
        for _ in 0..100 {
            assert!(splitter.push(&[b'x'; 100_000]).is_empty());
        }
        let lines = splitter.push(b"\nnext\n");
        assert_eq!((lines[0].len(), lines[1].as_str()), (MAX_LINE, "next"));
    }

    proptest! {
        #[test]
        fn where_chunks_end_makes_no_difference(bytes in prop::collection::vec(prop::sample::select(b"ab\r\n\xff".to_vec()), 0..60), cut in 0_usize..60) {
            let cut = cut.min(bytes.len());
            prop_assert_eq!(split(&[&bytes[..cut], &bytes[cut..]]), split(&[&bytes]));
        }
    }
}
