//! Judges how long the certificate of a TLS server is still valid. It asks no question in
//! the session.

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration, Status};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::certificate::Certificate;
use super::dial::dial;
use super::endpoint::{Endpoint, Quoted};
use super::moments::limit;
use super::tls::{Tls, Verification};
use crate::clock;
use crate::host::is_name;
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::lookup::Lookup;

const NAME: &str = "certificate";
/// Days. Authorities of 90-day certificates have them renewed 30 days before the end, so
/// that under 21 a renewal has failed for more than a week.
const LIMITS: Limits = Limits::falling(21.0, 3.0);
/// Ten years; no public authority issues for longer.
const MAX_DAYS: f64 = 3650.0;

/// Watches how many days the certificate of a TLS server is still valid.
///
/// Degraded under 21 days, unhealthy under 3, and unhealthy if the certificate does not
/// verify (its chain, its name, its time) by [`Tls`]. With [`Tls::not_verified`] it is
/// degraded at best. Revocation is not looked up. Only the server's own certificate is
/// counted, as servers send others that no client needs.
///
/// TLS begins at once; protocols that turn to it later (`STARTTLS`) are not spoken.
///
/// Registered as `certificate`, every hour, with a timeout of 10 s, as a shared dependency
/// unless it is on loopback. Its details are `days_left` (negative if expired),
/// `not_after`, `remote_address`, `tls` (`verified`, `not verified`, `as configured`) and
/// `latency_ms` (name, connection and handshake).
///
/// ```
/// use health_checks::net::CertificateCheck;
///
/// let check = CertificateCheck::new("example.com:443")?.thresholds(14.0, 7.0)?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct CertificateCheck {
    endpoint: Endpoint,
    server_name: String,
    tls: Tls,
    limits: Limits,
    lookup: Lookup,
}

impl CertificateCheck {
    /// Watches the certificate at `endpoint`, as in `example.com:443`.
    pub fn new(endpoint: &str) -> Result<Self, InvalidCheck> {
        let endpoint = Endpoint::parse(NAME, endpoint)?;
        Ok(Self {
            server_name: endpoint.host().to_owned(),
            endpoint,
            tls: Tls::default(),
            limits: LIMITS,
            lookup: Lookup::default(),
        })
    }

    /// Asks for, and verifies, the certificate of `name`, in place of the host of the endpoint.
    pub fn server_name(mut self, name: &str) -> Result<Self, InvalidCheck> {
        if !is_name(name) {
            let problem = format!("{} is no name of a server; give a host name", Quoted(name));
            return Err(InvalidCheck::new(NAME, problem));
        }
        name.clone_into(&mut self.server_name);
        Ok(self)
    }

    /// Trusts whom `tls` trusts, in place of whom the system does.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Degraded and unhealthy under these days, in place of 21 and 3.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.limits = self.limits.set(NAME, degraded, unhealthy, 0.0..=MAX_DAYS)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let local = self.endpoint.is_loopback();
        let registration = Registration::new(NAME, self)
            .description("a TLS certificate that must not expire")
            .every(Duration::from_hours(1))
            .timeout(Duration::from_secs(10));
        if local {
            registration
        } else {
            registration.shared_dependency()
        }
    }

    fn what(&self) -> String {
        if self.server_name == self.endpoint.host() {
            format!("certificate {}", self.endpoint)
        } else {
            format!("certificate of {} at {}", self.server_name, self.endpoint)
        }
    }

    async fn session(&self, limit: Instant) -> Result<TlsStream<TcpStream>, Outcome> {
        let stream = dial(&self.lookup, &self.endpoint, |_| false, limit).await;
        let stream = stream.map_err(|error| error.outcome(&self.what()))?;
        let session = self
            .tls
            .handshake(&self.server_name, stream, &[], limit)
            .await;
        session.map_err(|failure| failure.outcome(&self.what()))
    }

    fn outcome(&self, certificate: Certificate, now: SystemTime) -> Outcome {
        let what = self.what();
        let days = certificate.days_left(now);
        let (mut status, threshold) = self.limits.judge(days);
        let mut message = if days < 0.0 {
            format!("{what} expired {} days ago; renew it", -days)
        } else if status == Status::Healthy {
            format!("{what} is valid for {days} days")
        } else {
            format!("{what} is valid for {days} days, limit {threshold}; renew it")
        };
        if self.tls.verification() == Verification::NotVerified {
            status = status.max(Status::Degraded);
            message += ", and is not verified; give its root by `Tls::with_roots_pem`";
        }
        Outcome::new(status, message)
            .detail("days_left", days)
            .detail("not_after", certificate.not_after())
            .detail("tls", self.tls.verification().as_str())
    }
}

#[async_trait]
impl Check for CertificateCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        let session = match self.session(limit(cx)).await {
            Ok(session) => session,
            Err(outcome) => return outcome,
        };
        let latency = clock::since_ms(begin);
        let (stream, tls) = session.get_ref();
        let own = tls.peer_certificates().and_then(<[_]>::first);
        let outcome = match own.map(|own| Certificate::read(own)) {
            Some(Ok(certificate)) => self.outcome(certificate, clock::wall()),
            Some(Err(error)) => {
                Outcome::unhealthy(format!("{} cannot be read; replace it", self.what()))
                    .with_error(error)
            }
            None => Outcome::unhealthy(format!("{} is not presented", self.what())),
        };
        outcome.detail("latency_ms", latency).detail_if_known(
            "remote_address",
            stream.peer_addr().ok().map(|a| a.to_string()),
        )
    }
}

impl From<CertificateCheck> for Registration {
    fn from(check: CertificateCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate_for(days: u64) -> (Certificate, SystemTime) {
        let mut params = rcgen::CertificateParams::new(["x.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2031, 2, 3);
        let own = params.self_signed(&rcgen::KeyPair::generate().unwrap());
        let certificate = Certificate::read(own.unwrap().der()).unwrap();
        let end = 1_927_843_200; // 2031-02-03T00:00:00Z
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(end - days * 86_400);
        (certificate, now)
    }

    #[test]
    fn what_a_person_reads() {
        use Status::{Degraded, Healthy, Unhealthy};
        let check = CertificateCheck::new("x.example:443").unwrap();
        let strict = CertificateCheck::new("10.0.0.1:443").unwrap();
        let strict = strict
            .server_name("x.example")
            .unwrap()
            .thresholds(90.0, 30.0)
            .unwrap();
        let loose = CertificateCheck::new("x.example:443")
            .unwrap()
            .tls(Tls::not_verified());
        for (check, days, status, message) in [
            (
                &check,
                60,
                Healthy,
                "certificate x.example:443 is valid for 60 days",
            ),
            (
                &check,
                21,
                Healthy,
                "certificate x.example:443 is valid for 21 days",
            ),
            (
                &check,
                20,
                Degraded,
                "certificate x.example:443 is valid for 20 days, limit 21; renew it",
            ),
            (
                &check,
                2,
                Unhealthy,
                "certificate x.example:443 is valid for 2 days, limit 3; renew it",
            ),
            (
                &strict,
                20,
                Unhealthy,
                "certificate of x.example at 10.0.0.1:443 is valid for 20 days, limit 30; renew it",
            ),
            (
                &loose,
                60,
                Degraded,
                "certificate x.example:443 is valid for 60 days, and is not verified; give its root by `Tls::with_roots_pem`",
            ),
        ] {
            let (certificate, now) = certificate_for(days);
            let outcome = check.outcome(certificate, now);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["not_after"], "2031-02-03T00:00:00Z");
        }
        let (certificate, now) = certificate_for(0);
        let outcome = check.outcome(certificate, now + Duration::from_hours(36));
        assert_eq!(
            outcome.message(),
            "certificate x.example:443 expired 1.5 days ago; renew it"
        );
        assert_eq!(outcome.details()["days_left"], -1.5);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let check = || CertificateCheck::new("x:443").unwrap();
        assert!(CertificateCheck::new("https://user:hunter2@x").is_err());
        assert!(check().server_name("").is_err());
        for (degraded, unhealthy) in [(3.0, 21.0), (f64::NAN, 1.0), (1.0, -1.0), (1e9, 1.0)] {
            assert!(check().thresholds(degraded, unhealthy).is_err());
        }
    }
}
