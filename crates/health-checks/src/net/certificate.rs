//! What a certificate says of itself, read from its DER. Whether to believe it is the
//! verifier's business.

use std::time::{Duration, SystemTime};

use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::{Decode as _, Error};
use x509_cert::time::Time;

const DAY: f64 = 86_400.0;

/// The part of a certificate that checks speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    not_after: Duration,
    /// It names itself as its issuer.
    pub(super) self_signed: bool,
}

impl Certificate {
    /// Reads what a server presents, however it bends RFC 5280 elsewhere.
    pub(super) fn read(der: &[u8]) -> Result<Self, Error> {
        let certificate = CertificateInner::<Raw>::from_der(der)?;
        let facts = certificate.tbs_certificate();
        Ok(Self {
            not_after: facts.validity().not_after.to_unix_duration(),
            self_signed: facts.issuer() == facts.subject(),
        })
    }

    /// Days until it expires, negative if it has, to a tenth rounded down.
    pub(super) fn days_left(&self, now: SystemTime) -> f64 {
        days_between(now, self.not_after)
    }

    /// When it expires, as in RFC 3339.
    pub(super) fn not_after(&self) -> Option<String> {
        let time = SystemTime::UNIX_EPOCH.checked_add(self.not_after)?;
        Some(Time::try_from(time).ok()?.to_string())
    }
}

/// The days from `now` until a time since 1970, to a tenth rounded down.
pub(super) fn days_between(now: SystemTime, since_1970: Duration) -> f64 {
    let now = match now.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    let days = (since_1970.as_secs_f64() - now) / DAY;
    (days * 10.0).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_rounded_down() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(2400);
        for (seconds, days) in [
            (86_400 * 103, 3.0),
            (86_400 * 103 - 1, 2.9),
            (86_400 * 100, 0.0),
            (86_400 * 100 - 1, -0.1),
            (0, -100.0),
        ] {
            let left = days_between(now, Duration::from_secs(seconds));
            assert!((left - days).abs() < 1e-9, "{seconds}: {left}");
        }
    }

    #[test]
    fn a_certificate_is_read() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["x.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2031, 2, 3);
        let own = params.self_signed(&key).unwrap();
        let read = Certificate::read(own.der()).unwrap();
        assert!(read.self_signed);
        assert_eq!(read.not_after().unwrap(), "2031-02-03T00:00:00Z");
        for length in [0, 1, own.der().len() - 1] {
            assert!(Certificate::read(&own.der()[..length]).is_err());
        }
    }
}
