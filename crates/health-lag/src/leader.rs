//! The history of one leader, as its followers tell it: where a sample lies in it, and when it begins anew.
//!
//! A pure fold, which judges no follower. The table of positions is in `timeline`.

use std::time::Duration;

use crate::lag::Lag;
use crate::sample::Sample;
use crate::timeline::Timeline;

/// What nobody has confirmed for this long gives way to what a sample says.
const UNCONFIRMED: Duration = Duration::from_secs(10);

/// What a follower last said of itself and of its leader.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standpoint {
    generation: u64,
    epoch: u64,
    /// The positions of leader and follower; `None` before its first sample.
    last: Option<(u64, u64)>,
}

/// A leader over time. Its table is made with the first sample.
#[derive(Debug, Default)]
pub(crate) struct Leader {
    timeline: Option<Timeline>,
    epoch: Option<u64>,
    /// When the present history began, and when a sample last agreed with it.
    begun: Duration,
    confirmed: Duration,
    /// How many histories there were before.
    generation: u64,
}

/// Where a sample lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) lag: Lag,
    /// What was known of this follower is void.
    pub(crate) reset: bool,
}

impl Leader {
    /// Takes what a follower says.
    pub(crate) fn locate(
        &mut self,
        who: &mut Standpoint,
        sample: &Sample,
        at: Duration,
    ) -> Located {
        if self.epoch.is_none() {
            self.epoch = Some(sample.epoch);
            self.begun = at;
            self.confirmed = at;
        }
        let before = *who;
        let moved_on = before.last.is_some() && before.epoch != sample.epoch;
        let unconfirmed = at.saturating_sub(self.confirmed) >= UNCONFIRMED;
        if self.epoch != Some(sample.epoch) {
            if moved_on || unconfirmed {
                self.begin(sample.epoch, at);
            }
        } else if !moved_on && before.generation == self.generation {
            // One follower's own readings are in order; those of several may overtake each other.
            if before
                .last
                .is_some_and(|(leader, _)| sample.leader < leader)
            {
                self.begin(sample.epoch, at);
            }
        }
        let lag = self.lag(sample, at, unconfirmed);
        *who = Standpoint {
            generation: self.generation,
            epoch: sample.epoch,
            last: Some((sample.leader, sample.applied)),
        };
        let reset = before.last.is_some_and(|(_, applied)| {
            moved_on || before.generation != self.generation || sample.applied < applied
        });
        Located { lag, reset }
    }

    fn lag(&mut self, sample: &Sample, at: Duration, unconfirmed: bool) -> Lag {
        if self.epoch != Some(sample.epoch) {
            // It follows a history that is over: of the present one it has nothing yet.
            return Lag::AtLeast(at.saturating_sub(self.begun));
        }
        let timeline = self.timeline.get_or_insert_default();
        let observed = timeline.observe(sample.leader, at);
        if observed.is_err() && unconfirmed {
            self.begin(sample.epoch, at);
            return self.lag(sample, at, false);
        }
        if observed.is_ok() {
            self.confirmed = at;
        }
        match (timeline.lag(sample.applied, at), sample.hint) {
            // The positions do not tell how much more it is.
            (Lag::AtLeast(least), Some(hint)) if hint >= least => Lag::Exact(hint),
            (lag, _) => lag,
        }
    }

    fn begin(&mut self, epoch: u64, at: Duration) {
        if let Some(timeline) = &mut self.timeline {
            timeline.clear();
        }
        self.epoch = Some(epoch);
        self.begun = at;
        self.confirmed = at;
        self.generation += 1;
    }

    /// No follower will ask for what lies before `position`.
    pub(crate) fn forget_applied(&mut self, position: u64) {
        if let Some(timeline) = &mut self.timeline {
            timeline.forget_applied(position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// One leader, and followers by number.
    #[derive(Default)]
    struct Told {
        leader: Leader,
        followers: [Standpoint; 3],
    }

    impl Told {
        fn locate(&mut self, who: usize, second: u64, sample: Sample) -> (f64, bool, bool) {
            let located = self
                .leader
                .locate(&mut self.followers[who], &sample, at(second));
            let exact = matches!(located.lag, Lag::Exact(_));
            (located.lag.duration().as_secs_f64(), exact, located.reset)
        }
    }

    #[test]
    fn the_first_sample_knows_no_lag_unless_the_source_does() {
        let mut told = Told::default();
        let sample = Sample::new(1_000, 899);
        assert_eq!(told.locate(0, 5, sample), (0.0, false, false));
        let hinted = sample.hint_seconds(12.5).unwrap();
        assert_eq!(Told::default().locate(0, 5, hinted), (12.5, true, false));
    }

    #[test]
    fn positions_tell_more_than_the_source() {
        let mut told = Told::default();
        told.locate(0, 0, Sample::new(0, 0));
        let sample = Sample::new(100, 50).hint_seconds(99.0).unwrap();
        assert_eq!(told.locate(0, 10, sample), (5.0, true, false));
    }

    #[test]
    fn followers_share_what_is_known_of_the_leader() {
        let mut told = Told::default();
        told.locate(0, 0, Sample::new(0, 0));
        told.locate(0, 10, Sample::new(100, 100));
        assert_eq!(
            told.locate(1, 20, Sample::new(200, 50)),
            (15.0, true, false)
        );
    }

    #[test]
    fn a_reading_that_was_overtaken_by_another_followers_is_no_step_back() {
        let mut told = Told::default();
        told.locate(0, 0, Sample::new(100, 100));
        told.locate(1, 0, Sample::new(100, 100));
        told.locate(0, 1, Sample::new(300, 300));
        assert!(!told.locate(1, 2, Sample::new(290, 290)).2);
        assert!(!told.locate(0, 3, Sample::new(400, 400)).2);
    }

    #[test]
    fn a_leader_that_goes_back_begins_anew_for_all_its_followers_once() {
        let mut told = Told::default();
        for second in 0..5 {
            told.locate(0, second, Sample::new(1_000 + second, 1_000));
            told.locate(1, second, Sample::new(1_000 + second, 990));
        }
        assert_eq!(told.locate(0, 5, Sample::new(10, 10)), (0.0, true, true));
        assert_eq!(told.locate(1, 5, Sample::new(11, 9)), (0.0, false, true));
        assert_eq!(told.locate(0, 6, Sample::new(20, 11)), (1.0, true, false));
        assert!(!told.locate(1, 6, Sample::new(20, 11)).2);
    }

    #[test]
    fn another_epoch_begins_anew_and_who_stays_in_the_old_one_falls_behind() {
        let mut told = Told::default();
        for second in 0..5 {
            told.locate(0, second, Sample::new(1_000 + second, 1_000).epoch(1));
            told.locate(1, second, Sample::new(1_000 + second, 990).epoch(1));
        }
        assert!(told.locate(0, 5, Sample::new(2_000, 2_000).epoch(2)).2);
        let outdated = Sample::new(1_004, 1_004).epoch(1);
        assert_eq!(told.locate(1, 8, outdated), (3.0, false, true));
        assert_eq!(told.locate(1, 9, outdated), (4.0, false, false));
        assert!(!told.locate(0, 9, Sample::new(2_010, 2_010).epoch(2)).2);
        assert!(told.locate(1, 10, Sample::new(2_010, 2_010).epoch(2)).2);
        assert!(!told.locate(1, 11, Sample::new(2_010, 2_010).epoch(2)).2);
    }

    #[test]
    fn a_newcomer_settles_the_epoch_only_when_nobody_else_knows() {
        let mut told = Told::default();
        told.locate(0, 0, Sample::new(10, 10).epoch(1));
        told.locate(1, 5, Sample::new(10, 10).epoch(2));
        assert_eq!(told.leader.epoch, Some(1));
        told.locate(1, 10, Sample::new(10, 10).epoch(2));
        assert_eq!(told.leader.epoch, Some(2));
    }

    #[test]
    fn a_position_that_nobody_repeats_gives_way() {
        let mut told = Told::default();
        told.locate(0, 0, Sample::new(u64::MAX, 5));
        told.locate(1, 1, Sample::new(10, 10));
        assert_eq!(told.leader.generation, 0);
        assert_eq!(told.locate(1, 11, Sample::new(20, 20)), (0.0, true, true));
    }

    #[test]
    fn a_follower_that_goes_back_is_reset_alone() {
        let mut told = Told::default();
        for second in 0..5 {
            told.locate(0, second, Sample::new(100 + second, 100));
            told.locate(1, second, Sample::new(100 + second, 90));
        }
        assert!(told.locate(0, 5, Sample::new(105, 50)).2);
        assert!(!told.locate(1, 5, Sample::new(105, 95)).2);
    }
}
