//! Rule: what is unfinished is an issue, not a mark in the text.
//! Spelling is the business of `typos`.

use super::tree::Tree;
use super::violation::Violation;

/// Written in halves, so that this file passes its own rule.
const REFUSED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("un", "implemented!"),
];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.files() {
        for (number, line) in (1..).zip(text.lines()) {
            for word in REFUSED.iter().filter(|word| holds(line, word)) {
                let message =
                    format!("`{word}`: finish it, or file an issue and take the mark out");
                violations.push(Violation::new(path, number, message));
            }
        }
    }
    violations
}

/// Whether `word` stands in `line` with no letter, digit or `_` at its sides.
fn holds(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|l| l.chars().next_back());
        let after = line
            .get(start + word.len()..)
            .and_then(|l| l.chars().next());
        let joined = word.ends_with(is_name) && after.is_some_and(is_name);
        !before.is_some_and(is_name) && !joined
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_found_in_any_file() {
        let [note, fix, hole, gap] = REFUSED else {
            panic!("four words")
        };
        for (line, count) in [
            (format!("// {note}: later"), 1),
            (format!("{fix} and {note}"), 2),
            (format!("    {hole}()"), 1),
            (format!("core::{gap}(\"x\")"), 1),
            (format!("MY{note}S and {fix}_NOW and x{hole}()"), 0),
            (format!("{note}S"), 0),
            ("nothing to do".to_owned(), 0),
        ] {
            let tree = Tree::of(&[("notes.md", &line)]);
            assert_eq!(check(&tree).len(), count, "{line}");
        }
    }
}
