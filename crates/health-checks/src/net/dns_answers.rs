//! Judges the answers for a name: are there enough, and those that must be there. Pure.

use health_core::{Outcome, Status};

/// How many answers the details show; there may be hundreds.
const SHOWN: usize = 10;

/// What is wanted of the answers.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) at_least: usize,
    pub(super) among_them: Vec<String>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            at_least: 1,
            among_them: Vec::new(),
        }
    }
}

impl Wanted {
    /// What `answers` for `what` (`dns example.com`) come to.
    pub(super) fn outcome(&self, what: &str, answers: &[String]) -> Outcome {
        let count = answers.len();
        let answered = match count {
            1 => "1 answer".to_owned(),
            _ => format!("{count} answers"),
        };
        let missing = self
            .among_them
            .iter()
            .find(|wanted| !answers.iter().any(|answer| same(answer, wanted)));
        let (status, message) = if count < self.at_least {
            let wanted = self.at_least;
            let message =
                format!("{what}: {answered}, at least {wanted} wanted; look at its DNS zone");
            (Status::Unhealthy, message)
        } else if let Some(missing) = missing {
            let message =
                format!("{what}: {missing} is not among {answered}; look at its DNS zone");
            (Status::Unhealthy, message)
        } else {
            (Status::Healthy, format!("{what}: {answered}"))
        };
        Outcome::new(status, message)
            .detail("answer_count", count)
            .detail(
                "answers",
                answers.get(..SHOWN.min(count)).unwrap_or_default(),
            )
    }
}

/// Names are the same in upper and lower case, and with the root's dot.
fn same(answer: &str, wanted: &str) -> bool {
    let bare = |text: &str| text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    bare(answer) == bare(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_and_the_right_ones() {
        use Status::{Healthy, Unhealthy};
        let wanted = |at_least, among: &[&str]| Wanted {
            at_least,
            among_them: among.iter().map(ToString::to_string).collect(),
        };
        for (wanted, answers, status, message) in [
            (
                wanted(1, &[]),
                &["10.0.0.1"][..],
                Healthy,
                "dns x: 1 answer",
            ),
            (
                wanted(1, &[]),
                &[],
                Unhealthy,
                "dns x: 0 answers, at least 1 wanted; look at its DNS zone",
            ),
            (
                wanted(3, &[]),
                &["10.0.0.1", "10.0.0.2"],
                Unhealthy,
                "dns x: 2 answers, at least 3 wanted; look at its DNS zone",
            ),
            (
                wanted(1, &["b.example"]),
                &["a.", "B.Example."],
                Healthy,
                "dns x: 2 answers",
            ),
            (
                wanted(1, &["10.0.0.9"]),
                &["10.0.0.1"],
                Unhealthy,
                "dns x: 10.0.0.9 is not among 1 answer; look at its DNS zone",
            ),
        ] {
            let answers: Vec<_> = answers.iter().map(ToString::to_string).collect();
            let outcome = wanted.outcome("dns x", &answers);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["answer_count"], answers.len());
        }
    }

    #[test]
    fn hundreds_of_answers_are_counted_and_few_shown() {
        let answers: Vec<_> = (0..300).map(|n| n.to_string()).collect();
        let outcome = Wanted::default().outcome("dns x", &answers);
        assert_eq!(outcome.details()["answer_count"], 300);
        assert_eq!(
            outcome.details()["answers"].as_array().unwrap().len(),
            SHOWN
        );
    }
}
