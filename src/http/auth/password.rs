//! Passwords: Argon2id, on threads that may block, a few at once.

use crate::error::{Code, Problem};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;

/// Hashes at once: each takes 19 MiB and a core for some 30 milliseconds.
const AT_ONCE: usize = 2;
/// Requests that may wait for their turn; more are sent away.
const WAITING: usize = 32;

/// The hash of a password, for the database. Blocks for some 30 milliseconds.
///
/// # Errors
/// No memory or no random numbers.
pub fn hash(password: &str) -> Result<String, String> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
}

/// The hash of something that nobody knows, so that an unknown name takes as long as a wrong password.
fn nobody() -> &'static str {
    static NOBODY: OnceLock<String> = OnceLock::new();
    NOBODY.get_or_init(|| super::secret::random().and_then(|secret| hash(&secret)).unwrap_or_default())
}

/// Takes turns. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default() }
    }
}

/// Counts somebody who waits, as long as it lives.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Passwords {
    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let place = Waiting(Arc::clone(&self.waiting));
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= WAITING {
            return Err(Problem::new(Code::Unavailable, "Too many people sign in at this moment; try again in a few seconds"));
        }
        let gone = || Problem::new(Code::Unavailable, "The service stops");
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| gone())?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        let result = done.await.map_err(|_| gone());
        drop(place);
        result
    }

    /// Whether this password belongs to this hash. Without a hash it takes as long and is `false`.
    ///
    /// # Errors
    /// `unavailable` if too many wait.
    pub async fn check(&self, password: &str, hash: Option<String>) -> Result<bool, Problem> {
        let password = password.to_owned();
        self.turn(move || match hash {
            Some(hash) => verify(&password, &hash),
            None => {
                verify(&password, nobody());
                false
            }
        })
        .await
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// `unavailable` if too many wait.
    pub async fn make(&self, password: &str) -> Result<String, Problem> {
        let password = password.to_owned();
        self.turn(move || hash(&password)).await?.map_err(|error| Problem::new(Code::Internal, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_and_knows_its_password() {
        let stored = hash("correct horse").expect("hashed");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(
            verify("correct horse", &stored) && !verify("correct horsf", &stored) && !verify("x", "") && !verify("", nobody())
        );
    }
}
