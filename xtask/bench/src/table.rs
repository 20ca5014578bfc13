//! Measured rows, their judgement, and the two forms in which they are printed.
//!
//! It measures nothing and prints nothing itself.

use serde_json::json;

use crate::budgets::{Basis, Figure};

/// A figure as measured.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    figure: Figure,
    /// What of several cases this is: "own-thread, 4 checks".
    case: String,
    ours: f64,
    base: Option<f64>,
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Met,
    Missed,
    /// Shown for comparison; nothing was promised.
    Reference,
}

impl Judgement {
    fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
            Self::Reference => "-",
        }
    }
}

impl Row {
    pub(crate) fn new(figure: Figure, case: impl Into<String>, ours: f64) -> Self {
        Self {
            figure,
            case: case.into(),
            ours,
            base: None,
            note: None,
        }
    }

    pub(crate) fn against(mut self, base: f64) -> Self {
        self.base = Some(base);
        self
    }

    pub(crate) fn note(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }

    fn ratio(&self) -> Option<f64> {
        self.base
            .filter(|base| *base > 0.0)
            .map(|base| self.ours / base)
    }

    /// A figure that lacks its base, or is no number, is missed: unproven is not met.
    pub(crate) fn judgement(&self) -> Judgement {
        let Some(at_most) = self.figure.at_most else {
            return Judgement::Reference;
        };
        let judged = match self.figure.basis {
            Basis::Ratio => self.ratio(),
            Basis::Beyond => self
                .base
                .map(|base| ((self.ours - base) * 100.0).round() / 100.0),
            Basis::Value => Some(self.ours),
        };
        match judged {
            Some(judged) if judged <= at_most => Judgement::Met,
            _ => Judgement::Missed,
        }
    }

    fn title(&self) -> String {
        if self.case.is_empty() {
            return self.figure.title.to_owned();
        }
        format!("{} ({})", self.figure.title, self.case)
    }

    fn budget(&self) -> String {
        match (self.figure.at_most, self.figure.basis) {
            (None, _) => "-".to_owned(),
            (Some(limit), Basis::Ratio) => format!("≤ {limit:.2} ×"),
            (Some(limit), Basis::Beyond) => format!("≤ base + {limit} {}", self.figure.unit),
            (Some(limit), Basis::Value) => format!("≤ {limit} {}", self.figure.unit),
        }
    }

    fn cells(&self) -> [String; 6] {
        let unit = self.figure.unit;
        [
            self.title(),
            format!("{} {unit}", number(self.ours)),
            self.base
                .map_or_else(|| "-".to_owned(), |base| format!("{} {unit}", number(base))),
            self.ratio()
                .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}")),
            self.budget(),
            self.judgement().as_str().to_owned(),
        ]
    }
}

/// The rows as a Markdown table that also reads well in a terminal, the notes below it.
pub(crate) fn plain(rows: &[Row]) -> String {
    let head = ["figure", "ours", "base", "ratio", "budget", ""].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let width = |column: usize| {
        let widths = lines.iter().filter_map(|line| line.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = Vec::new();
    for line in &lines {
        let cells = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        text.push(format!("| {} |", cells.collect::<Vec<_>>().join(" | ")));
    }
    text.insert(
        1,
        format!("|{}|", widths.map(|width| "-".repeat(width + 2)).join("|")),
    );
    for row in rows {
        if let Some(note) = &row.note {
            text.push(format!("\n{}: {note}", row.title()));
        }
    }
    text.push(String::new());
    text.join("\n")
}

pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "figure": row.figure.title,
                "case": row.case,
                "unit": row.figure.unit,
                "ours": row.ours,
                "base": row.base,
                "ratio": row.ratio(),
                "budget": row.figure.at_most,
                "judgement": row.judgement().as_str(),
                "note": row.note,
            })
        })
        .collect();
    format!("{:#}", json!({ "rows": rows }))
}

fn number(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(basis: Basis, at_most: Option<f64>) -> Figure {
        Figure {
            title: "a figure",
            unit: "ns",
            basis,
            at_most,
        }
    }

    #[test]
    fn each_basis_is_judged_at_its_border() {
        let (ratio, beyond, value) = (Basis::Ratio, Basis::Beyond, Basis::Value);
        let cases = [
            (ratio, Some(1.1), 110.0, Some(100.0), Judgement::Met),
            (ratio, Some(1.1), 111.0, Some(100.0), Judgement::Missed),
            (ratio, Some(1.1), 111.0, None, Judgement::Missed),
            (ratio, Some(1.1), 0.0, Some(0.0), Judgement::Missed),
            (ratio, None, 111.0, Some(100.0), Judgement::Reference),
            (beyond, Some(1.0), 6.0, Some(5.0), Judgement::Met),
            (beyond, Some(1.0), 6.004, Some(5.0), Judgement::Met),
            (beyond, Some(1.0), 6.1, Some(5.0), Judgement::Missed),
            (beyond, Some(0.0), 4.0, None, Judgement::Missed),
            (value, Some(20.0), 20.0, None, Judgement::Met),
            (value, Some(20.0), 20.1, Some(1.0), Judgement::Missed),
            (value, Some(20.0), f64::NAN, None, Judgement::Missed),
        ];
        for (basis, at_most, ours, base, expected) in cases {
            let mut row = Row::new(figure(basis, at_most), "", ours);
            row.base = base;
            assert_eq!(row.judgement(), expected, "{basis:?} {ours} of {base:?}");
        }
    }

    #[test]
    fn the_plain_table_lines_up_and_shows_a_miss() {
        let rows = [
            Row::new(figure(Basis::Ratio, Some(1.1)), "fresh", 130.0).against(100.0),
            Row::new(figure(Basis::Value, Some(2.0)), "", 1.0).note("three rounds".to_owned()),
        ];
        let text = plain(&rows);
        let widths: Vec<_> = text
            .lines()
            .take(4)
            .map(|line| line.chars().count())
            .collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
        assert!(
            text.contains("| a figure (fresh) | 130 ns  | 100 ns | 1.300 |"),
            "{text}"
        );
        assert!(text.contains("MISSED"));
        assert!(text.ends_with("a figure: three rounds\n"));
    }

    #[test]
    fn the_json_carries_numbers() {
        let rows = [Row::new(figure(Basis::Value, Some(2.0)), "x", 1.5)];
        let value: serde_json::Value = serde_json::from_str(&json(&rows)).unwrap();
        assert_eq!(value["rows"][0]["ours"], 1.5);
        assert_eq!(value["rows"][0]["judgement"], "met");
        assert_eq!(value["rows"][0]["base"], serde_json::Value::Null);
    }
}
