//! How the figures of this family read: megabytes and percents. It judges none.

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

/// Percent with one decimal, rounded down: what is not full never reads as full.
pub(crate) fn percent(fraction: f64) -> f64 {
    // The addend keeps 0.95 from becoming 94.9.
    (fraction * 1000.0 + 1e-9).floor() / 10.0
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
    fn limits_read_as_they_were_written() {
        for hundredths in 1..=100_u32 {
            let fraction = f64::from(hundredths) / 100.0;
            assert_eq!(percent(fraction).to_string(), hundredths.to_string());
        }
    }

    #[test]
    fn what_is_not_full_never_reads_as_full() {
        assert_eq!(percent(used_fraction(10_000, 1)).to_string(), "99.9");
        assert_eq!(percent(used_fraction(10_000, 0)).to_string(), "100");
        // More available than there is happens on file systems that compress.
        assert_eq!(percent(used_fraction(10, 20)).to_string(), "0");
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
