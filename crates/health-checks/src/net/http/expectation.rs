//! Judges an answer: status, headers, body, certificate. Pure.

use health_core::{Outcome, Status};
use http::{HeaderMap, HeaderName};
use memchr::memmem;

use super::connection::Body;
use super::exchange::Answer;
use super::request::header_name;
use super::statuses::Statuses;
use crate::invalid::InvalidCheck;
use crate::net::tls::Verification;

/// What is wanted of an answer.
#[derive(Clone, Default)]
pub(super) struct Expectation {
    pub(super) statuses: Statuses,
    headers: Vec<(HeaderName, String)>,
    pub(super) body: Option<Vec<u8>>,
}

impl Expectation {
    pub(super) fn want_header(
        &mut self,
        check: &'static str,
        name: &str,
        part: &str,
    ) -> Result<(), InvalidCheck> {
        self.headers
            .push((header_name(check, name)?, part.to_owned()));
        Ok(())
    }

    /// What `answer` to `what` (`GET http://host/`) comes to.
    pub(super) fn outcome(&self, what: &str, answer: &Answer) -> Outcome {
        let code = answer.status.as_u16();
        let message = match &answer.redirected {
            Some(url) => format!("{what} answers {code} at {url}"),
            None => format!("{what} answers {code}"),
        };
        let outcome = match self.fault(answer) {
            Some(fault) => Outcome::unhealthy(format!("{message}, {fault}")),
            None if answer.tls == Verification::NotVerified => Outcome::degraded(format!(
                "{message}, but its certificate is not verified; give its root by `Tls::with_roots_pem`"
            )),
            None => Outcome::new(Status::Healthy, message),
        };
        let mut outcome = outcome
            .detail("status_code", code)
            .detail_if_known("remote_address", answer.remote.map(|a| a.to_string()))
            .detail("tls", answer.tls.as_str())
            .detail("body_bytes", answer.body.bytes.len());
        if !answer.body.complete {
            outcome = outcome.detail("body_truncated", true);
        }
        if answer.redirects > 0 {
            outcome = outcome.detail("redirects", answer.redirects);
        }
        outcome
    }

    fn fault(&self, answer: &Answer) -> Option<String> {
        let status = answer.status;
        if !self.statuses.contains(status.as_u16()) {
            let expected = &self.statuses;
            return Some(if status.is_redirection() && answer.redirects == 0 {
                format!(
                    "expected {expected}; give the URL it leads to, or follow it by `redirects`"
                )
            } else {
                format!("expected {expected}; look at the server's log")
            });
        }
        let missing = self
            .headers
            .iter()
            .find(|(name, part)| !has_header(&answer.headers, name, part));
        if let Some((name, _)) = missing {
            return Some(format!(
                "without the expected header `{name}`; look at the server"
            ));
        }
        let wanted = self.body.as_ref()?;
        lacks(&answer.body, wanted)
    }
}

fn has_header(headers: &HeaderMap, name: &HeaderName, part: &str) -> bool {
    let mut values = headers.get_all(name).iter();
    values.any(|value| memmem::find(value.as_bytes(), part.as_bytes()).is_some())
}

fn lacks(body: &Body, wanted: &[u8]) -> Option<String> {
    let length = body.bytes.len();
    match memmem::find(&body.bytes, wanted) {
        Some(_) => None,
        None if body.complete => {
            Some("without the expected text in its body; look at the server".into())
        }
        None => Some(format!(
            "without the expected text in the first {length} bytes of its body, the rest is not read; raise `max_body_bytes`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::super::url::Url;
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-type",
            "application/json; charset=utf-8".parse().unwrap(),
        );
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Body {
                bytes: body.into(),
                complete: true,
            },
            remote: "10.0.0.1:80".parse().ok(),
            tls: Verification::None,
            redirects: 0,
            redirected: None,
        }
    }

    fn with(change: impl FnOnce(&mut Answer)) -> Answer {
        let mut answer = answer(200, "all ok");
        change(&mut answer);
        answer
    }

    #[test]
    fn what_a_person_reads() {
        use Status::{Degraded, Healthy, Unhealthy};
        let any = Expectation::default();
        let ok = Expectation {
            body: Some(b"ok".to_vec()),
            ..any.clone()
        };
        let mut json = any.clone();
        json.want_header("http", "Content-Type", "application/json")
            .unwrap();
        let mut absent = any.clone();
        absent.want_header("http", "x-version", "").unwrap();
        let cut = |body: &str| {
            let mut answer = answer(200, body);
            answer.body.complete = false;
            answer
        };
        for (expectation, answer, status, message) in [
            (&any, answer(200, ""), Healthy, "GET u answers 200"),
            (
                &any,
                answer(500, ""),
                Unhealthy,
                "GET u answers 500, expected 200 to 299; look at the server's log",
            ),
            (
                &any,
                answer(302, ""),
                Unhealthy,
                "GET u answers 302, expected 200 to 299; give the URL it leads to, or follow it by `redirects`",
            ),
            (&ok, answer(200, "all ok"), Healthy, "GET u answers 200"),
            (
                &ok,
                answer(200, "failing"),
                Unhealthy,
                "GET u answers 200, without the expected text in its body; look at the server",
            ),
            (&ok, cut("all ok"), Healthy, "GET u answers 200"),
            (
                &ok,
                cut("abc"),
                Unhealthy,
                "GET u answers 200, without the expected text in the first 3 bytes of its body, the rest is not read; raise `max_body_bytes`",
            ),
            (&any, cut("abc"), Healthy, "GET u answers 200"),
            (&json, answer(200, ""), Healthy, "GET u answers 200"),
            (
                &absent,
                answer(200, ""),
                Unhealthy,
                "GET u answers 200, without the expected header `x-version`; look at the server",
            ),
            (
                &any,
                with(|answer| answer.tls = Verification::NotVerified),
                Degraded,
                "GET u answers 200, but its certificate is not verified; give its root by `Tls::with_roots_pem`",
            ),
            (
                &any,
                with(|answer| {
                    answer.redirects = 1;
                    answer.redirected = Some(Url::parse("http://b/?q=hunter2").unwrap().0);
                }),
                Healthy,
                "GET u answers 200 at http://b/",
            ),
        ] {
            let outcome = expectation.outcome("GET u", &answer);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["status_code"], answer.status.as_u16());
            assert_eq!(outcome.details()["body_bytes"], answer.body.bytes.len());
            let truncated = outcome.details().contains_key("body_truncated");
            assert_eq!(truncated, !answer.body.complete);
        }
    }
}
