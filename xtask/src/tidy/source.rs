//! Rust source with its comments blanked and its literals made opaque, so that rules see code only.
//! It knows where tokens of those three kinds end, and nothing else about the language.

/// `text`, line for line, with comments as spaces and the inside of literals as `"`.
pub(super) fn mask(text: &str) -> String {
    let mut scanner = Scanner {
        characters: text.chars().collect(),
        at: 0,
        masked: String::with_capacity(text.len()),
    };
    while let Some(character) = scanner.peek(0) {
        scanner.token(character);
    }
    scanner.masked
}

/// The lines of code: not blank, not comment, not in a trailing module of tests.
pub(super) fn code_lines(text: &str) -> usize {
    let masked = mask(text);
    let lines: Vec<&str> = masked.lines().collect();
    let mut code = lines.as_slice();
    while let Some(before) = before_trailing_tests(code) {
        code = before;
    }
    code.iter().filter(|line| !line.trim().is_empty()).count()
}

/// What stands before a module under `cfg(test)` that ends `lines`, or nothing if none does.
/// Relies on the format: such a module's inside is indented, so column 0 shows its ends.
fn before_trailing_tests<'a, 'b>(lines: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let outer = |line: &&str| line.starts_with(|c: char| !c.is_whitespace() && c != '"');
    let close = lines.iter().rposition(|line| !line.trim().is_empty())?;
    if lines.get(close)?.trim_end() != "}" {
        return None;
    }
    let open = lines.get(..close)?.iter().rposition(outer)?;
    if !lines.get(open)?.starts_with("mod ") {
        return None;
    }
    let is_attribute =
        |line: &str| !outer(&line) || line.starts_with("#[") || line.starts_with(')');
    let above = lines.get(..open)?;
    let attributes = above
        .iter()
        .rposition(|line| !is_attribute(line))
        .map_or(0, |last| last + 1);
    let is_test =
        |line: &&str| line.starts_with("#[cfg(test)") || line.starts_with("#[cfg(all(test");
    let start = attributes + above.get(attributes..)?.iter().position(is_test)?;
    lines.get(..start)
}

struct Scanner {
    characters: Vec<char>,
    at: usize,
    masked: String,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn starts_with(&self, pattern: &str) -> bool {
        pattern
            .chars()
            .enumerate()
            .all(|(i, c)| self.peek(i) == Some(c))
    }

    /// Takes `count` characters, each shown as itself, or as `shown` if it is not white space.
    fn take(&mut self, count: usize, shown: Option<char>) {
        for _ in 0..count {
            let Some(character) = self.peek(0) else {
                return;
            };
            let kept = character.is_whitespace() || shown.is_none();
            self.masked.push(if kept {
                character
            } else {
                shown.unwrap_or(' ')
            });
            self.at += 1;
        }
    }

    fn token(&mut self, character: char) {
        if self.starts_with("//") {
            while self.peek(0).is_some_and(|c| c != '\n') {
                self.take(1, Some(' '));
            }
        } else if self.starts_with("/*") {
            self.block_comment();
        } else if let Some(hashes) = self.raw_string() {
            self.until(&format!("\"{}", "#".repeat(hashes)), false);
        } else if character == '"' {
            self.take(1, Some('"'));
            self.until("\"", true);
        } else if character == '\'' {
            self.quote();
        } else if is_name(character) {
            while self.peek(0).is_some_and(is_name) && self.raw_string_opening().is_none() {
                self.take(1, None);
            }
        } else {
            self.take(1, None);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_u32;
        loop {
            if self.starts_with("/*") {
                depth += 1;
                self.take(2, Some(' '));
            } else if self.starts_with("*/") {
                depth -= 1;
                self.take(2, Some(' '));
            } else {
                self.take(1, Some(' '));
            }
            if depth == 0 || self.peek(0).is_none() {
                return;
            }
        }
    }

    /// Takes the opening of a raw string, if here is one; the number of its hashes.
    fn raw_string(&mut self) -> Option<usize> {
        let (prefix, hashes) = self.raw_string_opening()?;
        self.take(prefix + hashes + 1, Some('"'));
        Some(hashes)
    }

    /// The lengths of the prefix and of the hashes of a raw string that opens here.
    fn raw_string_opening(&self) -> Option<(usize, usize)> {
        let before = self.at.checked_sub(1).and_then(|i| self.characters.get(i));
        if before.copied().is_some_and(is_name) {
            return None;
        }
        let prefix = ["r", "br", "cr"]
            .into_iter()
            .find(|prefix| {
                self.starts_with(&format!("{prefix}\"")) || self.starts_with(&format!("{prefix}#"))
            })?
            .len();
        let after = self.characters.iter().skip(self.at + prefix);
        let hashes = after.take_while(|c| **c == '#').count();
        (self.peek(prefix + hashes) == Some('"')).then_some((prefix, hashes))
    }

    /// Takes up to and with `end`.
    fn until(&mut self, end: &str, escapes: bool) {
        while self.peek(0).is_some() {
            if escapes && self.starts_with("\\") {
                self.take(2, Some('"'));
            } else if self.starts_with(end) {
                self.take(end.len(), Some('"'));
                return;
            } else {
                self.take(1, Some('"'));
            }
        }
    }

    /// A character literal, or the tick of a lifetime.
    fn quote(&mut self) {
        let is_literal = self.peek(1) == Some('\\') || self.peek(2) == Some('\'');
        self.take(1, None);
        if is_literal {
            // The first character may itself be a tick after a backslash.
            let first = if self.peek(0) == Some('\\') { 2 } else { 1 };
            self.take(first, Some('"'));
            self.until("'", false);
        }
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_vanish_and_literals_are_opaque() {
        for (text, expected) in [
            ("a // b", "a     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("// not") // yes"#, r#"f(""" """")       "#),
            (r#""\"//" x"#, r#""""""" x"#),
            (r##"r#"a"b"# y"##, r#""""""""" y"#),
            ("br\"//\" z", "\"\"\"\"\"\" z"),
            ("'/' '\\'' '\"' 'a: &'b T", "'\"\" '\"\"\" '\"\" 'a: &'b T"),
            ("r#fn var\"x\"", "r#fn var\"\"\""),
            ("\"a\nb\"", "\"\"\n\"\""),
        ] {
            let masked = mask(text);
            assert_eq!(masked, expected, "{text}");
            assert_eq!(masked.chars().count(), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn an_unclosed_literal_or_comment_ends_with_the_text() {
        for text in ["\"abc", "/* abc", "r#\"abc\"", "'", "'\\", "b"] {
            assert_eq!(mask(text).chars().count(), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn lines_that_hold_no_code_are_not_counted() {
        let text = "//! Job.\n\nfn a() {\n    // why\n    b(); // c\n    /* d\n    e */\n}\n";
        assert_eq!(code_lines(text), 3);
        assert_eq!(code_lines("let a = \"\n\n// text\n\";\n"), 3);
    }

    #[test]
    fn trailing_test_modules_are_not_counted_and_others_are() {
        let tests = "\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
        let loom = "#[cfg(all(test, health_loom))]\n#[expect(\n    lint,\n    reason = \"x\"\n)]\nmod loom {\n    fn t() {}\n}\n";
        assert_eq!(code_lines(&format!("fn a() {{}}\n{tests}")), 1);
        assert_eq!(code_lines(&format!("fn a() {{}}\n{tests}{loom}")), 1);
        assert_eq!(code_lines(tests), 0);
        assert_eq!(code_lines(&format!("{tests}fn a() {{}}\n")), 5);
        assert_eq!(code_lines("#[cfg(unix)]\nmod a {\n    fn b() {}\n}\n"), 4);
        assert_eq!(code_lines("#[cfg(test)]\nmod tests;\nfn a() {\n}\n"), 4);
        let raw = "#[cfg(test)]\nmod tests {\n    const A: &str = r#\"\nfn x() {\n}\n\"#;\n}\n";
        assert_eq!(code_lines(raw), 0);
    }
}
