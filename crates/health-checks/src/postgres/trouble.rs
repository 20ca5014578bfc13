//! What an error of the client, or of a pool around it, means.
//!
//! What is then said of it, `sql` says.

use std::error::Error;
use std::io;

use tokio_postgres::SimpleQueryMessage;

use crate::sql::{Failure, Trouble};

/// What a query comes to.
pub(super) type Answer = Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>;

/// A connection or an answer that did not come.
pub(super) fn failure(error: tokio_postgres::Error) -> Failure {
    Failure::with_error(of(&error), error)
}

/// A pool that gave no connection: by the client's error among its sources, if there is one.
pub(super) fn of_pool(error: Box<dyn Error + Send + Sync>) -> Failure {
    let trouble = sources(error.as_ref())
        .find_map(|source| source.downcast_ref().map(of))
        .unwrap_or(Trouble::Pool);
    Failure::with_error(trouble, error)
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
    for source in sources(error) {
        if let Some(error) = source.downcast_ref::<io::Error>() {
            return Trouble::of_io(error);
        }
        if source.to_string() == "password missing" {
            return Trouble::Credentials;
        }
    }
    Trouble::Other
}

/// An error, and what it came from.
fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        (*error).source()
    })
}

/// By the code of the server's answer, listed in appendix A of PostgreSQL's manual.
fn of_code(code: &str) -> Trouble {
    match code {
        "28000" | "28P01" => Trouble::Credentials,
        "3D000" => Trouble::NoDatabase,
        "53300" => Trouble::Full,
        "57P03" => Trouble::NotReady,
        "57P01" | "57P02" | "57P04" | "57P05" => Trouble::Ended,
        "57014" => Trouble::Cancelled,
        "42501" => Trouble::Permission("grant it CONNECT on the database"),
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
            ("57014", Trouble::Cancelled),
            (
                "42501",
                Trouble::Permission("grant it CONNECT on the database"),
            ),
            ("XX000", Trouble::Answered("SQLSTATE XX000".to_owned())),
            ("<b>!!", Trouble::Foreign),
            ("", Trouble::Foreign),
        ] {
            assert_eq!(of_code(code), trouble, "{code}");
        }
    }

    #[test]
    fn a_pool_is_judged_by_the_client_within() {
        let own = of_pool("all taken, says alice".into());
        let outcome = own.outcome("postgres");
        assert!(
            outcome
                .message()
                .starts_with("the pool gives no connection")
        );
        assert!(!outcome.message().contains("alice"));
        assert!(outcome.error().is_some());
    }
}
