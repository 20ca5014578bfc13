//! Rule: a relative link in a Markdown file leads to a file of this repository.
//! Links to elsewhere, and places inside a page, are not followed.

use super::markdown;
use super::tree::Tree;
use super::violation::Violation;

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.ending(".md") {
        for (line, link) in markdown::links(text) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains(':') {
                continue;
            }
            let found = resolve(path, target).is_some_and(|file| tree.exists(&file));
            if !found {
                let message = format!("the link `{link}` leads nowhere; correct or remove it");
                violations.push(Violation::new(path, line, message));
            }
        }
    }
    violations
}

/// `link`, as written in the file `from`, as a path from the root; nothing if it leaves the root.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_resolve_from_their_own_file() {
        for (from, link, expected) in [
            ("README.md", "docs/a.md", Some("docs/a.md")),
            ("docs/a.md", "../LICENSE-MIT", Some("LICENSE-MIT")),
            ("docs/a.md", "./images/b.svg", Some("docs/images/b.svg")),
            ("docs/decisions/c.md", "..", Some("docs")),
            ("README.md", "../x", None),
        ] {
            assert_eq!(resolve(from, link).as_deref(), expected, "{from} {link}");
        }
    }

    #[test]
    fn only_dead_relative_links_are_violations() {
        let readme = "[a](docs/a.md#part) [b](#here) [c](https://example.com/x)\n[d](docs/gone.md)";
        let tree = Tree::of(&[("README.md", readme), ("docs/a.md", "")]);
        let shown: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        let expected = "README.md:2: the link `docs/gone.md` leads nowhere; correct or remove it";
        assert_eq!(shown, [expected]);
    }
}
