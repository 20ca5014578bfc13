//! The points of a timeline, and which of them go when there are too many.
//!
//! It answers no question about lags.

/// A point takes 24 bytes; so many stay below 16 KiB.
pub(super) const POINTS: usize = 640;
/// So many are left after room has been made, at the most.
const ROOM: usize = POINTS * 3 / 4;
/// The first tolerance to be tried, as error by age, when none is known to do.
const FINEST: f64 = 1e-5;

/// A position and when the leader was there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) position: u64,
    /// In nanoseconds.
    pub(super) at: u64,
    /// By how many nanoseconds the piece that ends here may be off, at the most.
    pub(super) error: f32,
}

impl Point {
    pub(super) fn new(position: u64, at: u64) -> Self {
        Self {
            position,
            at,
            error: 0.0,
        }
    }

    /// When the leader was last at `position`, between this point and `to`.
    pub(super) fn time_at(&self, position: u64, to: &Self) -> u64 {
        let whole = to.position.saturating_sub(self.position).max(1);
        let part = position.saturating_sub(self.position);
        let span = to.at.saturating_sub(self.at);
        // Wide numbers only where they are needed: to divide them takes several times as long.
        let passed = span.checked_mul(part).map_or_else(
            || {
                let passed = u128::from(span) * u128::from(part) / u128::from(whole);
                u64::try_from(passed).unwrap_or(u64::MAX)
            },
            |product| product / whole,
        );
        self.at.saturating_add(passed).min(to.at.max(self.at))
    }

    /// The most by which the piece from here to `to` is off once `middle` is gone.
    pub(super) fn joined(&self, middle: &Self, to: &Self) -> f32 {
        let moved = if self.position == to.position {
            0
        } else {
            self.time_at(middle.position, to).abs_diff(middle.at)
        };
        // Time and position both grow: no error is larger than the piece is long.
        (middle.error.max(to.error) + float(moved)).min(float(to.at.saturating_sub(self.at)))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bound, and a wide one")]
fn float(nanoseconds: u64) -> f32 {
    nanoseconds as f32
}

/// Makes room: drops what lies before `applied`, then the points that a growing tolerance can spare.
/// Returns the tolerance that sufficed; that of the last time is where to begin.
pub(super) fn simplify(points: &mut Vec<Point>, applied: u64, now: u64, last: f64) -> f64 {
    let before = points.partition_point(|it| it.position <= applied);
    points.drain(..before.saturating_sub(1));
    let mut tolerance = (last / 2.0).max(FINEST);
    while points.len() > ROOM {
        pass(points, now, tolerance);
        tolerance *= 2.0;
    }
    tolerance / 2.0
}

/// Joins neighbouring pieces as far as `tolerance`, the error by the age, permits.
fn pass(points: &mut Vec<Point>, now: u64, tolerance: f64) {
    let mut start: Option<Point> = None;
    points.dedup_by(|next, middle| {
        if let Some(start) = start {
            let error = start.joined(middle, next);
            let age = now.saturating_sub(next.at);
            if f64::from(error) <= tolerance * f64::from(float(age)) {
                *middle = Point { error, ..*next };
                return true;
            }
        }
        start = Some(*middle);
        false
    });
}
