//! The workspace as `cargo metadata` tells it: where it is, its packages, and the edges among them.
//! It judges nothing.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::Failure;
use crate::invocation::Invocation;

/// A package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its folder from the root, such as `crates/health-core`.
    pub(crate) folder: String,
    /// What it depends on, ours or not: names, with `dev`, `build` or nothing.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package depended on.
    pub(crate) name: String,
    /// `dev`, `build`, or `normal`.
    pub(crate) kind: String,
}

/// What `cargo metadata` says about the whole.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// Where builds go.
    pub(crate) target: PathBuf,
    /// The members, sorted by name.
    pub(crate) packages: Vec<Package>,
}

/// Makes the root of the repository the current folder.
pub(crate) fn enter_root() -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::set_current_dir(&root).map_err(|source| Failure::File {
        path: root.display().to_string(),
        source,
    })
}

/// Asks cargo.
pub(crate) fn load() -> Result<Workspace, Failure> {
    let json = Invocation::cargo(&["metadata", "--no-deps", "--format-version", "1"]).output()?;
    parse(&json).ok_or_else(|| {
        Failure::Unmet("`cargo metadata` answered in a form that is not understood".to_owned())
    })
}

fn parse(json: &str) -> Option<Workspace> {
    let document: Value = serde_json::from_str(json).ok()?;
    let root = Path::new(document.get("workspace_root")?.as_str()?);
    let packages = document.get("packages")?.as_array()?;
    let mut packages = packages
        .iter()
        .map(|package| parse_package(package, root))
        .collect::<Option<Vec<_>>>()?;
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Workspace {
        target: PathBuf::from(document.get("target_directory")?.as_str()?),
        packages,
    })
}

fn parse_package(package: &Value, root: &Path) -> Option<Package> {
    let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
    let folder = Path::new(package.get("manifest_path")?.as_str()?).parent()?;
    let dependencies = package.get("dependencies")?.as_array()?;
    Some(Package {
        name: text("name")?,
        version: text("version")?,
        folder: folder.strip_prefix(root).ok()?.to_str()?.to_owned(),
        dependencies: dependencies
            .iter()
            .map(|dependency| {
                Some(Dependency {
                    name: dependency.get("name")?.as_str()?.to_owned(),
                    kind: match dependency.get("kind")? {
                        Value::String(kind) => kind.clone(),
                        _ => "normal".to_owned(),
                    },
                })
            })
            .collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_edges_and_folders_are_read() {
        let json = r#"{
            "workspace_root": "/r", "target_directory": "/t",
            "packages": [
              {"name": "b", "version": "0.1.0", "manifest_path": "/r/crates/b/Cargo.toml",
               "dependencies": [{"name": "a", "kind": null}, {"name": "x", "kind": "dev"}]},
              {"name": "a", "version": "0.1.0", "manifest_path": "/r/crates/a/Cargo.toml",
               "dependencies": []}
            ]}"#;
        let workspace = parse(json).unwrap();
        assert_eq!(workspace.target, Path::new("/t"));
        let b = workspace.packages.get(1).unwrap();
        assert_eq!((b.name.as_str(), b.folder.as_str()), ("b", "crates/b"));
        let kinds: Vec<_> = b.dependencies.iter().map(|d| d.kind.as_str()).collect();
        assert_eq!(kinds, ["normal", "dev"]);
    }

    #[test]
    fn another_form_is_refused() {
        assert!(parse("{}").is_none());
        assert!(parse("not json").is_none());
    }
}
