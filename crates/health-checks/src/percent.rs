//! How a part of a whole reads in percent. It judges none.

/// Percent with one decimal, rounded down: what is not full never reads as full.
pub(crate) fn percent(fraction: f64) -> f64 {
    down(fraction, 10.0)
}

/// The same with two decimals: for rates and quantiles, whose limits lie near the ends.
pub(crate) fn fine_percent(fraction: f64) -> f64 {
    down(fraction, 100.0)
}

fn down(fraction: f64, parts: f64) -> f64 {
    // The addend keeps 0.95 from becoming 94.9.
    (fraction * 100.0 * parts + 1e-9).floor() / parts
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
        for ten_thousandths in 1..=10_000_u32 {
            let fraction = f64::from(ten_thousandths) / 10_000.0;
            let read = f64::from(ten_thousandths) / 100.0;
            assert_eq!(fine_percent(fraction).to_string(), read.to_string());
        }
    }

    #[test]
    fn what_is_not_full_never_reads_as_full() {
        for (fraction, read) in [
            (0.0, "0"),
            (0.9499, "94.9"),
            (0.9999, "99.9"),
            (1.0, "100"),
            (5.0, "500"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(percent(fraction).to_string(), read, "{fraction}");
        }
    }
}
