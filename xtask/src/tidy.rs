//! `cargo xtask tidy`: the repository's own rules, all checked, every violation shown at once.
//! A rule is a plain function in a file of its own; this only gathers, sorts and prints.

mod changelog;
mod edges;
mod links;
mod markdown;
mod members;
mod names;
mod opening;
mod paths;
mod size;
mod source;
mod tree;
mod violation;
mod words;

use crate::failure::Failure;
use crate::workspace::{self, Workspace};
use tree::Tree;
use violation::Violation;

/// Checks the work tree.
pub(crate) fn run() -> Result<(), Failure> {
    let violations = check(&tree::read()?, &workspace::load()?);
    for violation in &violations {
        eprintln!("{violation}");
    }
    match violations.len() {
        0 => {
            println!("tidy: no violation");
            Ok(())
        }
        count => Err(Failure::Unmet(format!("tidy: {count} violations"))),
    }
}

fn check(tree: &Tree, workspace: &Workspace) -> Vec<Violation> {
    let rules = [
        changelog::check(tree, workspace),
        edges::check(tree, workspace),
        links::check(tree),
        members::check(tree, workspace),
        names::check(tree),
        opening::check(tree),
        paths::check(tree),
        size::check(tree),
        words::check(tree),
    ];
    let mut violations: Vec<_> = rules.into_iter().flatten().collect();
    violations.sort();
    violations.dedup();
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_violation_is_shown_at_once_in_order() {
        let tree = Tree::of(&[("src/util.rs", "fn nothing() {}"), ("README.md", "[x](y)")]);
        let workspace = Workspace {
            target: "target".into(),
            packages: Vec::new(),
        };
        let shown: Vec<_> = check(&tree, &workspace)
            .iter()
            .map(|violation| violation.path().to_owned())
            .collect();
        let expected = [
            "CHANGELOG.md",
            "README.md",
            "docs/ARCHITECTURE.md",
            "src/util.rs",
            "src/util.rs",
        ];
        assert_eq!(shown, expected);
    }
}
