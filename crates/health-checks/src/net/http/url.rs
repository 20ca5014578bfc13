//! The URL of a check, and where a redirect from it leads. It resolves no names.

use std::fmt;

use http::uri::PathAndQuery;
use iri_string::types::{UriAbsoluteStr, UriReferenceStr, UriStr};
use thiserror::Error;

use super::credentials::Credentials;
use crate::net::endpoint::Endpoint;

/// Why a text is not taken for a URL. Never holds a part of it.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum UrlError {
    #[error(
        "its URL cannot be read; give `http://host/path`, with special characters percent-encoded"
    )]
    Unreadable,
    #[error("its URL is neither `http` nor `https`; give one that is")]
    Scheme,
    #[error(
        "its URL has no host, or no good one; give a name in ASCII or an IP address, and a port from 1 to 65535 if any"
    )]
    Host,
}

/// An HTTP URL without user and fragment. It displays without its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    secure: bool,
    endpoint: Endpoint,
    path: PathAndQuery,
}

impl Url {
    /// Reads `text`, and takes the credentials out of it.
    pub(super) fn parse(text: &str) -> Result<(Self, Option<Credentials>), UrlError> {
        let uri = UriStr::new(text).map_err(|_| UrlError::Unreadable)?;
        let secure = match uri.scheme_str() {
            scheme if scheme.eq_ignore_ascii_case("https") => true,
            scheme if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err(UrlError::Scheme),
        };
        let authority = uri.authority_components().ok_or(UrlError::Host)?;
        let port = match authority.port() {
            None | Some("") => default_port(secure),
            Some(port) => port.parse().map_err(|_| UrlError::Host)?,
        };
        let endpoint = Endpoint::new(authority.host(), port).ok_or(UrlError::Host)?;
        let path = match (uri.path_str(), uri.query_str()) {
            ("", None) => "/".to_owned(),
            (path, None) => path.to_owned(),
            (path, Some(query)) => format!("{}?{query}", if path.is_empty() { "/" } else { path }),
        };
        let path = path.parse().map_err(|_| UrlError::Unreadable)?;
        let credentials = authority.userinfo().map(Credentials::of_user_info);
        let url = Self {
            secure,
            endpoint,
            path,
        };
        Ok((url, credentials))
    }

    /// Where `location` leads from here (RFC 3986 section 5); credentials in it are dropped.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, UrlError> {
        let location = UriReferenceStr::new(location).map_err(|_| UrlError::Unreadable)?;
        let here = format!("{}{}", self.origin(), self.path);
        let here = UriAbsoluteStr::new(&here).map_err(|_| UrlError::Unreadable)?;
        let there = location.resolve_against(here).to_string();
        Ok(Self::parse(&there)?.0)
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) fn path(&self) -> &PathAndQuery {
        &self.path
    }

    pub(super) fn has_origin_of(&self, other: &Self) -> bool {
        self.secure == other.secure
            && self.endpoint.port() == other.endpoint.port()
            && self
                .endpoint
                .host()
                .eq_ignore_ascii_case(other.endpoint.host())
    }

    /// The value of the header `host`.
    pub(super) fn authority(&self) -> String {
        let all = self.endpoint.to_string();
        let port = format!(":{}", default_port(self.secure));
        all.strip_suffix(&port).unwrap_or(&all).to_owned()
    }

    fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path.path())
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap().0
    }

    #[test]
    fn read_and_shown() {
        for (text, authority, path, shown) in [
            ("http://a", "a", "/", "http://a/"),
            ("HTTP://a:80/", "a", "/", "http://a/"),
            ("http://a:/x", "a", "/x", "http://a/x"),
            ("https://a:443/x/y", "a", "/x/y", "https://a/x/y"),
            ("https://a:80/", "a:80", "/", "https://a:80/"),
            ("http://a?q=hunter2", "a", "/?q=hunter2", "http://a/"),
            (
                "http://a/x?q=hunter2#part",
                "a",
                "/x?q=hunter2",
                "http://a/x",
            ),
            ("http://u:hunter2@a/", "a", "/", "http://a/"),
            (
                "http://u:hunter2@[::1]:8080/",
                "[::1]:8080",
                "/",
                "http://[::1]:8080/",
            ),
            ("http://[::1]/", "[::1]", "/", "http://[::1]/"),
            (
                "http://2852039166/",
                "2852039166",
                "/",
                "http://2852039166/",
            ),
        ] {
            let url = url(text);
            assert_eq!(url.authority(), authority, "{text}");
            assert_eq!(url.path(), path, "{text}");
            assert_eq!(url.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        use UrlError::{Host, Scheme, Unreadable};
        for (text, error) in [
            ("", Unreadable),
            ("/path", Unreadable),
            ("host:80", Scheme),
            ("ftp://a/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("http:", Host),
            ("http:/a", Host),
            ("http://", Host),
            ("http:///x", Host),
            ("http://:80/", Host),
            ("http://a:0/", Host),
            ("http://a:65536/", Host),
            ("http://a:b/", Unreadable),
            ("http://a b/", Unreadable),
            ("http://a/ b", Unreadable),
            ("http://a/\r\nx", Unreadable),
            ("http://ä/", Unreadable),
            ("http://a%41/", Host),
            ("http://[::1/", Unreadable),
            ("http://[v1.x]/", Host),
            ("http://u:p@ss@a/", Unreadable),
        ] {
            assert_eq!(Url::parse(text).unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn redirects_lead_on() {
        let here = url("https://a:8443/x/y?q=1");
        for (location, there) in [
            ("https://b/z", "https://b/z"),
            ("//b/z", "https://b/z"),
            ("/z", "https://a:8443/z"),
            ("z", "https://a:8443/x/z"),
            ("../z", "https://a:8443/z"),
            ("../../../z", "https://a:8443/z"),
            ("", "https://a:8443/x/y"),
            ("http://u:hunter2@b/", "http://b/"),
            (
                "http://[::ffff:169.254.169.254]/",
                "http://[::ffff:169.254.169.254]/",
            ),
        ] {
            assert_eq!(
                here.redirected(location).unwrap().to_string(),
                there,
                "{location}"
            );
        }
        assert_eq!(here.redirected("?r=2").unwrap().path(), "/x/y?r=2");
        for bad in ["ftp://b/", "https://", "ä", " /x", "http://b:0/"] {
            assert!(here.redirected(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins() {
        let here = url("https://a.example/x");
        for (other, same) in [
            ("https://A.example:443/y", true),
            ("http://a.example:443/x", false),
            ("https://a.example:444/x", false),
            ("https://b.example/x", false),
        ] {
            assert_eq!(here.has_origin_of(&url(other)), same, "{other}");
        }
    }
}
