//! Sends a message through a server to itself.
//!
//! How the server is reached is in `door`, what failures mean in `advice`.

use async_nats::{Client, ConnectOptions};
use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::time::timeout_at;

use super::advice::{self, Failure};
use super::door::Door;
use crate::invalid::InvalidCheck;
use crate::stores;

const NAME: &str = "nats";

/// Watches a NATS server: that it is connected, carries an empty message to a fresh inbox and
/// back, and is not about to leave (lame duck mode).
///
/// Unhealthy when the message does not come back, degraded in lame duck mode, which a client
/// made by the check learns at once, and one of the service's only if it connects then. The
/// user must be allowed to publish and subscribe to its inboxes (`_INBOX.>`), as for requests;
/// else there is no answer in time. Registered as `nats`: critical, a shared dependency,
/// every 30 s, with a timeout of 10 s, down after 3 bad runs and up after 2 good ones. Its
/// details are `latency_ms` (there and back; absent if it did not come), `version` and `lame_duck`.
///
/// ```no_run
/// use health_checks::nats::NatsCheck;
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// # let health = health_core::Health::new();
/// let client = async_nats::connect("nats://events").await?;
/// health.register(NatsCheck::client(client.clone()))?;
///
/// let other = NatsCheck::new("nats://health:secret@audit:4222")?;
/// health.register(other.registration().named("nats-audit"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct NatsCheck {
    door: Door,
}

impl NatsCheck {
    /// Connects by itself to `nats://[user:password@]host[:port]` or `nats://token@host[:port]`,
    /// or to the first of several with commas between that lets it in, and keeps one
    /// connection. What is special in a password is written as `%XX`. Servers that these make
    /// known are not asked.
    pub fn new(urls: &str) -> Result<Self, InvalidCheck> {
        Self::with_options(urls, ConnectOptions::new())
    }

    /// The same with options, such as for TLS. Credentials in a URL take the place of those in
    /// the options; what these say of reconnecting and of events is replaced.
    pub fn with_options(urls: &str, options: ConnectOptions) -> Result<Self, InvalidCheck> {
        Ok(Self {
            door: Door::own(NAME, urls, options)?,
        })
    }

    /// Asks through a client of the service, which reconnects by itself.
    pub fn client(client: Client) -> Self {
        Self {
            door: Door::Shared(client),
        }
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        stores::registration(NAME, "a NATS server", self)
    }

    async fn measure(&self) -> Result<Answers, Failure> {
        let opened = self.door.open().await?.ok_or(Failure::Disconnected)?;
        let answers = Answers {
            latency_ms: opened.echo().await?,
            version: opened.client.server_info().version,
            lame_duck: opened.leaving(),
        };
        self.door.keep(opened);
        Ok(answers)
    }
}

impl From<NatsCheck> for Registration {
    fn from(check: NatsCheck) -> Self {
        check.registration()
    }
}

#[async_trait]
impl Check for NatsCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        match timeout_at(stores::until(cx).into(), self.measure()).await {
            Ok(Ok(answers)) => answers.outcome(),
            Ok(Err(failure)) => advice::failed(failure),
            Err(_elapsed) => advice::late(),
        }
    }
}

/// What one run learnt of a server.
struct Answers {
    latency_ms: f64,
    version: String,
    lame_duck: bool,
}

impl Answers {
    fn outcome(self) -> Outcome {
        let outcome = if self.lame_duck {
            Outcome::degraded("nats server is about to leave (lame duck mode); move its clients")
        } else {
            Outcome::healthy().with_message("nats carries a message there and back")
        };
        outcome
            .detail("latency_ms", self.latency_ms)
            .detail("version", self.version)
            .detail("lame_duck", self.lame_duck)
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    #[test]
    fn what_a_server_says() {
        for (lame_duck, status, words) in [
            (false, Status::Healthy, "there and back"),
            (true, Status::Degraded, "about to leave"),
        ] {
            let answers = Answers {
                latency_ms: 0.5,
                version: "2.9.0".to_owned(),
                lame_duck,
            };
            let outcome = answers.outcome();
            assert_eq!(outcome.status(), status);
            assert!(outcome.message().contains(words));
            assert_eq!(outcome.details()["latency_ms"], 0.5);
            assert_eq!(outcome.details()["version"], "2.9.0");
            assert_eq!(outcome.details()["lame_duck"], lame_duck);
        }
    }

    #[test]
    fn what_cannot_be_watched_is_refused() {
        for urls in [
            "",
            ",",
            "http://u:swordfish@localhost",
            "nats://u:swordfish@",
            "nats://localhost,nats://local host",
            "nats://localhost:99999",
            "nats://:swordfish@localhost",
            "nats://u:swordfish%ff@localhost",
        ] {
            let refused = NatsCheck::new(urls).unwrap_err();
            let text = format!("{refused} {refused:?}");
            assert!(
                text.starts_with("nats: cannot use the URL; give "),
                "{text}"
            );
            assert!(!text.contains("swordfish"), "{text}");
        }
        let options = ConnectOptions::with_token("swordfish".to_owned());
        for check in [
            NatsCheck::with_options("nats://localhost,other:4223", options).unwrap(),
            NatsCheck::new("nats://u:swordfish@localhost,nats://swordfish@other").unwrap(),
        ] {
            assert!(!format!("{check:?}").contains("swordfish"));
        }
    }
}
