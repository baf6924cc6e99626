//! People who have shown their password and still have to show a code.

use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Time to type a code.
const VALID: TimeDelta = TimeDelta::minutes(5);
/// Most at once; the oldest goes.
const MOST: usize = 1_000;
/// Wrong codes after which the password has to be typed again.
const TRIES: u32 = 5;

/// By the hash of a secret that the form carries. A restart forgets them: people type their password again.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<String, Ticket>>);

struct Ticket {
    user: String,
    until: DateTime<Utc>,
    tries: u32,
}

impl Tickets {
    /// Notes that this account's password was right.
    pub fn put(&self, hash: String, user: String, now: DateTime<Utc>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, ticket| ticket.until > now);
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, ticket)| ticket.until).map(|(hash, _)| hash.clone());
            oldest.and_then(|hash| all.remove(&hash));
        }
        all.insert(hash, Ticket { user, until: now + VALID, tries: 0 });
    }

    /// The account of a ticket, for one more try.
    pub fn look(&self, hash: &str, now: DateTime<Utc>) -> Option<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = all.get_mut(hash).filter(|ticket| ticket.until > now && ticket.tries < TRIES)?;
        ticket.tries += 1;
        Some(ticket.user.clone())
    }

    /// The code was right.
    pub fn take(&self, hash: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_some_tries_and_some_minutes() {
        let (tickets, now) = (Tickets::default(), DateTime::UNIX_EPOCH);
        tickets.put("a".to_owned(), "anna".to_owned(), now);
        for _ in 0..TRIES {
            assert_eq!(tickets.look("a", now).as_deref(), Some("anna"));
        }
        assert_eq!(tickets.look("a", now), None);
        tickets.put("b".to_owned(), "anna".to_owned(), now);
        assert_eq!(tickets.look("b", now + VALID), None);
        tickets.take("b");
        assert_eq!(tickets.look("b", now), None);
    }
}
