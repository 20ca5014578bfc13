//! Rule: a Rust file holds at most so many lines of code.
//! What counts as a line of code is decided in [`super::source`].

use super::source;
use super::tree::Tree;
use super::violation::Violation;

const MOST_CODE_LINES: usize = 300;

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    tree.ending(".rs")
        .map(|(path, text)| (path, source::code_lines(text)))
        .filter(|(_, lines)| *lines > MOST_CODE_LINES)
        .map(|(path, lines)| {
            let message =
                format!("{lines} lines of code, {MOST_CODE_LINES} allowed; split it by job");
            Violation::new(path, 1, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed() {
        let of = |lines: usize| "fn a() {}\n// why\n\n".repeat(lines);
        assert!(check(&Tree::of(&[("a.rs", &of(300))])).is_empty());
        let violations = check(&Tree::of(&[("a.rs", &of(301)), ("a.md", &of(400))]));
        assert_eq!(violations.len(), 1);
        assert!(violations[0].to_string().starts_with("a.rs:1: 301 lines"));
    }
}
