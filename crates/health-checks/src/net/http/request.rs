//! What is sent: method, headers, body. It sends nothing itself.

use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::url::Url;
use crate::invalid::InvalidCheck;

const AGENT: &str = concat!("health-checks/", env!("CARGO_PKG_VERSION"));
/// They say where a message ends, and who keeps the connection.
const FRAMING: [HeaderName; 6] = [
    CONNECTION,
    CONTENT_LENGTH,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What the author wants to be sent.
#[derive(Clone, Default)]
pub(super) struct Request {
    pub(super) method: Method,
    headers: HeaderMap,
    pub(super) body: String,
}

impl Request {
    pub(super) fn set_method(
        &mut self,
        check: &'static str,
        method: &str,
    ) -> Result<(), InvalidCheck> {
        let parsed = method
            .parse()
            .ok()
            .filter(|method| *method != Method::CONNECT);
        self.method = parsed.ok_or_else(|| {
            let problem = "its method is no HTTP method, or CONNECT; give one such as `HEAD`";
            InvalidCheck::new(check, problem)
        })?;
        Ok(())
    }

    pub(super) fn set_header(
        &mut self,
        check: &'static str,
        name: &str,
        value: &str,
    ) -> Result<(), InvalidCheck> {
        let name = header_name(check, name)?;
        if FRAMING.contains(&name) {
            let problem = format!("the header `{name}` is the check's own; leave it out");
            return Err(InvalidCheck::new(check, problem));
        }
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            let problem =
                format!("the value of the header `{name}` cannot be sent; give visible ASCII");
            InvalidCheck::new(check, problem)
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    pub(super) fn authorize(&mut self, value: Option<HeaderValue>) {
        if let Some(value) = value {
            self.headers.insert(AUTHORIZATION, value);
        }
    }

    /// What is asked of another origin: without headers and body, which are not for it.
    pub(super) fn for_others(&self) -> Self {
        Self {
            method: self.method.clone(),
            headers: HeaderMap::new(),
            body: String::new(),
        }
    }

    /// The same as a `GET`, without a body.
    pub(super) fn get(mut self) -> Self {
        self.method = Method::GET;
        self.body.clear();
        self.headers.remove(http::header::CONTENT_TYPE);
        self
    }

    /// The message to the server of `url`; `None` if its authority cannot be sent.
    pub(super) fn message(&self, url: &Url, keep: bool) -> Option<http::Request<String>> {
        let mut message = http::Request::new(self.body.clone());
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = url.path().clone().into();
        let host = url.authority().parse().ok()?;
        let headers = message.headers_mut();
        headers.clone_from(&self.headers);
        headers.entry(HOST).or_insert(host);
        let agent = HeaderValue::from_static(AGENT);
        headers.entry(USER_AGENT).or_insert(agent);
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("*/*"));
        if !keep {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Some(message)
    }
}

/// The name of a header; it is not repeated, as name and value are easily mixed up.
pub(super) fn header_name(check: &'static str, name: &str) -> Result<HeaderName, InvalidCheck> {
    name.parse().map_err(|_| {
        let problem = "a header's name cannot be sent; give letters, digits and hyphens";
        InvalidCheck::new(check, problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_where() {
        let (url, _) = Url::parse("https://a:8443/x?y=1").unwrap();
        let mut request = Request {
            body: "{}".into(),
            method: Method::POST,
            ..Request::default()
        };
        request.set_header("http", "x-key", "1").unwrap();
        request
            .set_header("http", "Content-Type", "application/json")
            .unwrap();
        let sent = request.message(&url, false).unwrap();
        assert_eq!(
            (sent.uri().to_string().as_str(), sent.method()),
            ("/x?y=1", &Method::POST)
        );
        for (name, value) in [("host", "a:8443"), ("connection", "close"), ("x-key", "1")] {
            assert_eq!(sent.headers()[name], value);
        }
        assert!(
            !request
                .message(&url, true)
                .unwrap()
                .headers()
                .contains_key("connection")
        );

        let got = request.clone().get().message(&url, true).unwrap();
        assert_eq!((got.method(), got.body().as_str()), (&Method::GET, ""));
        assert!(!got.headers().contains_key("content-type"));

        let elsewhere = request.for_others().message(&url, true).unwrap();
        assert!(!elsewhere.headers().contains_key("x-key"));
        assert_eq!(elsewhere.body(), "");
    }

    #[test]
    fn another_host_may_be_asked_for() {
        let (url, _) = Url::parse("http://10.0.0.1/").unwrap();
        let mut request = Request::default();
        request.set_header("http", "Host", "shop.example").unwrap();
        let sent = request.message(&url, false).unwrap();
        assert_eq!(sent.headers()["host"], "shop.example");
    }
}
