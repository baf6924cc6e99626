//! How long sessions last, and when their secret changes.

use chrono::{DateTime, TimeDelta, Utc};

/// A session that is not used for so long is over.
pub const IDLE: TimeDelta = TimeDelta::days(7);
/// A session is over after so long, however much it is used.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(30);
/// A secret is replaced after so long.
const ROTATE: TimeDelta = TimeDelta::hours(1);
/// Requests that were under way while the secret was replaced may carry the old one for so long after the new one was seen.
const OVERLAP: TimeDelta = TimeDelta::minutes(1);
/// The time of last use is stored at most so often.
const NOTED: TimeDelta = TimeDelta::minutes(1);

/// When a session of this age that is used now is over unless it is used again.
pub fn expiry(created: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    (now + IDLE).min(created + ABSOLUTE)
}

/// What to store about a session or token that is used.
pub fn worth_noting(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last.is_none_or(|last| now - last >= NOTED)
}

/// Which of a session's two secrets was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The one that was given out last.
    Current,
    /// The one before.
    Previous,
}

/// What becomes of the secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Nothing.
    Keep,
    /// A new secret; the one that was shown stays good until the new one is seen, because the answer may get lost.
    Replace,
    /// The new one has been seen for a while: the one before is not good any more.
    ForgetPrevious,
}

/// Decides what becomes of the secrets of a session that was used.
pub fn rotation(shown: Shown, has_previous: bool, rotated: DateTime<Utc>, now: DateTime<Utc>) -> Rotation {
    let age = now - rotated;
    match shown {
        Shown::Current if age >= ROTATE => Rotation::Replace,
        Shown::Current if has_previous && age >= OVERLAP => Rotation::ForgetPrevious,
        // The answer with the new one never arrived.
        Shown::Previous if age >= OVERLAP => Rotation::Replace,
        Shown::Current | Shown::Previous => Rotation::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn idle_and_old_sessions_end() {
        assert_eq!(expiry(at(0), at(5)), at(5) + IDLE);
        assert_eq!(expiry(at(0), at(0) + TimeDelta::days(29)), at(0) + ABSOLUTE);
        assert!(worth_noting(None, at(0)) && worth_noting(Some(at(0)), at(1)) && !worth_noting(Some(at(1)), at(1)));
    }

    #[test]
    fn a_lost_answer_signs_nobody_out_and_an_old_secret_does_not_stay_good() {
        assert_eq!(rotation(Shown::Current, false, at(0), at(59)), Rotation::Keep);
        assert_eq!(rotation(Shown::Current, false, at(0), at(60)), Rotation::Replace);
        assert_eq!(rotation(Shown::Previous, true, at(60), at(60)), Rotation::Keep, "under way");
        assert_eq!(rotation(Shown::Previous, true, at(60), at(61)), Rotation::Replace, "lost");
        assert_eq!(rotation(Shown::Current, true, at(60), at(61)), Rotation::ForgetPrevious);
    }
}
