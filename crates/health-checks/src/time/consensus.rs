//! What several clocks say together: their median, if most of them agree with it.
//!
//! Pure. It knows neither servers nor peers, and no limits.

/// How far another clock is from ours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) source: String,
    /// Its clock minus ours.
    pub(super) offset_ms: f64,
    /// How far from the truth that may be.
    pub(super) uncertainty_ms: f64,
}

/// What most of them agree on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Agreement {
    /// Our clock minus their median: positive is ahead.
    pub(super) drift_ms: f64,
    /// The least of those that agree.
    pub(super) uncertainty_ms: f64,
    /// Who is far from the median, and how far from us.
    pub(super) outvoted: Vec<Reading>,
}

/// Why nothing is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dissent {
    /// Fewer than the minimum.
    Few,
    /// At most half of them are near the median.
    Split { spread_ms: f64 },
}

/// Takes the median of at least `minimum` readings. Who is further from it than `tolerance_ms`
/// and its own uncertainty is outvoted, as long as most are not.
pub(super) fn agree(
    readings: Vec<Reading>,
    minimum: usize,
    tolerance_ms: f64,
) -> Result<Agreement, Dissent> {
    let count = readings.len();
    let mut offsets: Vec<f64> = readings.iter().map(|reading| reading.offset_ms).collect();
    offsets.sort_by(f64::total_cmp);
    let at = |index: usize| offsets.get(index).copied();
    let (Some(lower), Some(upper)) = (at(count.saturating_sub(1) / 2), at(count / 2)) else {
        return Err(Dissent::Few);
    };
    if count < minimum {
        return Err(Dissent::Few);
    }
    let median = f64::midpoint(lower, upper);
    let (near, outvoted): (Vec<Reading>, Vec<Reading>) =
        readings.into_iter().partition(|reading| {
            (reading.offset_ms - median).abs() <= tolerance_ms + reading.uncertainty_ms
        });
    if near.len() * 2 <= count {
        let spread = |(least, most): (&f64, &f64)| most - least;
        let spread_ms = offsets.first().zip(offsets.last()).map_or(0.0, spread);
        return Err(Dissent::Split { spread_ms });
    }
    let uncertainties = near.iter().map(|reading| reading.uncertainty_ms);
    Ok(Agreement {
        // Not a negative zero.
        drift_ms: 0.0 - median,
        uncertainty_ms: uncertainties.fold(f64::INFINITY, f64::min),
        outvoted,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::*;

    fn readings(offsets: &[f64]) -> Vec<Reading> {
        let reading = |(index, offset_ms): (usize, &f64)| Reading {
            source: index.to_string(),
            offset_ms: *offset_ms,
            uncertainty_ms: 5.0,
        };
        offsets.iter().enumerate().map(reading).collect()
    }

    #[test]
    fn the_median_of_those_who_agree() {
        const HOURS: f64 = 7_200_000.0;
        for (offsets, drift, outvoted) in [
            (&[0.0][..], 0.0, ""),
            (&[12.0], -12.0, ""),
            (&[10.0, 20.0], -15.0, ""),
            (&[-30.0, 10.0, 20.0], -10.0, ""),
            (&[HOURS, 1.0, 2.0], -2.0, "0"),
            (&[1.0, -HOURS, 2.0], -1.0, "1"),
            (&[1.0, 2.0, 3.0, HOURS], -2.5, "3"),
            (&[HOURS, 1.0, 2.0, 3.0, -HOURS], -2.0, "0 4"),
            // Who lies together, and is most, wins.
            (&[HOURS, HOURS, 1.0], -HOURS, "2"),
            // 100 ms are tolerated, and 5 that they may be off.
            (&[0.0, 0.0, 105.0], 0.0, ""),
            (&[0.0, 0.0, 105.1], 0.0, "2"),
        ] {
            let agreement = agree(readings(offsets), 1, 100.0).unwrap();
            let sources = agreement.outvoted.iter().map(|r| r.source.as_str());
            let sources: Vec<&str> = sources.collect();
            assert_eq!(sources.join(" "), outvoted, "{offsets:?}");
            assert!((agreement.drift_ms - drift).abs() < 1e-9, "{agreement:?}");
        }
    }

    #[test]
    fn no_agreement_is_no_answer() {
        for (offsets, minimum, dissent) in [
            (&[][..], 0, Dissent::Few),
            (&[], 1, Dissent::Few),
            (&[1.0, 2.0], 3, Dissent::Few),
            (&[0.0, 500.0], 1, Dissent::Split { spread_ms: 500.0 }),
            (&[0.0, 300.0, 600.0], 1, Dissent::Split { spread_ms: 600.0 }),
            (
                &[0.0, 0.0, 500.0, 500.0],
                1,
                Dissent::Split { spread_ms: 500.0 },
            ),
            (
                &[1.0, 2.0, f64::NAN, f64::NAN],
                1,
                Dissent::Split {
                    spread_ms: f64::NAN,
                },
            ),
        ] {
            let result = agree(readings(offsets), minimum, 100.0);
            let told = format!("{:?}", result.unwrap_err());
            assert_eq!(told, format!("{dissent:?}"), "{offsets:?}");
        }
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn a_minority_of_liars_moves_nothing_far(
            honest in prop::collection::vec(-10.0..10.0_f64, 3..10),
            lies in prop::collection::vec(any::<f64>().prop_filter("a number", |f| f.is_finite()), 2),
        ) {
            let offsets: Vec<f64> = honest.iter().chain(&lies).copied().collect();
            let agreement = agree(readings(&offsets), 1, 100.0).unwrap();
            prop_assert!(agreement.drift_ms.abs() <= 10.0, "{agreement:?}");
            prop_assert!(agreement.outvoted.len() <= lies.len());
        }
    }
}
