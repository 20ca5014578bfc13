//! Rule: a module is named by what it is about; a name that takes in anything is refused.
//! It looks at files, folders and modules written in place.

use super::source;
use super::tree::Tree;
use super::violation::Violation;

const REFUSED: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "types", "misc",
];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let parts = path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| REFUSED.contains(part)) {
            violations.push(violation(path, 1, part));
        }
        for (number, line) in (1..).zip(source::mask(text).lines()) {
            if let Some(name) = inline_module(line).filter(|name| REFUSED.contains(name)) {
                violations.push(violation(path, number, name));
            }
        }
    }
    violations
}

fn violation(path: &str, line: usize, name: &str) -> Violation {
    let message = format!("`{name}` says nothing; name the module by the noun it is about");
    Violation::new(path, line, message)
}

/// The name of the module that `line` opens.
fn inline_module(line: &str) -> Option<&str> {
    let (visibility, rest) = line.trim().split_once("mod ")?;
    let name = rest.strip_suffix('{')?.trim_end();
    (visibility.is_empty() || visibility.starts_with("pub")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_modules_in_place_are_seen() {
        for (path, text, lines) in [
            ("src/util.rs", "", &[1][..]),
            ("tests/common/mod.rs", "", &[1]),
            ("src/lib.rs", "\npub(crate) mod helpers {\n}", &[2]),
            ("src/lib.rs", "// mod util {\nmod utilisation {\n}", &[]),
            ("src/types_of_ship.rs", "mod status {\n}", &[]),
            ("docs/common/page.md", "", &[]),
        ] {
            let expected: Vec<_> = lines.iter().map(|line| format!("{path}:{line}:")).collect();
            let found = check(&Tree::of(&[(path, text)]));
            assert_eq!(found.len(), expected.len(), "{path} {text:?}");
            for (violation, start) in found.iter().zip(expected) {
                assert!(violation.to_string().starts_with(&start), "{violation}");
            }
        }
    }
}
