//! Any text as an address: refused, or written back as an equal address.
//!
//! It binds nothing.
#![no_main]

use health_http::server::Address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Address>() {
        Ok(address) => {
            let written = address.to_string();
            let again: Address = written.parse().expect("what was written parses");
            assert_eq!(again, address, "{text:?} was written as {written:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
