//! The names of details, by the convention that the crate's docs lay down.

use std::collections::BTreeSet;
use std::path::Path;

/// Other ways to write a unit than the one that is agreed.
const WRONG: [&str; 14] = [
    "s",
    "sec",
    "secs",
    "second",
    "millis",
    "milliseconds",
    "us",
    "micros",
    "ns",
    "nanos",
    "kb",
    "gb",
    "pct",
    "days",
];
/// What is told of each second, or within an hour.
const RATES: [&str; 2] = ["_per_second", "_per_hour"];

/// Every `detail("…"` and `detail_if_known("…"` below a folder.
fn names(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            self::names(&path, names);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["detail(", "detail_if_known("] {
            for rest in code.split(call).skip(1) {
                if let Some(rest) = rest.trim_start().strip_prefix('"') {
                    names.extend(rest.split('"').next().map(str::to_owned));
                }
            }
        }
    }
}

#[test]
fn units_are_written_in_one_way() {
    let mut found = BTreeSet::new();
    names(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.len() > 80, "{found:?}");
    for name in &found {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(plain), "{name}");
        let unit = name.rsplit('_').next().unwrap();
        let rate = RATES.iter().any(|rate| name.ends_with(rate));
        assert!(rate || !WRONG.contains(&unit), "{name}");
    }
}
