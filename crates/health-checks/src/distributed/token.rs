//! What the loopbacks send: something that nobody else has sent, and that shows
//! whether it was changed on its way.
//!
//! It is no secret and no signature: it tells chance from order, not friend from foe.

use std::fmt::Write as _;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// What every token begins with.
const MAGIC: &str = "health-probe ";
/// Words of 16 hexadecimal digits before the checksum.
const WORDS: u64 = 4;

/// Makes tokens; no two of them, in this process or another, are alike.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// Its keys come from the operating system's randomness.
    random: RandomState,
    made: AtomicU64,
}

/// How something received looks beside the token that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It is the token.
    Same,
    /// Another token, whole: of an earlier run, or of another process.
    Other,
    /// More the token than not: it was changed on its way.
    Changed,
    /// No token at all.
    Foreign,
}

impl Tokens {
    /// The next token: plain ASCII, of always the same length.
    pub(super) fn token(&self) -> String {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        let mut token = String::from(MAGIC);
        for word in 0..WORDS {
            // Writing to a string cannot fail.
            let _ = write!(token, "{:016x}", self.random.hash_one((made, word)));
        }
        token += &checksum(token.as_bytes());
        token
    }

    /// A short name nobody else has given.
    pub(super) fn id(&self) -> String {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", self.random.hash_one((made, WORDS)))
    }
}

/// Compares what was received with the token that was sent.
pub(super) fn likeness(sent: &[u8], received: &[u8]) -> Likeness {
    if sent == received {
        return Likeness::Same;
    }
    if is_token(received) {
        return Likeness::Other;
    }
    // Two tokens share their magic, and one digit in 16 by chance: far from half.
    let same = sent.iter().zip(received).filter(|(a, b)| a == b).count();
    if same * 2 > sent.len() {
        Likeness::Changed
    } else {
        Likeness::Foreign
    }
}

fn is_token(bytes: &[u8]) -> bool {
    let Some((body, sum)) = bytes.split_last_chunk::<16>() else {
        return false;
    };
    body.starts_with(MAGIC.as_bytes()) && checksum(body).as_bytes() == sum
}

fn checksum(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_told_apart() {
        let tokens = Tokens::default();
        let sent = tokens.token().into_bytes();
        let flipped = |at: usize| {
            let mut bytes = sent.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut doubled = sent.clone();
        doubled.extend_from_slice(&sent);
        for (received, expected) in [
            (sent.clone(), Likeness::Same),
            (tokens.token().into_bytes(), Likeness::Other),
            (Tokens::default().token().into_bytes(), Likeness::Other),
            (flipped(0), Likeness::Changed),
            (flipped(sent.len() / 2), Likeness::Changed),
            (flipped(sent.len() - 1), Likeness::Changed),
            (sent[..sent.len() - 1].to_vec(), Likeness::Changed),
            (sent[..10].to_vec(), Likeness::Foreign),
            (doubled, Likeness::Changed),
            (Vec::new(), Likeness::Foreign),
            (vec![b'x'; 1_000_000], Likeness::Foreign),
            (MAGIC.as_bytes().to_vec(), Likeness::Foreign),
        ] {
            assert_eq!(likeness(&sent, &received), expected);
        }
    }

    #[test]
    fn no_two_are_alike() {
        let tokens = [Tokens::default(), Tokens::default()];
        let made = (0..500)
            .flat_map(|_| tokens.each_ref().map(|t| [t.token(), t.id()]))
            .flatten()
            .collect::<std::collections::HashSet<_>>();
        assert_eq!(made.len(), 2000);
    }
}
