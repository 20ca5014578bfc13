//! Reading the head of an HTTP/1.1 response out of the bytes that have arrived.
//!
//! It reads no socket. A response without a content length is refused: every server here states one.

/// Most headers a response may carry; the servers here send six.
const MAX_HEADERS: usize = 32;

/// What the head of a response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) length: usize,
    pub(crate) body_bytes: usize,
    pub(crate) closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedHead {
    #[error("the response is not HTTP")]
    NotHttp,
    #[error("the response has no content-length")]
    NoLength,
}

/// `Ok(None)` while the head is incomplete.
pub(crate) fn parse_head(bytes: &[u8]) -> Result<Option<Head>, MalformedHead> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(MalformedHead::NotHttp),
    };
    let value = |name: &str| {
        let header = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    Ok(Some(Head {
        status: response.code.ok_or(MalformedHead::NotHttp)?,
        length,
        body_bytes: value("content-length")
            .and_then(|length| length.parse().ok())
            .ok_or(MalformedHead::NoLength)?,
        closes: value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_whole_partial_and_broken() {
        let whole =
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{";
        let head = Head {
            status: 503,
            length: whole.len() - 1,
            body_bytes: 12,
            closes: true,
        };
        let cases: [(&[u8], _); 4] = [
            (whole, Ok(Some(head))),
            (b"HTTP/1.1 200 OK\r\ncontent-le", Ok(None)),
            (b"SSH-2.0-OpenSSH\r\n\r\n", Err(MalformedHead::NotHttp)),
            (b"HTTP/1.1 200 OK\r\n\r\n", Err(MalformedHead::NoLength)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(
                parse_head(bytes),
                expected,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}
