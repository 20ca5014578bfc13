//! Why there is no answer to judge, in words that name the reason and the remedy.

use std::error::Error as _;

use health_core::Outcome;
use thiserror::Error;

use super::allowance::TooMuch;
use super::redirect::RedirectError;
use crate::net::dial::DialError;
use crate::net::tls_failure::TlsFailure;

/// Why there is no answer. Each message follows the request's line.
#[derive(Debug, Error)]
pub(super) enum HttpFailure {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error(transparent)]
    Tls(#[from] TlsFailure),
    #[error("accepts the connection, but does not answer in time; look at the server's load")]
    HeadOverdue,
    #[error("begins to answer, but does not end in time; look at the server's load")]
    BodyOverdue,
    #[error("{}", words(.0))]
    Http(#[from] hyper::Error),
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    #[error("its host cannot be sent; correct the URL")]
    Host,
}

impl HttpFailure {
    /// What a run comes to that began with `what`.
    pub(super) fn outcome(self, what: &str) -> Outcome {
        match self {
            Self::Dial(error) => error.outcome(what),
            Self::Tls(failure) => failure.outcome(what),
            Self::HeadOverdue | Self::BodyOverdue => {
                Outcome::timeout(format!("{what}: {self}")).with_error(self)
            }
            _ => Outcome::unhealthy(format!("{what}: {self}")).with_error(self),
        }
    }
}

fn words(error: &hyper::Error) -> &'static str {
    // hyper tells this apart for servers only.
    if error.is_parse() && error.to_string().contains("too large") {
        "answers with more than 100 headers, or 64 KiB of them; is it the right server?"
    } else if error.is_parse() {
        "answers what is not HTTP/1; is the port right?"
    } else if is_too_much(error) {
        "sends far more than an answer; is it the right server?"
    } else {
        "the connection breaks before the answer is complete; look at the server's log"
    }
}

fn is_too_much(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    let inner = source.and_then(std::io::Error::get_ref);
    inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooMuch>)
}
