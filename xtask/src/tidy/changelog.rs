//! Rule: `CHANGELOG.md` has a section for what is unreleased, or for the current version.
//! What belongs in it, a reader judges.

use super::tree::Tree;
use super::violation::Violation;
use crate::workspace::Workspace;

const PAGE: &str = "CHANGELOG.md";

pub(super) fn check(tree: &Tree, workspace: &Workspace) -> Vec<Violation> {
    let versions = workspace.packages.iter().map(|p| p.version.as_str());
    let titles: Vec<_> = versions.chain(["Unreleased"]).collect();
    match tree.text(PAGE) {
        None => vec![Violation::new(PAGE, 1, "is missing; write it")],
        Some(text) if text.lines().any(|line| is_section(line, &titles)) => Vec::new(),
        Some(_) => vec![Violation::new(
            PAGE,
            1,
            "has neither `## Unreleased` nor a section for the current version; add one",
        )],
    }
}

/// `## 0.1.0`, `## [0.1.0]`, or either with a date behind.
fn is_section(line: &str, titles: &[&str]) -> bool {
    line.strip_prefix("## ").is_some_and(|heading| {
        let first = heading.split_whitespace().next().unwrap_or_default();
        titles.contains(&first.trim_matches(['[', ']']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreleased_and_the_current_version_are_sections() {
        for (line, expected) in [
            ("## Unreleased", true),
            ("## [Unreleased]", true),
            ("## [0.1.0] - 2030-01-01", true),
            ("## 0.1.0", true),
            ("## 0.0.9", false),
            ("# Unreleased", false),
            ("Unreleased", false),
        ] {
            assert_eq!(
                is_section(line, &["0.1.0", "Unreleased"]),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn a_page_without_one_is_a_violation() {
        let workspace = Workspace {
            target: "target".into(),
            packages: Vec::new(),
        };
        for (files, count) in [
            (&[][..], 1),
            (&[(PAGE, "# Changes\n")], 1),
            (&[(PAGE, "# Changes\n\n## Unreleased\n")], 0),
        ] {
            assert_eq!(check(&Tree::of(files), &workspace).len(), count);
        }
    }
}
