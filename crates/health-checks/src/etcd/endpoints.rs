//! The endpoints of a cluster, as an author writes them, and the credentials in them.
//!
//! It resolves and connects nothing.

use std::collections::BTreeSet;

use http::Uri;

use crate::invalid::InvalidCheck;
use crate::stores::Credentials;

const SCHEMES: [&str; 2] = ["http://", "https://"];

/// Where the members of a cluster are, and who asks them.
#[derive(Debug)]
pub(super) struct Endpoints {
    /// Without credentials.
    pub(super) urls: Vec<String>,
    pub(super) credentials: Option<Credentials>,
}

impl Endpoints {
    /// Reads `[http[s]://][user:password@]host:port`, or several with commas between, of which
    /// the credentials are the same.
    pub(super) fn parse(name: &'static str, text: &str) -> Result<Self, InvalidCheck> {
        // What is wrong is not repeated, as it may hold a password.
        let refused = |problem| InvalidCheck::new(name, problem);
        let parsed: Option<Vec<_>> = text.split(',').map(endpoint).collect();
        let parsed = parsed.ok_or_else(|| {
            refused(
                "cannot use the endpoints; give http://[user:password@]host:port, or several with commas between, with %XX for what is special in a password",
            )
        })?;
        let mut credentials = None;
        let mut urls = Vec::new();
        for (url, of_url) in parsed {
            urls.push(url);
            match (&credentials, of_url) {
                (Some(of_all), Some(of_url)) if *of_all != of_url => {
                    return Err(refused(
                        "cannot log in as several users; give all endpoints the same credentials",
                    ));
                }
                (None, of_url) => credentials = of_url,
                _ => {}
            }
        }
        Ok(Self { urls, credentials })
    }

    /// The hosts, as the client names them.
    pub(super) fn hosts(&self) -> BTreeSet<String> {
        let uris = self.urls.iter().filter_map(|url| uri(url));
        uris.filter_map(|uri| uri.host().map(str::to_owned))
            .collect()
    }
}

fn endpoint(text: &str) -> Option<(String, Option<Credentials>)> {
    let scheme = SCHEMES.into_iter().find(|scheme| text.starts_with(scheme));
    let scheme = scheme.unwrap_or_default();
    let authority = text.strip_prefix(scheme)?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (userinfo, place) = match authority.rsplit_once('@') {
        Some((userinfo, place)) => (Some(userinfo), place),
        None => (None, authority),
    };
    let strange = |c: char| c.is_whitespace() || c.is_control() || "/?#".contains(c);
    if authority.contains(strange) {
        return None;
    }
    let (_, port) = place.rsplit_once(':')?;
    port.parse::<u16>().ok().filter(|port| *port > 0)?;
    let credentials = match userinfo {
        Some(userinfo) => {
            Some(Credentials::parse(userinfo).filter(|read| read.password.is_some())?)
        }
        None => None,
    };
    let url = format!("{scheme}{place}");
    let host = uri(&url)?.host().is_some_and(|host| !host.is_empty());
    host.then_some((url, credentials))
}

/// As the client reads it.
fn uri(url: &str) -> Option<Uri> {
    let schemed = SCHEMES.iter().any(|scheme| url.starts_with(scheme));
    let url = if schemed {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    url.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written() {
        for (text, urls, hosts, login) in [
            (
                "localhost:2379",
                &["localhost:2379"][..],
                &["localhost"][..],
                None,
            ),
            (
                "https://db01.example.org:2379/",
                &["https://db01.example.org:2379"],
                &["db01.example.org"],
                None,
            ),
            (
                "http://[::1]:2379",
                &["http://[::1]:2379"],
                &["[::1]"],
                None,
            ),
            (
                "http://root:sw%3A0rd@a:1,b:2",
                &["http://a:1", "b:2"],
                &["a", "b"],
                Some(("root", "sw:0rd")),
            ),
            (
                "root:sw0rdfish@a:1,https://root:sw0rdfish@a:2",
                &["a:1", "https://a:2"],
                &["a"],
                Some(("root", "sw0rdfish")),
            ),
        ] {
            let read = Endpoints::parse("etcd", text).unwrap();
            assert_eq!(read.urls, urls, "{text}");
            assert_eq!(Vec::from_iter(read.hosts()), hosts, "{text}");
            let of_text = read.credentials.as_ref();
            let of_text = of_text.map(|read| (&*read.user, read.password.as_deref().unwrap()));
            assert_eq!(of_text, login, "{text}");
            assert!(!format!("{read:?}").contains("sw"), "{read:?}");
        }
    }

    #[test]
    fn what_is_none_is_refused_and_not_repeated() {
        for text in [
            "",
            ",",
            "localhost",
            "http://",
            "http://:2379",
            "http://localhost:0",
            "http://localhost:65536",
            "http://localhost:2379/path",
            "ftp://localhost:2379",
            "http://local host:2379",
            "http://swordfish@localhost:2379",
            "http://:swordfish@localhost:2379",
            "http://root:swordfish%ff@localhost:2379",
            "http://root:swordfish/@localhost:2379",
            "http://root:swordfish@",
            "http://root:swordfish@a:1,http://root:swordfish2@b:1",
            "http://root:swordfish@a:1,b",
        ] {
            let refused = Endpoints::parse("etcd", text).unwrap_err();
            let refused = format!("{refused} {refused:?}");
            assert!(refused.starts_with("etcd: cannot "), "{text:?}: {refused}");
            assert!(!refused.contains("swordfish"), "{refused}");
        }
    }
}
