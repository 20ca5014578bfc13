//! A user and a password, as they stand in a URL and as they are sent. They show nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;

/// What stands before the host of a URL.
pub(super) struct Credentials {
    user: Vec<u8>,
    password: Vec<u8>,
}

impl Credentials {
    /// Of `user:password`, percent-encoded, or of the user alone.
    pub(super) fn of_user_info(user_info: &str) -> Self {
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        Self {
            user: percent_decode_str(user).collect(),
            password: percent_decode_str(password).collect(),
        }
    }

    /// The value of the header `authorization`, RFC 7617.
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        let pair = [self.user.as_slice(), b":", self.password.as_slice()].concat();
        let mut value: HeaderValue = format!("Basic {}", STANDARD.encode(pair)).parse().ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_and_not_shown() {
        for (user_info, value) in [
            // The example of RFC 7617.
            (
                "Aladdin:open%20sesame",
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            ),
            ("user", "Basic dXNlcjo="),
            (":x", "Basic Ong="),
            ("u:a:b", "Basic dTphOmI="),
            ("u:%zz", "Basic dToleno="),
        ] {
            let credentials = Credentials::of_user_info(user_info);
            let sent = credentials.basic().unwrap();
            assert_eq!(sent, value, "{user_info}");
            assert_eq!(
                format!("{sent:?} {credentials:?}"),
                "Sensitive Credentials(***)"
            );
        }
    }
}
