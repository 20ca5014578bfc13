//! Requests that are nearly right: valid ones with a few seeded mutations. Pure.

/// A small generator (`SplitMix64`), so that a seed is all that replays a failure.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(crate) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const METHODS: [&str; 12] = [
    "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get",
    "G\u{0}T",
];

/// The first of them are good.
const GOOD_TARGETS: usize = 14;
const TARGETS: [&str; 43] = [
    "/health",
    "/ready",
    "/live",
    "/startup",
    "/health/checks",
    "/health/checks/db",
    "/health/summary",
    "/health/history/beat",
    "/health?format=ietf",
    "/readyz?verbose&exclude=db&exclude=no%22body",
    "/health/checks/db?format=actuator",
    "/livez?format=microprofile",
    "/health?format=components&verbose",
    "/actuator/health/db",
    "/health/groups/nobody",
    "/actuator/health/nobody/%00",
    "/readyz?exclude=%ff%fe%00%0a&exclude=;&exclude=%zz",
    "/readyz?verbose&exclude=\u{2603}",
    "/health?format=kubernetes&format=ietf&&&==&%",
    "/metrics?x",
    // The stream itself goes on for as long as somebody listens.
    "/health/events/x",
    "/health/ui",
    "//health",
    "/health/",
    "/health/%2e%2e/ready",
    "/%68ealth",
    "/health/../ready",
    "/health?format=%00&verbose",
    "/health#x",
    "/health/checks/%2e",
    "/health/checks/../../etc/passwd",
    "http://node/ready",
    "http://other:99999/health",
    "https://user:pw@node/live",
    "HTTP:///ready",
    "node:80",
    "*",
    "",
    "/",
    "?",
    "health",
    "/\u{e9}\u{2603}",
    "/health\\ready",
];

const VERSIONS: [&str; 12] = [
    "HTTP/1.1",
    "HTTP/1.1",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/1.2",
    "HTTP/1",
    "http/1.1",
    "HTTP/11",
    "HTTPS/1.1",
    "",
];

const HEADERS: [&str; 40] = [
    "Host: node",
    "Host: other",
    "Host:",
    "Host: a b",
    "host : node",
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: 6",
    "Content-Length: 5, 6",
    "Content-Length: -1",
    "Content-Length: +5",
    "Content-Length: 99999999999999999999999999",
    "Content-Length: 18446744073709551615",
    "Content-Length: 0x5",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding : chunked",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "Upgrade: websocket",
    "Expect: 100-continue",
    "Expect: 200-ok",
    "Accept: */*;q=NaN",
    "Accept: text/html;q=1e309, application/json",
    "Accept: text/plain;q=0.9, application/health+json;q=0.90",
    "Accept: application/vnd.spring-boot.actuator.v3+json;q=\"1\", */*;q=0",
    "Accept: ,;=/+\"\\, text/*;q=.5;q=2",
    "Accept: text/plain\r\nAccept: \u{e9}",
    "Authorization: Bearer x",
    "Authorization: Bearer",
    "Authorization: Basic \u{0}",
    "Authorization: Bearer x\r\nAuthorization: Bearer x",
    "Range: bytes=0-99999999999999999999",
    ": nameless",
    "no colon",
    " folded: line",
    "X-Null: a\u{0}b\u{7f}",
];

const BODIES: [&str; 12] = [
    "",
    "",
    "",
    "hello",
    "0\r\n\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
    "5;ext=\"\r\n\"\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    "ffffffffffffffff\r\nx",
    "fffffffffffffffff\r\nx\r\n0\r\n\r\n",
    "-1\r\nx\r\n0\r\n\r\n",
    "zz\r\n\r\n",
    "GET /live HTTP/1.1\r\nhost: node\r\n\r\n",
];

const LINE_ENDS: [&str; 8] = [
    "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\n\r", "\r\n\r\n",
];

/// A request that begins as a valid one, and rarely stays one.
pub(crate) fn mutated(random: &mut Random) -> Vec<u8> {
    let mut bytes = composed(random).into_bytes();
    // Half of them are composed oddly at most, and sent as they are.
    for _ in 0..random.below(8).saturating_sub(4) {
        mutate(&mut bytes, random);
    }
    bytes
}

/// The parts of a request, odd ones among them.
fn composed(random: &mut Random) -> String {
    // One part in six is odd, else hardly any request would pass its first line.
    let odd = |random: &mut Random| random.below(6) == 0;
    let end = if random.below(6) == 0 {
        random.pick(&LINE_ENDS)
    } else {
        "\r\n"
    };
    let method = if odd(random) {
        random.pick(&METHODS)
    } else {
        "GET"
    };
    let target = if odd(random) {
        random.pick(&TARGETS)
    } else {
        random.pick(&TARGETS[..GOOD_TARGETS])
    };
    let version = if odd(random) {
        random.pick(&VERSIONS)
    } else {
        "HTTP/1.1"
    };
    let mut text = format!("{method} {target} {version}{end}");
    if random.below(8) > 0 {
        text += "Host: node";
        text += end;
    }
    if odd(random) {
        for _ in 0..=random.below(3) {
            text += random.pick(&HEADERS);
            text += end;
        }
    }
    if random.below(64) == 0 {
        for number in 0..random.below(300) {
            let value = "v".repeat(random.below(100));
            text.extend(["X-", &number.to_string(), ": ", &value, end]);
        }
    }
    text += end;
    text + random.pick(&BODIES)
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    match random.below(8) {
        // Flips a bit.
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        // Replaces a byte by one that means something.
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = b"\r\n \t:/%?#\0\x7f\xff,;=09"[random.below(17)];
            }
        }
        // Inserts some bytes.
        3 => {
            let inserted: Vec<u8> = (0..=random.below(8))
                .map(|_| random.next().to_le_bytes()[0])
                .collect();
            bytes.splice(at..at, inserted);
        }
        // Inserts a long run of one byte.
        4 => {
            let length = if random.below(16) == 0 { 20_000 } else { 50 };
            let byte = random.next().to_le_bytes()[0];
            bytes.splice(at..at, std::iter::repeat_n(byte, random.below(length)));
        }
        // Takes some out.
        5 => {
            let end = (at + random.below(16)).min(bytes.len());
            bytes.drain(at..end);
        }
        // Repeats some, headers among them.
        6 => {
            let end = (at + random.below(64)).min(bytes.len());
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        // Cuts it off.
        _ => bytes.truncate(at),
    }
}
