//! Random secrets, and the hashes by which they are known again.

use sha2::{Digest as _, Sha256};

/// How API tokens begin, so that people and scanners of source code know them.
pub const TOKEN_PREFIX: &str = "d2i_";

/// A new secret of 32 random bytes, as 64 hexadecimal digits.
///
/// # Errors
/// The system has no randomness to give.
pub fn random() -> Result<String, String> {
    let mut bytes = [0_u8; 32];
    openssl::rand::rand_bytes(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
    Ok(hex(&bytes))
}

/// What is stored of a random secret. No salt and no slow hash: there is nothing to guess in 32 random bytes.
pub fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Compares in a time that does not tell where they differ.
pub fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && openssl::memcmp::eq(a.as_bytes(), b.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_hashes_do_not() {
        let (a, b) = (random().expect("random"), random().expect("random"));
        assert!(a.len() == 64 && a != b && same(&hash(&a), &hash(&a)) && !same(&a, &b) && !same(&a, ""));
    }
}
