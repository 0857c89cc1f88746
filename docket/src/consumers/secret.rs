//! A consumer's password.

use rand::Rng;

use crate::failure::{Failure, While};

/// So many letters and digits are 256 random bits.
const LENGTH: usize = 43;
/// The least that bcrypt has. Nobody guesses 256 random bits however fast each guess is, while every
/// connection costs the server what one guess does.
const COST: u32 = 4;

/// Shown once, to whoever has it made; kept as a hash.
pub(crate) struct Secret(String);

impl Secret {
    /// A new one.
    pub(crate) fn new() -> Self {
        Self(rand::rng().sample_iter(rand::distr::Alphanumeric).take(LENGTH).map(char::from).collect())
    }

    /// The text.
    pub(crate) fn show(&self) -> &str {
        &self.0
    }

    /// In the form in which nats-server takes it.
    pub(crate) fn hash(&self) -> Result<String, Failure> {
        let hash = bcrypt::hash_with_salt(&self.0, COST, rand::rng().random());
        Ok(hash.while_doing("the password cannot be hashed")?.format_for_version(bcrypt::Version::TwoA))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_one_that_nats_server_knows_and_verifies() {
        let secret = Secret::new();
        let hash = secret.hash().unwrap();
        assert!(hash.starts_with("$2a$04$"), "{hash}");
        assert!(bcrypt::verify(secret.show(), &hash).unwrap());
        assert!(!hash.contains(secret.show()));
        assert_ne!(secret.hash().unwrap(), hash, "salted");
    }
}
