//! The packet of SNTP: written, read, and believed or refused (RFC 4330, RFC 5905).
//!
//! Pure. Sending and receiving are in `exchange`.

use std::time::{Duration, SystemTime};

use thiserror::Error;

pub(super) const LENGTH: usize = 48;
/// Version 4, from a client.
const CLIENT: u8 = 0b00_100_011;
const SERVER_MODE: u8 = 4;
/// The leap indicator of a clock that is not synchronised.
const ALARM: u8 = 3;
/// From this stratum up a clock is not synchronised.
const UNSYNCHRONISED: u8 = 16;
/// Seconds from 1900, where NTP starts, to 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;
/// A server that may itself be off by this much proves nothing: `MAXDIST` of RFC 5905.
const MOST_DISTANCE_MS: f64 = 1000.0;
/// How much longer a server may say to have taken than was waited for it: the grain of coarse
/// clocks.
const COARSE_MS: f64 = 20.0;

/// A moment as NTP writes it: seconds and their 2^32nd parts, the era left out.
///
/// Two of them are told apart by how far they are from each other, so that the end of the
/// era in 2036 is a moment like any other. That holds for clocks within 68 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NtpTime(u64);

impl NtpTime {
    pub(super) fn of(time: SystemTime) -> Self {
        let unix = |elapsed: Duration| {
            let fraction = (u64::from(elapsed.subsec_nanos()) << 32) / 1_000_000_000;
            (elapsed.as_secs() << 32).wrapping_add(fraction)
        };
        let since = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => unix(after),
            Err(before) => unix(before.duration()).wrapping_neg(),
        };
        Self((NTP_TO_UNIX << 32).wrapping_add(since))
    }

    /// In parts of 2^-32 s.
    fn since(self, earlier: Self) -> i128 {
        self.0.wrapping_sub(earlier.0).cast_signed().into()
    }
}

/// What a server's answer says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    /// Its clock minus ours.
    pub(super) offset_ms: f64,
    /// How far from the truth that may be: half of the way there and back, and what the
    /// server says of itself.
    pub(super) uncertainty_ms: f64,
}

/// Why a datagram proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Refused {
    /// The real answer may still come.
    #[error("what it sent is no answer to the request")]
    Foreign,
    #[error("it asks for fewer requests (kiss code RATE)")]
    Rate,
    #[error("it denies its service (kiss code DENY or RSTR)")]
    Denied,
    #[error("its own clock is not synchronised")]
    Unsynchronised,
    #[error("by its own word it may be off by a second or more")]
    Distant,
    #[error("its timestamps contradict each other")]
    Impossible,
}

/// A request that is told apart from all others by `cookie`. It stands where the time of
/// sending may stand: the server has no use for that, and strangers could guess it.
pub(super) fn request(cookie: u64) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    let [first, ..] = &mut packet;
    *first = CLIENT;
    if let Some(transmit) = packet.last_chunk_mut::<8>() {
        *transmit = cookie.to_be_bytes();
    }
    packet
}

/// Reads what came at `received` in answer to the request sent at `sent`.
pub(super) fn read(
    datagram: &[u8],
    cookie: u64,
    sent: NtpTime,
    received: NtpTime,
) -> Result<Answer, Refused> {
    let header = Header::read(datagram).ok_or(Refused::Foreign)?;
    // First of all, so that no stranger's word counts, not even a kiss of death.
    if header.origin != cookie || header.mode != SERVER_MODE || !(3..=4).contains(&header.version) {
        return Err(Refused::Foreign);
    }
    if header.stratum == 0 {
        return Err(match &header.reference_id.to_be_bytes() {
            b"RATE" => Refused::Rate,
            b"DENY" | b"RSTR" => Refused::Denied,
            _ => Refused::Unsynchronised,
        });
    }
    let never = header.receive.0 == 0 || header.transmit.0 == 0;
    // Set by a clock that it had only later.
    let reversed = header.reference.0 != 0 && header.transmit.since(header.reference) < 0;
    if header.leap == ALARM || header.stratum >= UNSYNCHRONISED || never || reversed {
        return Err(Refused::Unsynchronised);
    }
    let distance_ms = short_ms(header.root_delay) / 2.0 + short_ms(header.root_dispersion);
    if distance_ms >= MOST_DISTANCE_MS {
        return Err(Refused::Distant);
    }
    let taken = header.transmit.since(header.receive);
    let waited = received.since(sent);
    let delay_ms = long_ms(waited - taken);
    if taken < 0 || waited < 0 || delay_ms < -COARSE_MS {
        return Err(Refused::Impossible);
    }
    let offset = header.receive.since(sent) + header.transmit.since(received);
    Ok(Answer {
        offset_ms: long_ms(offset) / 2.0,
        uncertainty_ms: delay_ms.max(0.0) / 2.0 + distance_ms,
    })
}

/// What is looked at of a packet.
struct Header {
    leap: u8,
    version: u8,
    mode: u8,
    stratum: u8,
    root_delay: u32,
    root_dispersion: u32,
    reference_id: u32,
    reference: NtpTime,
    origin: u64,
    receive: NtpTime,
    transmit: NtpTime,
}

impl Header {
    /// What follows the header (extensions, a signature) is not looked at.
    fn read(datagram: &[u8]) -> Option<Self> {
        let packet = datagram.first_chunk::<LENGTH>()?;
        let (&[first, stratum, _poll, _precision], rest) = packet.split_first_chunk()?;
        let (root_delay, rest) = rest.split_first_chunk()?;
        let (root_dispersion, rest) = rest.split_first_chunk()?;
        let (reference_id, rest) = rest.split_first_chunk()?;
        let (reference, rest) = rest.split_first_chunk()?;
        let (origin, rest) = rest.split_first_chunk()?;
        let (receive, rest) = rest.split_first_chunk()?;
        let transmit = rest.first_chunk()?;
        let time = |bytes: &[u8; 8]| NtpTime(u64::from_be_bytes(*bytes));
        Some(Self {
            leap: first >> 6,
            version: first >> 3 & 0b111,
            mode: first & 0b111,
            stratum,
            root_delay: u32::from_be_bytes(*root_delay),
            root_dispersion: u32::from_be_bytes(*root_dispersion),
            reference_id: u32::from_be_bytes(*reference_id),
            reference: time(reference),
            origin: u64::from_be_bytes(*origin),
            receive: time(receive),
            transmit: time(transmit),
        })
    }
}

/// Milliseconds of a number of 2^-32 s.
#[expect(
    clippy::cast_precision_loss,
    reason = "an hour still has its microseconds"
)]
fn long_ms(parts: i128) -> f64 {
    parts as f64 * 1000.0 / 4_294_967_296.0
}

/// Milliseconds of a number of 2^-16 s.
fn short_ms(parts: u32) -> f64 {
    f64::from(parts) * 1000.0 / 65_536.0
}

/// Reads any datagram; says whether it was believed.
#[cfg(fuzzing)]
pub fn fuzz(datagram: &[u8], cookie: u64, sent: u64, received: u64) -> bool {
    match read(datagram, cookie, NtpTime(sent), NtpTime(received)) {
        Ok(answer) => {
            assert!(answer.offset_ms.is_finite() && answer.uncertainty_ms >= 0.0);
            assert!(datagram.get(24..32) == Some(&cookie.to_be_bytes()));
            true
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::*;

    const COOKIE: u64 = 0x0123_4567_89ab_cdef;
    const SECOND: u64 = 1 << 32;
    const MS: u64 = SECOND / 1000;
    /// A moment of 2026, and one just before the era ends.
    const NOW: u64 = 3_991_000_000 << 32;
    const ERA_END: u64 = u64::MAX - 5 * MS;

    /// An honest answer to a request sent at `sent`: on the way for 10 ms each way, answered in
    /// 2 ms, by a clock that is `ahead`.
    fn honest(sent: u64, ahead: i64) -> [u8; LENGTH] {
        let receive = sent.wrapping_add(10 * MS).wrapping_add_signed(ahead);
        let mut packet = [0; LENGTH];
        packet[..4].copy_from_slice(&[0b00_100_100, 2, 6, 0xec]);
        packet[4..8].copy_from_slice(&655_u32.to_be_bytes());
        packet[8..12].copy_from_slice(&655_u32.to_be_bytes());
        packet[16..24].copy_from_slice(&receive.wrapping_sub(60 * SECOND).to_be_bytes());
        packet[24..32].copy_from_slice(&COOKIE.to_be_bytes());
        packet[32..40].copy_from_slice(&receive.to_be_bytes());
        packet[40..48].copy_from_slice(&receive.wrapping_add(2 * MS).to_be_bytes());
        packet
    }

    fn read_at(datagram: &[u8], sent: u64) -> Result<Answer, Refused> {
        let received = NtpTime(sent.wrapping_add(22 * MS));
        read(datagram, COOKIE, NtpTime(sent), received)
    }

    #[test]
    fn offsets_are_read_in_any_era() {
        for sent in [NOW, ERA_END, 0, 1 << 63] {
            for ahead_ms in [0_i32, 100, -100, 7_200_000, -7_200_000] {
                let ahead = i64::from(ahead_ms) * SECOND.cast_signed() / 1000;
                let answer = read_at(&honest(sent, ahead), sent).unwrap();
                let error = answer.offset_ms - f64::from(ahead_ms);
                assert!(error.abs() < 0.01, "{ahead_ms} at {sent:x}: {answer:?}");
                // 10 ms of the way, 5 of the server's delay, 10 of its dispersion.
                let error = answer.uncertainty_ms - 25.0;
                assert!(error.abs() < 0.1, "{answer:?}");
            }
        }
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        let bytes = |at: usize, with: &[u8]| {
            let mut packet = honest(NOW, 0);
            packet[at..at + with.len()].copy_from_slice(with);
            packet
        };
        let stratum_0 = |code: &[u8; 4]| {
            let mut packet = bytes(12, code);
            packet[1] = 0;
            packet
        };
        let time = |at: usize, time: u64| bytes(at, &time.to_be_bytes());
        for (what, packet, refused) in [
            ("wrong origin", time(24, COOKIE ^ 1), Refused::Foreign),
            ("no origin", time(24, 0), Refused::Foreign),
            ("a request", bytes(0, &[CLIENT]), Refused::Foreign),
            ("a broadcast", bytes(0, &[0b00_100_101]), Refused::Foreign),
            ("version 0", bytes(0, &[0b00_000_100]), Refused::Foreign),
            ("version 7", bytes(0, &[0b00_111_100]), Refused::Foreign),
            ("rate", stratum_0(b"RATE"), Refused::Rate),
            ("deny", stratum_0(b"DENY"), Refused::Denied),
            ("restrict", stratum_0(b"RSTR"), Refused::Denied),
            ("starting", stratum_0(b"INIT"), Refused::Unsynchronised),
            ("alarm", bytes(0, &[0b11_100_100]), Refused::Unsynchronised),
            ("stratum 16", bytes(1, &[16]), Refused::Unsynchronised),
            ("stratum 255", bytes(1, &[255]), Refused::Unsynchronised),
            ("no receive time", time(32, 0), Refused::Unsynchronised),
            ("no transmit time", time(40, 0), Refused::Unsynchronised),
            ("set later", time(16, NOW + SECOND), Refused::Unsynchronised),
            ("dispersion", bytes(8, &[0, 1, 0, 0]), Refused::Distant),
            ("delay", bytes(4, &[0, 2, 0, 0]), Refused::Distant),
            ("all of both", bytes(4, &[0xff; 8]), Refused::Distant),
            ("sent before received", time(40, NOW), Refused::Impossible),
            (
                "an hour's work",
                time(40, NOW + 3600 * SECOND),
                Refused::Impossible,
            ),
        ] {
            assert_eq!(read_at(&packet, NOW), Err(refused), "{what}");
        }
        // A stranger's kiss is no kiss.
        let mut kiss = stratum_0(b"DENY");
        kiss[24] ^= 1;
        assert_eq!(read_at(&kiss, NOW), Err(Refused::Foreign));
        for length in [0, 1, LENGTH - 1] {
            let short = &honest(NOW, 0)[..length];
            assert_eq!(read_at(short, NOW), Err(Refused::Foreign), "{length}");
        }
    }

    #[test]
    fn what_is_unusual_is_believed() {
        let mut signed = honest(NOW, 0).to_vec();
        signed.extend([7; 20]);
        let mut old = honest(NOW, 0);
        old[0] = 0b01_011_100;
        // Its clock ticks so coarsely that it seems to have taken longer than it can.
        let mut coarse = honest(NOW, 0);
        let transmit = NOW + 45 * MS;
        coarse[40..].copy_from_slice(&transmit.to_be_bytes());
        for packet in [&signed[..], &old, &coarse] {
            assert!(read_at(packet, NOW).is_ok(), "{packet:?}");
        }
    }

    #[test]
    fn a_request_tells_nothing_but_its_cookie() {
        let packet = request(COOKIE);
        assert_eq!(packet[0], CLIENT);
        assert!(packet[1..40].iter().all(|byte| *byte == 0));
        assert_eq!(packet[40..], COOKIE.to_be_bytes());
    }

    #[test]
    fn moments_of_all_eras_are_written() {
        let unix = |seconds: i64| {
            let distance = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 {
                SystemTime::UNIX_EPOCH - distance
            } else {
                SystemTime::UNIX_EPOCH + distance
            }
        };
        for (time, written) in [
            (unix(0), NTP_TO_UNIX << 32),
            (unix(-1), (NTP_TO_UNIX - 1) << 32),
            (unix(2_085_978_495), u64::from(u32::MAX) << 32),
            (unix(2_085_978_496), 0),
            (unix(2_085_978_497), SECOND),
            (
                unix(0) + Duration::from_millis(500),
                (NTP_TO_UNIX << 32) + SECOND / 2,
            ),
        ] {
            assert_eq!(NtpTime::of(time).0, written, "{time:?}");
        }
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn what_is_believed_answers_the_request(
            datagram in prop::collection::vec(any::<u8>(), 0..100),
            (sent, received) in any::<(u64, u64)>(),
        ) {
            // Without the cookie nothing is; with it, all is finite.
            let read = |datagram: &[u8]| read(datagram, COOKIE, NtpTime(sent), NtpTime(received));
            prop_assert!(read(&datagram).is_err());
            if let Some(origin) = datagram.get(24..32) {
                let mut answer = datagram.clone();
                prop_assert_ne!(origin, COOKIE.to_be_bytes());
                answer[24..32].copy_from_slice(&COOKIE.to_be_bytes());
                answer[0] = 0b00_100_100;
                if let Ok(answer) = read(&answer) {
                    prop_assert!(answer.offset_ms.is_finite() && answer.uncertainty_ms >= 0.0);
                }
            }
        }
    }
}
