//! The one redaction step: credentials in text and JSON become `***`.
//!
//! It knows shapes (credentials in URLs, values of keys that look secret,
//! bearer tokens), not values; sizes are bounded elsewhere (`evidence`).
//! One pass, linear in the input.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::secret_span::{bare_length, quoted, rest_of, until, value_span, wrapped_length};

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Parts of a key, folded to lower case without separators, that make it secret.
const SECRET_PARTS: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "accountkey",
    "clientkey",
    "passcode",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "credential",
    "authorization",
    "bearer",
    "cookie",
    "sessionid",
    "signature",
];
/// Keys that are secret only as a whole.
const SECRET_WORDS: [&str; 6] = ["pass", "auth", "sig", "pin", "jwt", "session"];
/// Decides which keys are secret, and takes their values out.
///
/// ```
/// use health_core::Redaction;
/// let redaction = Redaction::default().secret_key("ssn");
/// assert_eq!(redaction.text("postgres://app:hunter2@db/x"), "postgres://***@db/x");
/// assert_eq!(redaction.text("api_key=abc ssn=123 port=5432"), "api_key=*** ssn=*** port=5432");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    extra: Vec<String>,
}

impl Redaction {
    /// Treats keys that contain `key` (case and separators aside) as secret, besides the built-in ones.
    pub fn secret_key(mut self, key: &str) -> Self {
        let folded = fold(key);
        if !folded.is_empty() {
            self.extra.push(folded);
        }
        self
    }

    /// Whether a value under `key` is to be masked.
    pub fn is_secret(&self, key: &str) -> bool {
        let folded = fold(key);
        SECRET_WORDS.contains(&folded.as_str())
            || SECRET_PARTS.iter().any(|part| folded.contains(part))
            || self.extra.iter().any(|part| folded.contains(part.as_str()))
    }

    /// `text` without credentials; borrowed when there were none.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Masked {
            text,
            copied: 0,
            out: None,
            plain_until: 0,
        };
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find([':', '=', ' '])) {
            let separator = at + found;
            at = match text.as_bytes().get(separator) {
                Some(b':') if rest_of(text, separator).starts_with("://") => {
                    mask_url(&mut out, separator)
                }
                Some(b' ') => mask_bearer(&mut out, separator),
                _ => self.mask_pair(&mut out, separator),
            };
        }
        out.finish()
    }

    /// `details` without secret values, at any depth; keys are redacted like text.
    pub fn details(&self, details: Map<String, Value>) -> Map<String, Value> {
        details
            .into_iter()
            .map(|(key, value)| self.entry(key, value))
            .collect()
    }

    pub(crate) fn entry(&self, key: String, value: Value) -> (String, Value) {
        let value = if self.is_secret(&key) && !matches!(value, Value::Null | Value::Bool(_)) {
            crate::evidence::dismantle(value);
            Value::from(MASK)
        } else {
            self.value(value)
        };
        (self.owned(key), value)
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.owned(text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => Value::Object(self.details(map)),
            plain => plain,
        }
    }

    fn owned(&self, text: String) -> String {
        match self.text(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(redacted) => redacted,
        }
    }

    /// `key=value`, `key: value`, `"key": "value"`: masks the value if the key looks secret.
    fn mask_pair(&self, out: &mut Masked<'_>, separator: usize) -> usize {
        let next = separator + 1;
        let before = out.text.get(..separator).unwrap_or_default();
        let before = before.trim_end_matches(|c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '`' | ']')
        });
        let key_start = before
            .char_indices()
            .rev()
            .take(80)
            .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
            .last()
            .map_or(before.len(), |(i, _)| i);
        let key = before.get(key_start..).unwrap_or_default();
        if key.is_empty() || !self.is_secret(key) {
            return next;
        }
        let rest = rest_of(out.text, next);
        let value =
            rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | ':'));
        let start = next + (rest.len() - value.len());
        let (start, length) = match wrapped_length(value) {
            // What adheres to the closing bracket belongs to the value.
            Some(length) => (start, length + value_span(rest_of(value, length), 0).1),
            None if quoted(value) => value_span(value, start),
            None => (start, bare_length(&fold(key), value)),
        };
        out.mask_value(start, start + length)
    }
}

/// Masks the user info of the URL whose scheme ends at `colon`.
fn mask_url(out: &mut Masked<'_>, colon: usize) -> usize {
    let start = colon + "://".len();
    if start < out.plain_until {
        return start;
    }
    let rest = rest_of(out.text, start);
    let stop = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
    let token = until(rest, stop);
    if !token.contains('@') {
        out.plain_until = start + token.len();
        return start;
    }
    let authority = until(token, |c| matches!(c, '/' | '?' | '#'));
    let user_info = authority.rfind('@').or_else(|| {
        // A password with a raw `/`, `?` or `#`, unless what follows the colon is a port.
        let (_, port) = authority.split_once(':')?;
        let web = out.text.get(..colon).is_some_and(|before| {
            let scheme = before.rsplit(|c: char| !c.is_alphanumeric()).next();
            scheme.is_some_and(|s| ["http", "https", "ws", "wss"].contains(&s))
        });
        if web && port.parse::<u16>().is_ok() {
            None
        } else {
            token.rfind('@')
        }
    });
    match user_info {
        Some(at) => out.mask(start, start + at),
        None => start,
    }
}

/// Masks what follows the word `Bearer`, wherever it stands.
fn mask_bearer(out: &mut Masked<'_>, space: usize) -> usize {
    let next = space + 1;
    let before = out
        .text
        .as_bytes()
        .get(space.saturating_sub(6)..space)
        .unwrap_or_default();
    if !before.eq_ignore_ascii_case(b"bearer") {
        return next;
    }
    let (start, length) = value_span(rest_of(out.text, next), next);
    if length >= 8 {
        out.mask_value(start, start + length)
    } else {
        next
    }
}

fn fold(key: &str) -> String {
    key.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The text as it is copied, with the masks put in.
struct Masked<'a> {
    text: &'a str,
    copied: usize,
    out: Option<String>,
    /// Up to here no URL has a user: looked at once, however many begin there.
    plain_until: usize,
}

impl<'a> Masked<'a> {
    /// Masks `start..end` and says where to go on.
    fn mask(&mut self, start: usize, end: usize) -> usize {
        let masked = self.text.get(start..end).unwrap_or_default();
        if start >= self.copied && !masked.is_empty() && masked != MASK {
            let out = self.out.get_or_insert_with(String::new);
            out.push_str(self.text.get(self.copied..start).unwrap_or_default());
            out.push_str(MASK);
            self.copied = end;
        }
        end.max(start)
    }

    /// The same for the value of a key. In `token: password: x` what was taken for the value is a
    /// key too, and has its own: that is looked at next.
    fn mask_value(&mut self, start: usize, end: usize) -> usize {
        let value = self.text.get(start..end).unwrap_or_default().trim_end();
        let next = self.mask(start, end);
        if value.ends_with([':', '=']) {
            start + value.len() - 1
        } else {
            next
        }
    }

    fn finish(self) -> Cow<'a, str> {
        match self.out {
            None => Cow::Borrowed(self.text),
            Some(mut out) => {
                out.push_str(rest_of(self.text, self.copied));
                Cow::Owned(out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_tables() {
        let redaction = Redaction::default();
        for (text, expected) in [
            ("all well", "all well"),
            (
                "postgres://app:hunter2@db:5432/x refused",
                "postgres://***@db:5432/x refused",
            ),
            ("redis://:hunter2@cache", "redis://***@cache"),
            ("https://token@host/path?x=1", "https://***@host/path?x=1"),
            ("amqp://u:p@ss@host", "amqp://***@host"),
            ("mysql://u:p/w?d@host/db", "mysql://***@host/db"),
            ("mysql://u:123/w@host/db", "mysql://***@host/db"),
            ("amqp://u:?x@host", "amqp://***@host"),
            (
                "http://host:80/mail?to=a@b.c",
                "http://host:80/mail?to=a@b.c",
            ),
            (
                "a http://u:p@h and b http://v:q@i",
                "a http://***@h and b http://***@i",
            ),
            (
                "host=db password=hunter2 port=1",
                "host=db password=*** port=1",
            ),
            ("password = 'hunter 2' x", "password = '***' x"),
            (
                "{\"password\":\"hunter2\",\"a\":1}",
                "{\"password\":\"***\",\"a\":1}",
            ),
            (
                "{\\\"secret\\\": \\\"hunter2\\\"}",
                "{\\\"secret\\\": \\\"***\\\"}",
            ),
            ("API-Key: abc; next", "API-Key: ***; next"),
            ("db.password=hunter2&x=1", "db.password=***&x=1"),
            ("?access_token=abc&y=2", "?access_token=***&y=2"),
            ("Authorization: Bearer abcdefgh.ijk", "Authorization: ***"),
            ("Authorization: ApiKey hunter2", "Authorization: ***"),
            ("Cookie: a=b; sid=hunter2", "Cookie: ***"),
            ("token: Bearer hunter2 x", "token: *** x"),
            (
                "password: Some(\"hunter2\"), port: 1",
                "password: ***, port: 1",
            ),
            ("token: Some(Token(\"hunter2\"))", "token: ***"),
            ("password: b\"hunter2\" x", "password: *** x"),
            ("passwords: [\"hunter2\", \"b\"] x", "passwords: *** x"),
            (
                "{\"password\":{\"value\":\"hunter2\"}}",
                "{\"password\":***}",
            ),
            ("password:\thunter2", "password:\t***"),
            ("password\t= hunter2", "password\t= ***"),
            ("password:\n  hunter2", "password:\n  ***"),
            (
                "private_key: -----BEGIN X\nhunter2\n-----",
                "private_key: ***",
            ),
            ("password=hun,ter2", "password=***"),
            ("a=1,password=hunter2,b=2", "a=1,password=***,b=2"),
            ("(password=hunter2)", "(password=***)"),
            ("AccountKey=hunter2;x=1", "AccountKey=***;x=1"),
            ("token= api_key: \"hunter2\"", "token= *** \"***\""),
            ("sent bearer abcdefghij to db", "sent bearer *** to db"),
            ("DB_PASSWORD=\"a\\\"b\" c", "DB_PASSWORD=\"***\" c"),
            ("password:", "password:"),
            ("password=", "password="),
            ("passwort: ünï=1", "passwort: ünï=1"),
            ("PASSWORD=ünïcödé!", "PASSWORD=***"),
            ("primary_key=7 keys=3", "primary_key=7 keys=3"),
            (
                "latency: 3 ms, compass=north",
                "latency: 3 ms, compass=north",
            ),
            ("secret => hunter2", "secret => ***"),
        ] {
            assert_eq!(redaction.text(text), expected, "{text}");
        }
    }

    #[test]
    fn details_at_any_depth() {
        let details = serde_json::json!({
            "url": "http://u:hunter2@h/",
            "db": {"passwd": "hunter2", "tls": true, "list": [{"auth": {"x": "hunter2"}}, "token=hunter2"]},
            "secret": 42, "token": null, "password_set": true, "password=hunter2": 1,
        });
        let Value::Object(map) = details else {
            panic!()
        };
        let text = serde_json::to_string(&Redaction::default().details(map)).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("42"), "{text}");
        assert!(
            text.contains("\"token\":null") && text.contains("\"password_set\":true"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_redacted_once_and_for_all(text in "\\PC{0,80}") {
            let redaction = Redaction::default();
            let once = redaction.text(&text).into_owned();
            prop_assert_eq!(redaction.text(&once), once.as_str());
        }

        #[test]
        fn planted_credentials_never_survive(
            before in "[a-z ]{0,20}", secret in "[A-Za-z0-9!$%^*+/?#.~-]{9,30}", after in "[a-z ]{0,20}",
        ) {
            let redaction = Redaction::default();
            for text in [
                format!("{before} postgres://app:{secret}@db/x {after}"),
                format!("{before} password={secret} {after}"),
                format!("{before} \"api_key\": \"{secret}\" {after}"),
                format!("{before} Authorization: Bearer {secret} {after}"),
            ] {
                let redacted = redaction.text(&text);
                prop_assert!(!redacted.contains(&secret), "{} -> {}", text, redacted);
            }
        }
    }
}
