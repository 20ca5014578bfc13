//! Rule: every package takes the workspace's lints, and every crate has its row in the README.
//! What the row says, a reader judges.

use super::tree::Tree;
use super::violation::Violation;
use crate::workspace::Workspace;

const README: &str = "README.md";

pub(super) fn check(tree: &Tree, workspace: &Workspace) -> Vec<Violation> {
    let readme = tree.text(README).unwrap_or_default();
    let mut violations = Vec::new();
    for package in &workspace.packages {
        let manifest = format!("{}/Cargo.toml", package.folder);
        if !takes_lints(tree.text(&manifest).unwrap_or_default()) {
            let message = "add `[lints]` with `workspace = true`";
            violations.push(Violation::new(&manifest, 1, message));
        }
        if package.folder.starts_with("crates/") && !has_row(readme, &package.name) {
            let message = format!(
                "the table of crates has no row for `{}`; add it",
                package.name
            );
            violations.push(Violation::new(README, 1, message));
        }
    }
    violations
}

fn takes_lints(manifest: &str) -> bool {
    let mut table = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            table = line;
        }
        line == "lints.workspace = true" || (table == "[lints]" && line == "workspace = true")
    })
}

fn has_row(readme: &str, name: &str) -> bool {
    let quoted = format!("`{name}`");
    let mut rows = readme.lines().filter(|line| line.starts_with('|'));
    rows.any(|row| {
        row.split('|')
            .nth(1)
            .is_some_and(|cell| cell.contains(&quoted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    #[test]
    fn lints_must_come_from_the_workspace() {
        for (manifest, expected) in [
            ("[package]\n\n[lints]\nworkspace = true\n", true),
            ("lints.workspace = true", true),
            ("[lints]\n[dependencies]\nworkspace = true", false),
            ("[package]", false),
        ] {
            assert_eq!(takes_lints(manifest), expected, "{manifest}");
        }
    }

    #[test]
    fn a_crate_needs_a_row_and_a_mention_elsewhere_is_none() {
        let readme = "`a` is good\n| crate | job |\n| [`b`](crates/b) | serves `c` |\n";
        assert!(has_row(readme, "b"));
        assert!(!has_row(readme, "a"));
        assert!(!has_row(readme, "c"));
    }

    #[test]
    fn both_are_asked_of_crates_and_only_lints_of_the_rest() {
        let package = |name: &str, folder: &str| Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            folder: folder.to_owned(),
            dependencies: Vec::new(),
        };
        let workspace = Workspace {
            target: "target".into(),
            packages: vec![package("b", "crates/b"), package("xtask", "xtask")],
        };
        let shown: Vec<_> = check(&Tree::of(&[]), &workspace)
            .iter()
            .map(|violation| violation.path().to_owned())
            .collect();
        assert_eq!(shown, ["crates/b/Cargo.toml", README, "xtask/Cargo.toml"]);
    }
}
