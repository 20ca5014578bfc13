//! One result as one line of a table: verdict, name, latency, message.
//!
//! It prints nothing. Lines hold colours; `anstream` takes them out where there is no terminal.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use health_core::{CheckState, CheckStatus};

/// The widths of the columns before the message.
const STATUS: usize = 9;
const NAME: usize = 24;
const LATENCY: usize = 10;

/// The heads of the columns.
pub fn head() -> String {
    let bold = Style::new().bold();
    let latency = "latency";
    format!(
        "{bold}{:STATUS$}  {:NAME$}  {latency:>LATENCY$}  message{bold:#}",
        "verdict", "check"
    )
}

/// A check as it stands.
pub fn line(check: &CheckState) -> String {
    let colour = colour(check.status);
    let status = check.status.as_str();
    let latency = check.latency.map(show).unwrap_or_default();
    let text = format!(
        "{colour}{status:STATUS$}{colour:#}  {:NAME$}  {latency:>LATENCY$}  {}",
        check.name(),
        said(check)
    );
    text.trim_end().to_owned()
}

/// The message, or what stands for one that is empty.
fn said(check: &CheckState) -> &str {
    match check.message.as_ref() {
        "" => check.reason(),
        message => message,
    }
}

fn colour(status: CheckStatus) -> Style {
    let colour = match status {
        CheckStatus::Healthy => AnsiColor::Green,
        CheckStatus::Degraded => AnsiColor::Yellow,
        CheckStatus::Unhealthy | CheckStatus::Panicked => AnsiColor::Red,
        _ => AnsiColor::Magenta,
    };
    colour.on_default().bold()
}

/// Three figures at most, in the unit that suits: `87 µs`, `1.25 ms`, `2.00 s`.
fn show(latency: Duration) -> String {
    let seconds = latency.as_secs_f64();
    let (figure, unit) = match latency {
        _ if seconds >= 1.0 => (seconds, "s"),
        _ if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        _ => return format!("{} µs", latency.as_micros()),
    };
    let decimals = match figure {
        _ if figure >= 100.0 => 0,
        _ if figure >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use health_core::{Health, Outcome, check_fn};

    use super::*;

    #[test]
    fn latencies_have_three_figures() {
        for (micros, shown) in [
            (0, "0 µs"),
            (87, "87 µs"),
            (1_250, "1.25 ms"),
            (12_340, "12.3 ms"),
            (123_456, "123 ms"),
            (2_000_000, "2.00 s"),
        ] {
            assert_eq!(show(Duration::from_micros(micros)), shown);
        }
    }

    #[tokio::test]
    async fn a_line_has_its_columns_and_nothing_after_the_last_word() {
        let health = Health::new();
        for (name, outcome) in [
            ("disk", Outcome::degraded("disk / 93 % used, limit 85 %")),
            ("quiet", Outcome::healthy()),
        ] {
            let check = check_fn(name, move |_| std::future::ready(outcome.clone()));
            health.register(check).unwrap();
        }
        health.start().unwrap();
        let plain = |line: String| anstream::adapter::strip_str(&line).to_string();
        let disk = plain(line(&health.ask("disk").await.unwrap()));
        assert!(disk.starts_with("degraded   disk  "), "{disk}");
        assert!(disk.ends_with("  disk / 93 % used, limit 85 %"), "{disk}");
        let quiet = plain(line(&health.ask("quiet").await.unwrap()));
        assert!(quiet.starts_with("healthy    quiet  "), "{quiet}");
        assert_eq!(quiet, quiet.trim_end());
        let column = |line: &str, word: &str| line.split_once(word).unwrap().0.chars().count();
        assert_eq!(
            column(&disk, "disk / 93"),
            column(&plain(head()), "message")
        );
    }
}
