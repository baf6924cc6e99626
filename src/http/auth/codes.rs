//! The second step: one-time codes of an app (RFC 6238), and recovery codes for those who lost it.

use super::secret;
use crate::error::{Code, Problem};
use qrcode::{EcLevel, QrCode, render::svg};
use totp_rs::{Builder, Secret, Totp};

/// Recovery codes that are given out at once.
const RECOVERY: usize = 10;
/// Letters of recovery codes: none that look alike.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

fn internal(what: impl std::fmt::Display) -> Problem {
    Problem::new(Code::Internal, format!("one-time codes: {what}"))
}

fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0_u8; N];
    openssl::rand::rand_bytes(&mut bytes).map_err(internal)?;
    Ok(bytes)
}

/// A new seed in base 32.
///
/// # Errors
/// No random numbers.
pub fn seed() -> Result<String, Problem> {
    Ok(Secret::new(Box::new(random::<20>()?)).to_base32())
}

fn totp(seed: &str, name: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(seed).ok().filter(|secret| secret.as_bytes().len() == 20)?;
    Builder::new().with_secret(secret).with_account_name(name).with_issuer(Some("disk2iso")).build().ok()
}

/// The step that a code belongs to, if it is good now (give or take half a minute).
pub fn step(seed: &str, code: &str, now: chrono::DateTime<chrono::Utc>) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(12).collect();
    let time = u64::try_from(now.timestamp()).ok()?;
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    totp(seed, "")?.check(&code, time).and_then(|step| i64::try_from(step).ok())
}

/// What an app scans, as a picture.
///
/// # Errors
/// `internal`: the seed is none.
pub fn picture(seed: &str, name: &str) -> Result<String, Problem> {
    let url = totp(seed, name).ok_or_else(|| internal("no seed"))?.to_url().map_err(internal)?;
    let code = QrCode::with_error_correction_level(url.as_bytes(), EcLevel::M).map_err(internal)?;
    let svg = code.render::<svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build();
    // As part of a page it needs no declaration of its own, and a class instead of a size.
    let start = svg.find("<svg").unwrap_or_default();
    let svg = svg.replace(" width=\"200\"", "").replace(" height=\"200\"", "");
    Ok(svg[start..].replacen("<svg", "<svg class=\"qr\" role=\"img\" aria-label=\"QR\"", 1))
}

/// New recovery codes, for people and as they are stored.
///
/// # Errors
/// No random numbers.
pub fn recovery() -> Result<(Vec<String>, Vec<String>), Problem> {
    let mut codes = Vec::new();
    for _ in 0..RECOVERY {
        let letters: Vec<char> = random::<16>()?.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
        codes.push(letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-"));
    }
    let hashes = codes.iter().map(|code| recovery_hash(code)).collect();
    Ok((codes, hashes))
}

/// What is stored of a recovery code, however it is typed.
pub fn recovery_hash(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    secret::hash(&format!("recovery {}", plain.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn codes_are_those_of_the_standard_and_belong_to_a_step() {
        // RFC 6238, appendix B: the seed "12345678901234567890", 59 s after 1970, 94287082 (the last six digits).
        let seed = Secret::new(Box::new(*b"12345678901234567890")).to_base32();
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(step(&seed, "287082", at(59)), Some(1));
        assert_eq!(step(&seed, " 287 082 ", at(80)), Some(1), "half a minute late");
        assert_eq!(
            (step(&seed, "287082", at(120)), step(&seed, "28708", at(59)), step("x", "287082", at(59))),
            (None, None, None)
        );
    }

    #[test]
    fn the_picture_is_inline_and_recovery_codes_are_known_however_they_are_typed() {
        let seed = seed().expect("seed");
        let picture = picture(&seed, "Jörg Müller").expect("picture");
        assert!(picture.starts_with("<svg class=\"qr\"") && !picture.contains("style="), "{picture}");
        let (codes, hashes) = recovery().expect("codes");
        assert_eq!((codes.len(), codes[0].len()), (RECOVERY, 19));
        assert_eq!(recovery_hash(&codes[3].to_uppercase().replace('-', " ")), hashes[3]);
    }
}
