//! Rule: every Rust file opens with `//!`, its one job and what it does not do.
//! Whether the sentence is a good one, a reader judges.

use super::tree::Tree;
use super::violation::Violation;

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    tree.ending(".rs")
        .filter(|(_, text)| {
            let first = text.lines().find(|line| !line.trim().is_empty());
            !first.is_some_and(|line| line.starts_with("//! "))
        })
        .map(|(path, _)| {
            Violation::new(
                path,
                1,
                "open the file with `//!`: its one job, and what it does not do",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_must_say_what_the_file_is_for() {
        for (text, count) in [
            ("//! A job.\nfn a() {}", 0),
            ("\n//! A job.", 0),
            ("#![no_main]\n//! Late.", 1),
            ("// A comment.", 1),
            ("//!", 1),
            ("", 1),
        ] {
            assert_eq!(check(&Tree::of(&[("a.rs", text)])).len(), count, "{text:?}");
        }
        assert!(check(&Tree::of(&[("a.md", "text")])).is_empty());
    }
}
