//! Rule: the workspace is a star. Each crate may depend on `health-core` and on no sister;
//! sisters meet in examples and benchmarks. Dependencies on other people's crates are not judged.

use super::tree::Tree;
use super::violation::Violation;
use crate::workspace::{Package, Workspace};

const CORE: &str = "health-core";

pub(super) fn check(tree: &Tree, workspace: &Workspace) -> Vec<Violation> {
    let ours = |name: &str| {
        workspace
            .packages
            .iter()
            .any(|package| package.name == name)
    };
    let mut violations = Vec::new();
    for package in &workspace.packages {
        for dependency in package.dependencies.iter().filter(|d| ours(&d.name)) {
            let Some(remedy) = refusal(package, &dependency.name) else {
                continue;
            };
            let manifest = format!("{}/Cargo.toml", package.folder);
            let line = line_of(tree.text(&manifest).unwrap_or_default(), &dependency.name);
            let message = format!(
                "new edge {} -> {} ({}); {remedy}",
                package.name, dependency.name, dependency.kind
            );
            violations.push(Violation::new(&manifest, line, message));
        }
    }
    violations
}

/// Why `package` must not depend on `on`, and what to do instead.
fn refusal(package: &Package, on: &str) -> Option<&'static str> {
    match package.folder.as_str() {
        "xtask" => Some("xtask is compiled first and depends on none of ours; run it as a command"),
        crates if crates.starts_with("crates/") && on == CORE => None,
        crates if crates.starts_with("crates/") => {
            Some("a crate depends on health-core alone; meet through its traits, or in examples/")
        }
        _ => None,
    }
}

/// The line of a manifest that names the dependency, or its first.
fn line_of(manifest: &str, dependency: &str) -> usize {
    let names = |line: &str| {
        let rest = line.trim_start().strip_prefix(dependency);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    };
    manifest.lines().position(names).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, folder: &str, dependencies: &[(&str, &str)]) -> Package {
        let owned = |(name, kind): &(&str, &str)| Dependency {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
        };
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            folder: folder.to_owned(),
            dependencies: dependencies.iter().map(owned).collect(),
        }
    }

    fn checked(packages: Vec<Package>) -> Vec<String> {
        let manifest = "[dependencies]\nserde = \"1\"\nhealth-lag.workspace = true\n";
        let workspace = Workspace {
            target: "target".into(),
            packages,
        };
        let tree = Tree::of(&[("crates/health-http/Cargo.toml", manifest)]);
        let violations = check(&tree, &workspace);
        violations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_star_is_allowed() {
        let violations = checked(vec![
            package("health-core", "crates/health-core", &[("serde", "normal")]),
            package(
                "health-http",
                "crates/health-http",
                &[("health-core", "normal")],
            ),
            package("health-lag", "crates/health-lag", &[("health-core", "dev")]),
            package(
                "health-examples",
                "examples",
                &[("health-http", "dev"), ("health-lag", "dev")],
            ),
            package("health-bench", "xtask/bench", &[("health-http", "normal")]),
            package("xtask", "xtask", &[("serde_json", "normal")]),
        ]);
        assert_eq!(violations, [""; 0]);
    }

    #[test]
    fn every_other_edge_is_named_with_its_line() {
        let violations = checked(vec![
            package(
                "health-core",
                "crates/health-core",
                &[("health-http", "build")],
            ),
            package(
                "health-http",
                "crates/health-http",
                &[("health-lag", "dev")],
            ),
            package("health-lag", "crates/health-lag", &[]),
            package("xtask", "xtask", &[("health-core", "normal")]),
        ]);
        let starts = [
            "crates/health-core/Cargo.toml:1: new edge health-core -> health-http (build);",
            "crates/health-http/Cargo.toml:3: new edge health-http -> health-lag (dev);",
            "xtask/Cargo.toml:1: new edge xtask -> health-core (normal);",
        ];
        assert_eq!(violations.len(), starts.len());
        for (violation, start) in violations.iter().zip(starts) {
            assert!(violation.starts_with(start), "{violation}");
        }
    }
}
