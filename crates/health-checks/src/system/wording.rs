//! How the figures of this family read: megabytes and used parts. It judges none.

use std::fmt;

/// One MB in bytes: a million, not 2^20.
pub(crate) const MEGABYTE: f64 = 1e6;

/// Bytes as megabytes for a person: with a decimal below 10.
pub(crate) struct Megabytes(pub(crate) u64);

impl Megabytes {
    /// Megabytes with one decimal.
    #[expect(clippy::cast_precision_loss, reason = "rounded for people anyway")]
    pub(crate) fn rounded(&self) -> f64 {
        (self.0 as f64 / MEGABYTE * 10.0).round() / 10.0
    }
}

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.rounded();
        if megabytes < 10.0 {
            write!(f, "{megabytes:.1}")
        } else {
            write!(f, "{megabytes:.0}")
        }
    }
}

/// The part of `total` that is not available; of nothing it is no number.
#[expect(
    clippy::cast_precision_loss,
    reason = "a ratio; 52 bits of it are plenty"
)]
pub(crate) fn used_fraction(total: u64, available: u64) -> f64 {
    total.saturating_sub(available) as f64 / total as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_is_what_is_not_available() {
        for (total, available, used) in [
            (10, 1, 0.9),
            (10, 0, 1.0),
            // More available than there is happens on file systems that compress.
            (10, 20, 0.0),
        ] {
            assert_eq!(
                used_fraction(total, available).to_string(),
                used.to_string()
            );
        }
        assert!(used_fraction(0, 0).is_nan());
    }

    #[test]
    fn megabytes_are_millions() {
        for (bytes, text) in [(0, "0.0"), (4_200_000, "4.2"), (812_400_000, "812")] {
            assert_eq!(Megabytes(bytes).to_string(), text);
        }
        assert_eq!(Megabytes(812_440_000).rounded().to_string(), "812.4");
    }
}
