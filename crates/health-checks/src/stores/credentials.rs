//! User and password as a URL holds them. What they are good for, the clients say.

use std::fmt;

use percent_encoding::percent_decode_str;

/// From the part of a URL before the `@`; no text of it is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: Option<String>,
}

impl Credentials {
    /// Of `user[:password]`, in which whatever is special to a URL is written as `%` and two
    /// digits. `None` if that means no text, or names nobody.
    pub(crate) fn parse(userinfo: &str) -> Option<Self> {
        let (user, password) = match userinfo.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (userinfo, None),
        };
        Self::decode(user, password)
    }

    /// The same of two texts that are told apart already.
    pub(crate) fn decode(user: &str, password: Option<&str>) -> Option<Self> {
        let text = |encoded: &str| {
            let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
            Some(decoded.into_owned())
        };
        let user = text(user).filter(|user| !user.is_empty())?;
        let password = match password {
            Some(password) => Some(text(password)?),
            None => None,
        };
        Some(Self { user, password })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_a_url_holds_them() {
        for (text, user, password) in [
            ("root", "root", None),
            ("root:", "root", Some("")),
            ("root:sw0rdfish", "root", Some("sw0rdfish")),
            ("ro%40ot:sw%3A%2F0", "ro@ot", Some("sw:/0")),
            ("root:a:b", "root", Some("a:b")),
        ] {
            let read = Credentials::parse(text).unwrap();
            assert_eq!(
                (read.user.as_str(), read.password.as_deref()),
                (user, password)
            );
            assert!(!format!("{read:?}").contains("ro"), "{read:?}");
        }
        for none in ["", ":sw0rdfish", "%ff:sw0rdfish", "root:%ff"] {
            assert_eq!(Credentials::parse(none), None, "{none}");
        }
    }
}
