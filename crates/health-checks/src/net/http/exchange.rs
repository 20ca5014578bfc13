//! Fetches the answer to a request: connects, sends, reads, follows. It judges nothing.

use std::net::SocketAddr;
use std::time::Instant;

use http::{HeaderMap, StatusCode};
use tokio::time::timeout_at;

use super::connection::{Body, Connection, Stream};
use super::failure::HttpFailure;
use super::redirect::{self, RedirectError};
use super::request::Request;
use super::url::Url;
use crate::kept::Kept;
use crate::lookup::Lookup;
use crate::net::address_guard::is_guarded;
use crate::net::dial::dial;
use crate::net::tls::{Tls, Verification};

const MAX_BODY_BYTES: usize = 64 << 10;

/// How answers are fetched.
pub(super) struct Client {
    pub(super) max_body_bytes: usize,
    pub(super) max_redirects: u8,
    pub(super) allow_link_local: bool,
    pub(super) keep: bool,
    pub(super) tls: Tls,
    lookup: Lookup,
    kept: Kept<Connection>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            max_body_bytes: MAX_BODY_BYTES,
            max_redirects: 0,
            allow_link_local: false,
            keep: false,
            tls: Tls::default(),
            lookup: Lookup::default(),
            kept: Kept::default(),
        }
    }
}

/// An answer, as far as it was read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    pub(super) remote: Option<SocketAddr>,
    pub(super) tls: Verification,
    /// How many redirects were followed, and where the last one led.
    pub(super) redirects: u8,
    pub(super) redirected: Option<Url>,
}

impl Client {
    /// The last answer to `request`, before `limit`. Cancel safe: a run that is dropped
    /// takes its connection with it.
    pub(super) async fn fetch(
        &self,
        url: &Url,
        request: &Request,
        limit: Instant,
    ) -> Result<Answer, HttpFailure> {
        let mut answer = if self.keep {
            self.ask_kept(url, request, limit).await?
        } else {
            self.ask_anew(url, request, limit).await?
        };
        if self.max_redirects > 0 {
            let mut asked = (url.clone(), request.clone());
            while let Some(next) =
                redirect::next(&asked.0, &asked.1, answer.status, &answer.headers)?
            {
                let redirects = answer.redirects;
                if redirects == self.max_redirects {
                    return Err(RedirectError::TooMany(redirects).into());
                }
                answer = self.ask_anew(&next.0, &next.1, limit).await?;
                answer.redirects = redirects + 1;
                answer.redirected = Some(next.0.clone());
                asked = next;
            }
        }
        Ok(answer)
    }

    /// By the kept connection, if it is good and the request may be sent twice.
    async fn ask_kept(
        &self,
        url: &Url,
        request: &Request,
        limit: Instant,
    ) -> Result<Answer, HttpFailure> {
        if let Some(mut connection) = self.kept.take() {
            let ready = timeout_at(limit.into(), connection.is_ready()).await;
            if ready.unwrap_or(false) {
                let answer = self.exchange(connection, url, request, true, limit).await;
                // The server may have closed it just before the request came.
                let broken = matches!(&answer, Err(HttpFailure::Http(_)));
                if !broken || !request.method.is_idempotent() {
                    return answer;
                }
            }
        }
        let connection = self.connect(url, limit).await?;
        self.exchange(connection, url, request, true, limit).await
    }

    async fn ask_anew(
        &self,
        url: &Url,
        request: &Request,
        limit: Instant,
    ) -> Result<Answer, HttpFailure> {
        let connection = self.connect(url, limit).await?;
        self.exchange(connection, url, request, false, limit).await
    }

    async fn connect(&self, url: &Url, limit: Instant) -> Result<Connection, HttpFailure> {
        let refused = if self.allow_link_local {
            |_| false
        } else {
            is_guarded
        };
        let stream = dial(&self.lookup, url.endpoint(), refused, limit).await?;
        let remote = stream.peer_addr().ok();
        let stream: Box<dyn Stream> = if url.is_secure() {
            let host = url.endpoint().host();
            Box::new(
                self.tls
                    .handshake(host, stream, &[b"http/1.1"], limit)
                    .await?,
            )
        } else {
            Box::new(stream)
        };
        Ok(Connection::open(stream, remote).await?)
    }

    async fn exchange(
        &self,
        mut connection: Connection,
        url: &Url,
        request: &Request,
        keep: bool,
        limit: Instant,
    ) -> Result<Answer, HttpFailure> {
        let message = request.message(url, keep).ok_or(HttpFailure::Host)?;
        let (head, body) = timeout_at(limit.into(), connection.send(message, self.max_body_bytes))
            .await
            .map_err(|_| HttpFailure::HeadOverdue)??
            .into_parts();
        let body = timeout_at(limit.into(), connection.read(body, self.max_body_bytes))
            .await
            .map_err(|_| HttpFailure::BodyOverdue)??;
        let remote = connection.remote;
        if keep && body.complete {
            self.kept.keep(connection);
        } else {
            connection.close().await;
        }
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
            remote,
            tls: if url.is_secure() {
                self.tls.verification()
            } else {
                Verification::None
            },
            redirects: 0,
            redirected: None,
        })
    }
}
