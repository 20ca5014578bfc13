//! What an error of the client means. What is then said of it, `trouble` of all sources says.

use std::error::Error;
use std::io;

use super::NAME;
use crate::source_error::SourceError;
use crate::sources::trouble::Trouble;

/// A connection or an answer that did not come.
pub(super) fn failure(error: tokio_postgres::Error) -> SourceError {
    of(&error).with(NAME, error)
}

/// What answers is none, or speaks otherwise.
pub(super) fn foreign() -> SourceError {
    Trouble::Foreign.of(NAME)
}

fn of(error: &tokio_postgres::Error) -> Trouble {
    if let Some(code) = error.code() {
        return of_code(code.code());
    }
    if error.is_closed() {
        return Trouble::Ended;
    }
    // The client does not tell its kinds otherwise than in words.
    match error.to_string().as_str() {
        "error performing TLS handshake" => return Trouble::Tls,
        "authentication error" => return Trouble::Credentials,
        "unexpected message from server" | "error parsing response from server" => {
            return Trouble::Foreign;
        }
        _ => {}
    }
    let first: &(dyn Error + 'static) = error;
    let mut next = Some(first);
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<io::Error>() {
            return Trouble::of_io(error);
        }
        if source.to_string() == "password missing" {
            return Trouble::Credentials;
        }
        next = source.source();
    }
    Trouble::Other
}

/// By the code of the server's answer, listed in appendix A of PostgreSQL's manual.
fn of_code(code: &str) -> Trouble {
    match code {
        "28000" | "28P01" => Trouble::Credentials,
        "3D000" => Trouble::NoDatabase,
        "53300" => Trouble::Full,
        "57P03" => Trouble::NotReady,
        "57P01" | "57P02" | "57P04" | "57P05" => Trouble::Ended,
        "42501" => Trouble::Permission("GRANT pg_monitor TO it, and CONNECT on the database"),
        // A code is five letters and digits; what else a server sends is not passed on.
        _ if code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Trouble::Answered(format!("SQLSTATE {code}"))
        }
        _ => Trouble::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for (code, trouble) in [
            ("28P01", Trouble::Credentials),
            ("28000", Trouble::Credentials),
            ("3D000", Trouble::NoDatabase),
            ("53300", Trouble::Full),
            ("57P03", Trouble::NotReady),
            ("57P01", Trouble::Ended),
            ("XX000", Trouble::Answered("SQLSTATE XX000".to_owned())),
            ("<b>!!", Trouble::Foreign),
            ("", Trouble::Foreign),
        ] {
            assert_eq!(of_code(code), trouble, "{code}");
        }
        assert!(of_code("42501").of(NAME).message().contains("pg_monitor"));
    }
}
