//! A bearer token: what it may be, and whether somebody presents it.
//!
//! It is compared in constant time, and shown nowhere.

use std::fmt;

use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

/// The longest token, in bytes.
pub const MAX_TOKEN: usize = 256;

/// A secret by which somebody shows that he may see details.
///
/// Neither `Debug` nor any error or log line tells it. Give several for a rotation: each is good
/// by itself.
///
/// ```
/// use health_http::Token;
/// let token = Token::new("Zm9vYmFy0123456789").unwrap();
/// assert_eq!(format!("{token:?}"), "Token(..)");
/// assert!(Token::new("").is_err());
/// ```
#[derive(Clone)]
pub struct Token {
    /// Filled up with zeros, so that comparing takes as long for any length.
    padded: Box<[u8; MAX_TOKEN]>,
}

/// Why a token is refused; it is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing there: everybody could present it.
    #[error("the token is empty; give it a secret")]
    Empty,
    /// Over [`MAX_TOKEN`] bytes.
    #[error("the token has {0} bytes; {MAX_TOKEN} is the most")]
    TooLong(usize),
    /// A character that no `Authorization` header can carry.
    #[error("the token has a character outside a-z A-Z 0-9 - . _ ~ + / =; take another")]
    Character,
}

impl Token {
    /// A token of the letters that RFC 6750 (section 2.1) allows; white space around it, as of a
    /// file that ends with a line break, is not part of it.
    pub fn new(secret: &str) -> Result<Self, TokenError> {
        let secret = secret.trim().as_bytes();
        match secret.len() {
            0 => return Err(TokenError::Empty),
            length if length > MAX_TOKEN => return Err(TokenError::TooLong(length)),
            _ => {}
        }
        if !secret.iter().all(|byte| is_allowed(*byte)) {
            return Err(TokenError::Character);
        }
        padded(secret)
            .map(|padded| Self { padded })
            .ok_or(TokenError::TooLong(secret.len()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

/// `None` if it is too long. No token holds a zero, so that none is the beginning of another.
fn padded(secret: &[u8]) -> Option<Box<[u8; MAX_TOKEN]>> {
    let mut padded = Box::new([0; MAX_TOKEN]);
    padded.get_mut(..secret.len())?.copy_from_slice(secret);
    Some(padded)
}

/// Whether the request presents one of `tokens`. All are compared, whichever fits.
pub(crate) fn is_presented(tokens: &[Token], headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        // Of two, who knows which one somebody before us has looked at.
        return false;
    };
    let Some(presented) = bearer(value).and_then(padded) else {
        return false;
    };
    let fits = tokens.iter().fold(Choice::from(0), |found, token| {
        found | token.padded.ct_eq(&*presented)
    });
    fits.into()
}

/// The token of `Bearer TOKEN`; the scheme in any case (RFC 9110, section 11.1).
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty() && !token.contains(&0))
        .then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(values: &[&[u8]]) -> bool {
        let tokens = ["old-secret", "new-secret"].map(|secret| Token::new(secret).unwrap());
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        is_presented(&tokens, &headers)
    }

    #[test]
    fn only_one_whole_token_is_good() {
        let huge = format!("Bearer {}", "x".repeat(10_000));
        let longer = format!("Bearer old-secret{}", "x".repeat(MAX_TOKEN));
        for (values, good) in [
            (&[&b"Bearer old-secret"[..]][..], true),
            (&[b"Bearer new-secret"], true),
            (&[b"bearer new-secret"], true),
            (&[b"BEARER  new-secret "], true),
            (&[], false),
            (&[b""], false),
            (&[b"Bearer"], false),
            (&[b"Bearer "], false),
            (&[b"Bearer    "], false),
            (&[b"Bearer old-secre"], false),
            (&[b"Bearer old-secrets"], false),
            (&[b"Bearer Old-secret"], false),
            (&[b"Bearer old-secret new-secret"], false),
            (&[b"Bearerold-secret"], false),
            (&[b"Basic old-secret"], false),
            (&[b"old-secret"], false),
            (&[b"Bearer \xff\xfe"], false),
            (&["Bearer öld-secret".as_bytes()], false),
            (&[huge.as_bytes()], false),
            (&[longer.as_bytes()], false),
            (&[b"Bearer old-secret", b"Bearer old-secret"], false),
            (&[b"Bearer x", b"Bearer old-secret"], false),
        ] {
            assert_eq!(presented(values), good, "{values:?}");
        }
        assert!(!is_presented(&[], &HeaderMap::new()));
    }

    #[test]
    fn tokens_that_nobody_could_present_are_refused() {
        for (secret, error) in [
            ("", TokenError::Empty),
            (" \n", TokenError::Empty),
            ("two words", TokenError::Character),
            ("schlüssel", TokenError::Character),
            ("a\0b", TokenError::Character),
            (&"x".repeat(257), TokenError::TooLong(257)),
        ] {
            let refused = Token::new(secret).unwrap_err();
            assert_eq!(refused, error, "{secret}");
            assert!(secret.trim().is_empty() || !refused.to_string().contains(secret));
        }
        assert!(Token::new(&"x".repeat(256)).is_ok());
        assert!(Token::new("from-a-file\n").is_ok());
    }
}
