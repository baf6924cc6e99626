//! How long to wait after wrong passwords and codes.

use std::time::Duration;

/// Whose mistakes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// An account, whoever tries: slows down guessing of one password from many places.
    Account,
    /// An address, whatever it tries: slows down guessing of many accounts from one place. More patient, because a family or an
    /// office may share one.
    Address,
}

/// Longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The wait after so many mistakes in a row: none for the first few, then it doubles.
pub fn wait(subject: Subject, failures: u32) -> Duration {
    let free = match subject {
        Subject::Account => 4,
        Subject::Address => 19,
    };
    match failures.checked_sub(free) {
        None | Some(0) => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64 << over.min(20)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends_somewhere() {
        let account: Vec<u64> = (0..16).map(|failures| wait(Subject::Account, failures).as_secs()).collect();
        assert_eq!(account, [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(wait(Subject::Account, u32::MAX), LONGEST);
        assert_eq!((wait(Subject::Address, 19), wait(Subject::Address, 20)), (Duration::ZERO, Duration::from_secs(2)));
    }
}
