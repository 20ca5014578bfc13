//! A shutdown under way as the rows of a section: the whole, its phases, what is in them. Pure.
//!
//! Who pushes them, and when, is the business of `board`.

use std::time::Duration;

use health_core::{CheckStatus, Field, Row};

use crate::ending::Ending;
use crate::phase::Phase;
use crate::report::{ComponentReport, Report};

/// When each phase began, since the trigger.
pub(crate) type Entered = [Option<Duration>; Phase::ALL.len()];

/// The whole first, then each phase with its components. `over`: nothing is left to be done.
pub(crate) fn rows(report: &Report, whole: Duration, entered: &Entered, over: bool) -> Vec<Row> {
    let mut rows = vec![the_whole(report, whole, over)];
    for (phase, began) in Phase::ALL.into_iter().zip(entered) {
        rows.push(of_phase(phase, *began, report, entered, over));
        let within = report.components.iter().filter(|part| part.phase == phase);
        rows.extend(within.map(of_component));
    }
    rows
}

fn the_whole(report: &Report, whole: Duration, over: bool) -> Row {
    let left = |part: &&ComponentReport| part.ending.is_none();
    let (left, all) = (
        report.components.iter().filter(left).count(),
        report.components.len(),
    );
    let failed = |part: &ComponentReport| part.ending.is_some_and(|ending| !ending.is_clean());
    let (state, status) = if report.overran {
        ("deadline passed", CheckStatus::Unhealthy)
    } else if over && report.components.iter().any(failed) {
        ("ended with failures", CheckStatus::Unhealthy)
    } else if over {
        ("ended", CheckStatus::Healthy)
    } else {
        ("stopping", CheckStatus::Stopping)
    };
    let used = report.elapsed.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE);
    row("the whole", state, Some(status))
        .field("elapsed", Field::Seconds(report.elapsed.as_secs_f64()))
        .field("of its deadline", Field::Share(used.clamp(0.0, 1.0)))
        .message(format!(
            "after {}; {left} of {all} components left, {} s at most",
            report.reason,
            whole.saturating_sub(report.elapsed).as_secs(),
        ))
}

fn of_phase(
    phase: Phase,
    began: Option<Duration>,
    report: &Report,
    entered: &Entered,
    over: bool,
) -> Row {
    let name = format!("phase {}", phase.as_str().replace('_', " "));
    let Some(began) = began else {
        let state = if over { "not reached" } else { "to come" };
        return row(name, state, None);
    };
    let next = phase.next().and_then(|next| *entered.get(next as usize)?);
    let (state, status) = if next.is_some() || over {
        ("over", Some(CheckStatus::Healthy))
    } else {
        ("under way", Some(CheckStatus::Stopping))
    };
    let took = next.unwrap_or(report.elapsed).saturating_sub(began);
    row(name, state, status).field("elapsed", Field::Seconds(took.as_secs_f64()))
}

fn of_component(part: &ComponentReport) -> Row {
    let (state, status) = match (part.ending, part.elapsed) {
        (Some(ending), _) if ending.is_clean() => (ending.as_str(), Some(CheckStatus::Healthy)),
        (Some(Ending::Panicked), _) => (Ending::Panicked.as_str(), Some(CheckStatus::Panicked)),
        (Some(ending), _) => (ending.as_str(), Some(CheckStatus::Unhealthy)),
        (None, Some(_)) => ("stopping", Some(CheckStatus::Stopping)),
        (None, None) => ("waiting", None),
    };
    let words: Vec<&str> = part
        .error
        .iter()
        .chain(&part.note)
        .map(|it| &**it)
        .collect();
    let row = row(&part.name, state, status).message(words.join("; "));
    match part.elapsed {
        Some(elapsed) => row.field("elapsed", Field::Seconds(elapsed.as_secs_f64())),
        None => row,
    }
}

fn row(name: impl Into<String>, state: &str, status: Option<CheckStatus>) -> Row {
    let mut row = Row::new(name).field("state", Field::Text(state.to_owned()));
    row.status = status;
    row
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::reason::Reason;

    fn part(name: &str, phase: Phase, ending: Option<Ending>, ms: Option<u64>) -> ComponentReport {
        ComponentReport {
            name: name.to_owned(),
            phase,
            ending,
            elapsed: ms.map(Duration::from_millis),
            note: None,
            error: None,
        }
    }

    fn told(report: &Report, entered: &[u64], over: bool) -> Vec<String> {
        let mut times = Entered::default();
        for (time, ms) in times.iter_mut().zip(entered) {
            *time = Some(Duration::from_millis(*ms));
        }
        rows(report, Duration::from_secs(25), &times, over)
            .iter()
            .map(|row| {
                let figures = row.fields.iter().map(|named| match &named.field {
                    Field::Text(text) => text.clone(),
                    Field::Seconds(time) => format!("{time:.1}s"),
                    Field::Share(share) => format!("{:.0}%", share * 100.0),
                    other => panic!("{other:?}"),
                });
                let figures = figures.collect::<Vec<_>>().join(" ");
                let status = row.status.map_or("-", CheckStatus::as_str);
                format!("{status} {}: {figures} {}", row.name, row.message)
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    fn report(components: Vec<ComponentReport>, overran: bool) -> Report {
        Report {
            reason: Reason::Signal("SIGTERM"),
            began: SystemTime::UNIX_EPOCH,
            elapsed: Duration::from_secs(10),
            phase: Some(Phase::Flush),
            overran,
            components,
        }
    }

    #[test]
    fn under_way() {
        let mut hung = part("queue", Phase::Flush, None, Some(3_500));
        hung.note = Some("9 of 12 written".to_owned());
        let mut failed = part("jobs", Phase::StopServices, Some(Ending::Failed), Some(200));
        failed.error = Some("disk full".to_owned());
        let parts = vec![
            part("web", Phase::StopIntake, Some(Ending::Done), Some(100)),
            failed,
            hung,
            part("pool", Phase::CloseResources, None, None),
        ];
        let entered = [0, 0, 5_000, 5_100, 6_100, 6_500];
        assert_eq!(
            told(&report(parts, false), &entered, false),
            [
                "stopping the whole: stopping 10.0s 40% after SIGTERM; 2 of 4 components left, 15 s at most",
                "healthy phase announce: over 0.0s",
                "healthy phase drain delay: over 5.0s",
                "healthy phase stop intake: over 0.1s",
                "healthy web: done 0.1s",
                "healthy phase drain in flight: over 1.0s",
                "healthy phase stop services: over 0.4s",
                "unhealthy jobs: failed 0.2s disk full",
                "stopping phase flush: under way 3.5s",
                "stopping queue: stopping 3.5s 9 of 12 written",
                "- phase close resources: to come",
                "- pool: waiting",
                "- phase final: to come",
            ]
        );
    }

    #[test]
    fn before_it_runs_and_after_it() {
        let first = |report: &Report, entered: &[u64], over| told(report, entered, over).remove(0);
        let all = [0; 8];
        for (overran, ending, entered, over, expected) in [
            (false, None, &[][..], false, "stopping the whole: stopping"),
            (
                false,
                Some(Ending::Hurried),
                &all,
                true,
                "healthy the whole: ended 10",
            ),
            (
                false,
                Some(Ending::Aborted),
                &all,
                true,
                "unhealthy the whole: ended with",
            ),
            (
                true,
                Some(Ending::Skipped),
                &all[..3],
                true,
                "unhealthy the whole: deadline passed",
            ),
        ] {
            let report = report(vec![part("a", Phase::Final, ending, None)], overran);
            let told = first(&report, entered, over);
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
