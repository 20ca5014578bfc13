//! Any datagram as an answer: it is believed only if it carries the number that was sent, and
//! then its figures are finite (asserted where it is read).
//!
//! Sockets have their tests beside the check.
#![no_main]

use health_checks::time::fuzzing::fuzz;
use libfuzzer_sys::fuzz_target;

const COOKIE: u64 = 0x0123_4567_89ab_cdef;

fuzz_target!(|input: (u64, u64, &[u8])| {
    let (sent, received, datagram) = input;
    fuzz(datagram, COOKIE, sent, received);
    // The same with the number, as chance does not find it.
    let mut answer = datagram.to_vec();
    if let Some(origin) = answer.get_mut(24..32) {
        origin.copy_from_slice(&COOKIE.to_be_bytes());
        fuzz(&answer, COOKIE, sent, received);
    }
    assert!(!fuzz(&answer, !COOKIE, sent, received));
});
