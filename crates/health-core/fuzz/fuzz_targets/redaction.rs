//! Redaction of any text: it ends, its output is bounded, and a planted credential goes.
//!
//! What else counts as a secret has its tables beside the code.
#![no_main]

use health_core::{MASK, Redaction};
use libfuzzer_sys::fuzz_target;

/// Of characters that end no value, and in no dictionary of libFuzzer.
const CREDENTIAL: &str = "Zq7Xv9Zq7Xv9";

fuzz_target!(|text: &str| {
    let redaction = Redaction::default();
    let once = redaction.text(text);
    // Each masked value is at least one separator apart from the next.
    assert!(
        once.len() <= (text.len() + 1) * (MASK.len() + 1),
        "{text:?}"
    );

    if text.contains(CREDENTIAL) {
        return;
    }
    // Around it what an attacker, or a clumsy author, may have put.
    let mut half = text.len() / 2;
    while !text.is_char_boundary(half) {
        half -= 1;
    }
    let (before, after) = text.split_at(half);
    for planted in [
        format!("{before} password={CREDENTIAL} {after}"),
        format!("{before} api_key: \"{CREDENTIAL}\" {after}"),
        format!("{before} postgres://app:{CREDENTIAL}@db/{after}"),
        format!("{before} authorization: Bearer {CREDENTIAL} {after}"),
    ] {
        let redacted = redaction.text(&planted);
        assert!(
            !redacted.contains(CREDENTIAL),
            "{planted:?} became {redacted:?}"
        );
    }
});
