//! What a Markdown text points at: its links and its spans of code, with their lines.
//! Fenced blocks are passed over; it renders nothing.

/// The targets of links and images: inline, by reference, and of HTML's `src` and `href`.
pub(super) fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let outside: Vec<&str> = line.split('`').step_by(2).collect();
        for part in outside {
            found.extend(between(part, "](", ')').map(|link| (number, link)));
            found.extend(between(part, "src=\"", '"').map(|link| (number, link)));
            found.extend(between(part, "href=\"", '"').map(|link| (number, link)));
        }
        if let Some((_, target)) = line.strip_prefix('[').and_then(|l| l.split_once("]: ")) {
            found.push((number, target));
        }
    }
    // A title may follow the target.
    let target = |link: &'_ str| link.find(' ').unwrap_or(link.len());
    found
        .into_iter()
        .filter_map(|(number, link)| Some((number, link.get(..target(link))?)))
        .collect()
}

/// The texts between single backticks.
pub(super) fn code_spans(text: &str) -> Vec<(usize, &str)> {
    prose(text)
        .flat_map(|(number, line)| {
            let inside = line.split('`').skip(1).step_by(2);
            inside.map(move |span| (number, span))
        })
        .collect()
}

/// The lines outside fenced blocks, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    let after = text.split(open).skip(1);
    after.filter_map(move |rest| Some(rest.split_once(close)?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_every_form_are_found_with_their_lines() {
        let text = "[a](b.md) and ![c](d.png \"title\")\n\n<img src=\"e.svg\"> `[no](code)`\n\
                    ```\n[no](fence)\n```\n[f]: g/h.md\n[open](";
        let expected = [(1, "b.md"), (1, "d.png"), (3, "e.svg"), (7, "g/h.md")];
        assert_eq!(links(text), expected);
    }

    #[test]
    fn code_spans_are_found_outside_fences() {
        let text = "a `b/c.rs` and `d`\n```sh\n`e`\n```\n`f/`";
        assert_eq!(code_spans(text), [(1, "b/c.rs"), (1, "d"), (5, "f/")]);
    }
}
