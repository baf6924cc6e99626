//! Counts mistakes per account and per address, and makes the next attempt wait.

use crate::domain::access::{Subject, wait};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Mistakes that are so old do not count any more.
const FORGIVEN: TimeDelta = TimeDelta::hours(1);
/// Subjects that are remembered.
const MOST: usize = 10_000;

/// Mistakes of everybody. The database remembers those of accounts over a restart as well.
#[derive(Default)]
pub struct Throttle(Mutex<HashMap<(bool, String), Mistakes>>);

struct Mistakes {
    count: u32,
    last: DateTime<Utc>,
}

impl Throttle {
    /// Begins an attempt: it counts as a mistake until it is said to have been none, so that many at once are no way around.
    ///
    /// # Errors
    /// How long to wait.
    pub fn attempt(&self, name: &str, address: &str, now: DateTime<Utc>) -> Result<(), TimeDelta> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let subjects = [(Subject::Account, (true, name.to_owned())), (Subject::Address, (false, address.to_owned()))];
        let left = subjects.iter().filter_map(|(subject, key)| {
            let mistakes = all.get(key).filter(|mistakes| now - mistakes.last < FORGIVEN)?;
            let until = mistakes.last + TimeDelta::from_std(wait(*subject, mistakes.count)).unwrap_or(FORGIVEN);
            (until > now).then(|| until - now)
        });
        if let Some(left) = left.max() {
            return Err(left);
        }
        if all.len() >= MOST {
            all.retain(|_, mistakes| now - mistakes.last < FORGIVEN);
        }
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, mistakes)| mistakes.last).map(|(key, _)| key.clone());
            oldest.and_then(|key| all.remove(&key));
        }
        for (_, key) in subjects {
            let mistakes = all.entry(key).or_insert(Mistakes { count: 0, last: now });
            if now - mistakes.last >= FORGIVEN {
                mistakes.count = 0;
            }
            mistakes.count = mistakes.count.saturating_add(1);
            mistakes.last = now;
        }
        Ok(())
    }

    /// The account starts afresh: its owner has a new password.
    pub fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(true, name.to_owned()));
    }

    /// The attempt was no mistake. The account starts afresh; the address only gets this one back: who has an account of their
    /// own must not be able to wipe out what they tried with others.
    pub fn good(&self, name: &str, address: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&(true, name.to_owned()));
        if let Some(mistakes) = all.get_mut(&(false, address.to_owned())) {
            mistakes.count = mistakes.count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn an_account_waits_longer_and_longer_whoever_tries() {
        let throttle = Throttle::default();
        for n in 0..5 {
            assert_eq!(throttle.attempt("anna", &format!("192.0.2.{n}"), at(0)), Ok(()));
        }
        assert_eq!(throttle.attempt("anna", "192.0.2.9", at(0)), Err(TimeDelta::seconds(2)));
        assert_eq!(throttle.attempt("anna", "192.0.2.9", at(2)), Ok(()));
        assert_eq!(throttle.attempt("anna", "192.0.2.9", at(3)), Err(TimeDelta::seconds(3)));
        assert_eq!(throttle.attempt("berta", "192.0.2.9", at(3)), Ok(()), "others do not wait");
        assert_eq!(throttle.attempt("anna", "192.0.2.9", at(3_700)), Ok(()), "forgiven");
    }

    #[test]
    fn an_address_waits_whatever_it_tries_and_its_own_account_does_not_help() {
        let throttle = Throttle::default();
        for n in 0..20 {
            assert_eq!(throttle.attempt(&format!("user{n}"), "192.0.2.1", at(0)), Ok(()));
            assert_eq!(throttle.attempt("own", "192.0.2.1", at(0)), Ok(()));
            throttle.good("own", "192.0.2.1");
            if n == 18 {
                break;
            }
        }
        assert_eq!(throttle.attempt("user98", "192.0.2.1", at(0)), Ok(()));
        assert!(throttle.attempt("user99", "192.0.2.1", at(0)).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..MOST + 100 {
            let _ = throttle.attempt(&format!("u{n}"), &format!("a{n}"), at(i64::try_from(n).expect("small")));
        }
        assert!(throttle.0.lock().expect("lock").len() <= MOST + 2);
    }
}
