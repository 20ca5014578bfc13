//! Rule: every path that `docs/ARCHITECTURE.md` names exists.
//! A path is a span of code with a slash in it that can be no other thing.

use super::markdown;
use super::tree::Tree;
use super::violation::Violation;

const PAGE: &str = "docs/ARCHITECTURE.md";
/// The first part of a media type, which looks like a path.
const MEDIA: &[&str] = &[
    "application",
    "audio",
    "image",
    "multipart",
    "text",
    "video",
];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let Some(text) = tree.text(PAGE) else {
        return vec![Violation::new(PAGE, 1, "is missing; write it")];
    };
    markdown::code_spans(text)
        .into_iter()
        .filter(|(_, span)| is_path(span) && !tree.exists(before_pattern(span)))
        .map(|(line, span)| {
            let message = format!("there is no `{span}`; name paths from the root, as they are");
            Violation::new(PAGE, line, message)
        })
        .collect()
}

/// Not the path of a request (`/ready`), a URL, a command, a type, or a media type.
fn is_path(span: &str) -> bool {
    let Some((first, _)) = span.split_once('/') else {
        return false;
    };
    let path_like = |c: char| c.is_alphanumeric() || "-_./*".contains(c);
    !first.is_empty() && span.chars().all(path_like) && !MEDIA.contains(&first)
}

/// The folder before a `*`: the rest stands for whatever is in it.
fn before_pattern(path: &str) -> &str {
    let fixed = path.split('*').next().unwrap_or(path);
    match (fixed.len() == path.len(), fixed.rfind('/')) {
        (true, _) => path,
        (false, Some(slash)) => fixed.get(..slash).unwrap_or(fixed),
        (false, None) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_are_taken_for_paths() {
        for span in ["crates/health-core/src/engine.rs", "docs/", "crates/*"] {
            assert!(is_path(span), "{span}");
        }
        for span in [
            "/health/checks",
            "https://x/y",
            "text/plain",
            "cargo run a/b",
            "Result<A/B>",
            "Cargo.toml",
        ] {
            assert!(!is_path(span), "{span}");
        }
    }

    #[test]
    fn paths_that_are_gone_are_named_with_their_line() {
        let page = "`crates/a/src/lib.rs` `crates/*` `crates/*/fuzz`\n\n`crates/b/` `none/*`";
        let tree = Tree::of(&[(PAGE, page), ("crates/a/src/lib.rs", "")]);
        let shown: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(shown[0].starts_with("docs/ARCHITECTURE.md:3: there is no `crates/b/`"));
        assert!(shown[1].contains("`none/*`"));
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
