//! The figures that a server of the bench prints when it ends: lines of a label and a number.
//!
//! It ends no server.

use crate::error::BenchError;

/// The number in the line that begins with the label.
pub(crate) fn figure(words: &str, label: &'static str) -> Result<f64, BenchError> {
    words
        .lines()
        .find_map(|line| line.trim().strip_prefix(label)?.trim().parse().ok())
        .ok_or_else(|| BenchError::Unparsable {
            what: format!("`{words}`, the last words of a server,"),
            missing: label,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_its_label() {
        let words = "listening on x\n  check runs: 50\noff by: 1.25\nbye";
        assert!((figure(words, "check runs: ").unwrap() - 50.0).abs() < f64::EPSILON);
        assert!((figure(words, "off by: ").unwrap() - 1.25).abs() < f64::EPSILON);
        assert!(figure(words, "runs: ").is_err());
    }
}
