//! The HTTP check: how it is made, and one run of it. What an answer is worth is judged in
//! `expectation`, how it is fetched is in `exchange`.

mod allowance;
mod connection;
mod credentials;
mod exchange;
mod expectation;
mod failure;
mod redirect;
mod request;
mod statuses;
mod url;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};

use self::exchange::Client;
use self::expectation::Expectation;
use self::request::Request;
use self::statuses::Statuses;
use self::url::Url;
use super::moments::limit;
use super::tls::Tls;
use crate::clock;
use crate::invalid::InvalidCheck;

const NAME: &str = "http";
const MAX_REDIRECTS: u8 = 20;
/// What a check may be told to read, so that a slip does not fill the memory.
const MAX_BODY_BYTES: usize = 64 << 20;

/// Sends an HTTP/1.1 request, and judges the answer.
///
/// Healthy if the status is expected (200 to 299 by default) and header and body are as
/// they are wanted; anything else is unhealthy. An answer whose certificate was not verified
/// ([`Tls::not_verified`]) is degraded at best.
///
/// - **Connections**: a new one for each run, so that name, route, TLS and certificate are
///   proven each time; see [`keep_connection`](Self::keep_connection).
/// - **Redirects** are not followed by default: they are answers with their status. If
///   followed, never from HTTPS to HTTP, and neither credentials nor headers of the author
///   go to another origin.
/// - **Link-local addresses** and those of cloud metadata services are not asked, whatever
///   name or redirect leads there; see [`allow_link_local`](Self::allow_link_local).
/// - **Bodies** are read up to 64 KiB. A longer one is no fault unless a text is wanted that
///   the part read does not have.
/// - **Credentials** in the URL are sent as Basic authorization and shown nowhere; nor is the
///   query. The path is shown: a secret belongs into a header.
///
/// Registered as `http`, every 30 s, with a timeout of 10 s for all of it, as a shared
/// dependency unless it is on loopback. Its details are `status_code`, `latency_ms`,
/// `remote_address`, `tls` (`verified`, `not verified`, `as configured`, `none`),
/// `body_bytes`, and `body_truncated` and `redirects` where there is something to say.
///
/// ```
/// use health_checks::net::HttpCheck;
///
/// let registration = HttpCheck::new("https://api.example.com/health")?
///     .statuses(200..=204)?
///     .body_contains("\"status\":\"ok\"")
///     .registration()
///     .named("api");
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct HttpCheck {
    url: Url,
    request: Request,
    expectation: Expectation,
    client: Client,
}

impl HttpCheck {
    /// Asks for `url`, `http` or `https`, with `GET`.
    pub fn new(url: &str) -> Result<Self, InvalidCheck> {
        let (url, credentials) =
            Url::parse(url).map_err(|error| InvalidCheck::new(NAME, error.to_string()))?;
        let mut request = Request::default();
        if let Some(credentials) = credentials {
            request.authorize(credentials.basic());
        }
        Ok(Self {
            url,
            request,
            expectation: Expectation::default(),
            client: Client::default(),
        })
    }

    /// Asks with another method than `GET`; `CONNECT` is none that can be asked.
    pub fn method(mut self, method: &str) -> Result<Self, InvalidCheck> {
        self.request.set_method(NAME, method)?;
        Ok(self)
    }

    /// Sends a header, in place of an earlier one of that name. Its value is shown nowhere.
    /// Those that frame the message are the check's own.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidCheck> {
        self.request.set_header(NAME, name, value)?;
        Ok(self)
    }

    /// Sends a body with the request. It is shown nowhere.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.request.body = body.into();
        self
    }

    /// Expects one of these statuses, in place of 200 to 299.
    ///
    /// ```
    /// # use health_checks::net::HttpCheck;
    /// let check = HttpCheck::new("http://localhost/")?.statuses([200, 401])?;
    /// let check = HttpCheck::new("http://localhost/")?.statuses(200..=399)?;
    /// # Ok::<(), health_checks::InvalidCheck>(())
    /// ```
    pub fn statuses(
        mut self,
        statuses: impl IntoIterator<Item = u16>,
    ) -> Result<Self, InvalidCheck> {
        self.expectation.statuses = Statuses::new(NAME, statuses)?;
        Ok(self)
    }

    /// Wants a header in the answer whose value contains `part`, which may be empty.
    pub fn header_contains(mut self, name: &str, part: &str) -> Result<Self, InvalidCheck> {
        self.expectation.want_header(NAME, name, part)?;
        Ok(self)
    }

    /// Wants `text` in the part of the body that is read. An empty text is in every body.
    pub fn body_contains(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.expectation.body = Some(text.into());
        self
    }

    /// Reads at most so many bytes of the body, in place of 65,536; with 0 it reads none,
    /// and does not wait for the answer's end (an endless stream). At most 64 MiB.
    pub fn max_body_bytes(mut self, bytes: usize) -> Result<Self, InvalidCheck> {
        if bytes > MAX_BODY_BYTES {
            let problem =
                format!("cannot read bodies of {bytes} bytes; give at most {MAX_BODY_BYTES}");
            return Err(InvalidCheck::new(NAME, problem));
        }
        self.client.max_body_bytes = bytes;
        Ok(self)
    }

    /// Follows at most so many redirects, in place of none; at most 20.
    pub fn redirects(mut self, most: u8) -> Result<Self, InvalidCheck> {
        if most > MAX_REDIRECTS {
            let problem = format!("cannot follow {most} redirects; give at most {MAX_REDIRECTS}");
            return Err(InvalidCheck::new(NAME, problem));
        }
        self.client.max_redirects = most;
        Ok(self)
    }

    /// Asks link-local addresses and cloud metadata services too. Not together with
    /// redirects to where others decide: whoever answers may then have the service fetch
    /// its machine's credentials.
    pub fn allow_link_local(mut self) -> Self {
        self.client.allow_link_local = true;
        self
    }

    /// Trusts whom `tls` trusts, in place of whom the system does.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.client.tls = tls;
        self
    }

    /// Keeps the connection from run to run, and opens another one when it is gone. That
    /// saves the handshakes; what was proven of name, route and certificate is then as old
    /// as the connection.
    pub fn keep_connection(mut self) -> Self {
        self.client.keep = true;
        self
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let local = self.url.endpoint().is_loopback();
        let registration = Registration::new(NAME, self)
            .description("a URL that must answer as it should")
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(10));
        if local {
            registration
        } else {
            registration.shared_dependency()
        }
    }

    fn what(&self) -> String {
        format!("{} {}", self.request.method, self.url)
    }
}

#[async_trait]
impl Check for HttpCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        match self.client.fetch(&self.url, &self.request, limit(cx)).await {
            Ok(answer) => self
                .expectation
                .outcome(&self.what(), &answer)
                .detail("latency_ms", clock::since_ms(begin)),
            Err(failure) => failure.outcome(&self.what()),
        }
    }
}

impl From<HttpCheck> for Registration {
    fn from(check: HttpCheck) -> Self {
        check.registration()
    }
}

/// Without the query, the headers and the bodies: each may hold a secret.
impl fmt::Debug for HttpCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpCheck").field(&self.what()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_refused_without_its_secrets() {
        let check = || HttpCheck::new("http://localhost/").unwrap();
        for refused in [
            check().method("hunter2 "),
            check().method("CONNECT"),
            check().method(""),
            check().header("hunter2:", "x"),
            check().header("x-key", "hunter2\r\n"),
            check().header("Content-Length", "3"),
            check().header("transfer-encoding", "chunked"),
            check().header("connection", "x"),
            check().header_contains("a b", "hunter2"),
            check().statuses([]),
            check().statuses([99]),
            check().statuses([100]),
            check().statuses([200, 600]),
            check().max_body_bytes(usize::MAX),
            check().redirects(21),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(
                error.starts_with("http: ") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn no_secret_shows() {
        let check = HttpCheck::new("https://user:hunter2@host/path?token=hunter2")
            .unwrap()
            .header("x-key", "hunter2")
            .unwrap()
            .body("hunter2")
            .body_contains("hunter2");
        assert_eq!(format!("{check:?}"), "HttpCheck(\"GET https://host/path\")");
        let registration = check.registration();
        assert!(!format!("{registration:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_remote_is_shared() {
        for (url, shared) in [("http://localhost/", false), ("http://api.example/", true)] {
            let registration = HttpCheck::new(url).unwrap().registration();
            assert_eq!(registration.spec().shared_dependency, shared, "{url}");
        }
    }
}
