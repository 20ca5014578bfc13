//! Decides whether and where an answer leads on. Pure.

use http::{HeaderMap, Method, StatusCode, header::LOCATION};
use thiserror::Error;

use super::request::Request;
use super::url::{Url, UrlError};

/// Why a redirect is not followed. Each message follows the request's line.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum RedirectError {
    #[error("is redirected more than {0} times; is it a circle?")]
    TooMany(u8),
    #[error(
        "is redirected from HTTPS to HTTP, which is not followed; let the server stay with HTTPS"
    )]
    Downgrade,
    #[error("is redirected to where HTTP does not lead; look at the header `location`")]
    Location(#[source] UrlError),
}

/// Where the answer to `request` at `url` leads, and what is asked there; `None` if it is
/// the last one.
pub(super) fn next(
    url: &Url,
    request: &Request,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<(Url, Request)>, RedirectError> {
    let Some(location) = headers.get(LOCATION).filter(|_| leads_on(status)) else {
        return Ok(None);
    };
    let unreadable = |_| RedirectError::Location(UrlError::Unreadable);
    let location = location.to_str().map_err(unreadable)?;
    let there = url.redirected(location).map_err(RedirectError::Location)?;
    if url.is_secure() && !there.is_secure() {
        return Err(RedirectError::Downgrade);
    }
    let request = if there.has_origin_of(url) {
        request.clone()
    } else {
        request.for_others()
    };
    let request = if becomes_get(status, &request.method) {
        request.get()
    } else {
        request
    };
    Ok(Some((there, request)))
}

fn leads_on(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// As browsers do, RFC 9110 section 15.4.
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => method != Method::HEAD,
        301 | 302 => method == Method::POST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(
        url: &str,
        method: &str,
        status: u16,
        location: Option<&str>,
    ) -> Result<Option<(String, Method, bool)>, RedirectError> {
        let mut request = Request::default();
        request.set_method("http", method).unwrap();
        request.set_header("http", "x-key", "1").unwrap();
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert(LOCATION, location.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let next = next(&Url::parse(url).unwrap().0, &request, status, &headers)?;
        Ok(next.map(|(url, request)| {
            let sent = request.message(&url, true).unwrap();
            let has_key = sent.headers().contains_key("x-key");
            (url.to_string(), request.method, has_key)
        }))
    }

    #[test]
    fn followed_or_not() {
        let leads = |url: &str, method, key| Ok(Some((url.to_owned(), method, key)));
        for (url, method, status, location, expected) in [
            ("http://a/", "GET", 200, Some("/x"), Ok(None)),
            ("http://a/", "GET", 300, Some("/x"), Ok(None)),
            ("http://a/", "GET", 304, Some("/x"), Ok(None)),
            ("http://a/", "GET", 302, None, Ok(None)),
            (
                "http://a/",
                "GET",
                301,
                Some("/x"),
                leads("http://a/x", Method::GET, true),
            ),
            (
                "http://a/",
                "HEAD",
                303,
                Some("/x"),
                leads("http://a/x", Method::HEAD, true),
            ),
            (
                "http://a/",
                "PUT",
                303,
                Some("/x"),
                leads("http://a/x", Method::GET, true),
            ),
            (
                "http://a/",
                "POST",
                302,
                Some("/x"),
                leads("http://a/x", Method::GET, true),
            ),
            (
                "http://a/",
                "PUT",
                302,
                Some("/x"),
                leads("http://a/x", Method::PUT, true),
            ),
            (
                "http://a/",
                "POST",
                307,
                Some("/x"),
                leads("http://a/x", Method::POST, true),
            ),
            (
                "http://a/",
                "POST",
                308,
                Some("//b/x"),
                leads("http://b/x", Method::POST, false),
            ),
            (
                "http://a/",
                "GET",
                301,
                Some("https://a/"),
                leads("https://a/", Method::GET, false),
            ),
            (
                "https://a/",
                "GET",
                301,
                Some("http://a/"),
                Err(RedirectError::Downgrade),
            ),
            (
                "https://a/",
                "GET",
                301,
                Some("gopher://a/"),
                Err(RedirectError::Location(UrlError::Scheme)),
            ),
            (
                "https://a/",
                "GET",
                301,
                Some("a b"),
                Err(RedirectError::Location(UrlError::Unreadable)),
            ),
        ] {
            let answer = answer(url, method, status, location);
            assert_eq!(answer, expected, "{url} {method} {status} {location:?}");
        }
    }
}
