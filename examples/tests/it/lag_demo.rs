//! `lag_demo` as a process: what its table says as the story goes, and that its plot shows it.
//!
//! Whether the plot is good to look at, people see.

use std::process::{Command, Output};

use roxmltree::{Document, Node};

use crate::process::{Directory, binary};

fn play(svg: &str) -> Output {
    let output = Command::new(binary("lag_demo"))
        .args(["--fast", "--svg", svg])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    output
}

/// The line of the table at a time in seconds: its chapter, and what follows.
fn at(table: &str, seconds: u32) -> String {
    let start = format!("{seconds:>4} s ");
    let line = table.lines().find(|line| line.starts_with(&start));
    line.unwrap().to_owned()
}

#[test]
fn the_table_tells_of_the_stall_and_of_its_end() {
    let output = play("/dev/null");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.starts_with("time   follower   level     conditions  how it is\n"));
    assert!(!table.contains('\u{1b}'), "no terminal, no colours");
    // A line each 5 s, of a story of 220.
    let lines = table.lines().filter(|line| line.contains(" s "));
    let lines = lines.filter(|line| !line.trim_start().starts_with('*'));
    assert_eq!(lines.count(), 44);
    // Stopped at 120 s, resumed at 170.
    for seconds in [40, 90, 120, 125, 170, 220] {
        let line = at(&table, seconds);
        assert!(!line.contains("stalled"), "{line}");
    }
    for seconds in (135..=165).step_by(5) {
        let line = at(&table, seconds);
        assert!(line.contains("stalled"), "{line}");
    }
    assert!(at(&table, 30).contains("normal"));
    assert!(at(&table, 165).contains("critical"));
    let said = |words: &str| table.lines().any(|line| line.contains(words));
    for words in [
        "* firing: follower: stalled: stalled for 10 s",
        "* escalated: follower: lag is critical",
        "* resolved: follower: stalled, over",
    ] {
        assert!(said(words), "{words}: {table}");
    }
}

#[test]
fn the_plot_has_lag_forecast_band_and_alerts() {
    let directory = Directory::new("lag_demo");
    let path = directory.path("plot.svg");
    play(path.to_str().unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    let document = Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(
        (root.tag_name().name(), root.tag_name().namespace()),
        ("svg", Some("http://www.w3.org/2000/svg"))
    );
    let named = |tag: &str, class: &str| -> Vec<Node<'_, '_>> {
        let all = document.descendants();
        let all = all.filter(|it| it.has_tag_name((root.tag_name().namespace().unwrap(), tag)));
        all.filter(|it| it.attribute("class") == Some(class))
            .collect()
    };
    let points = |of: &Node<'_, '_>| -> Vec<(f64, f64)> {
        let pairs = of.attribute("points").unwrap().split_whitespace();
        let pairs = pairs.map(|pair| pair.split_once(',').unwrap());
        pairs
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect()
    };
    let [lag] = named("polyline", "lag")[..] else {
        panic!("one line of the lag")
    };
    let lag = points(&lag);
    assert_eq!(lag.len(), 880, "one point each quarter of a second");
    assert!(lag.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    // It is highest (smallest y) when the stop ends, at 170 s of 220.
    let top = lag.iter().map(|it| it.1).fold(f64::INFINITY, f64::min);
    let peak = lag.iter().position(|it| it.1 <= top).unwrap();
    assert!((670..700).contains(&peak), "{peak}");
    let [forecast] = named("polyline", "forecast")[..] else {
        panic!("one line of forecasts")
    };
    let [band] = named("polygon", "band")[..] else {
        panic!("one band")
    };
    let forecast = points(&forecast);
    assert!(forecast.len() > 700);
    assert_eq!(points(&band).len(), 2 * forecast.len());
    // The band is around the line: first its upper end, then the lower one backwards.
    let band = points(&band);
    for (place, (x, y)) in forecast.iter().enumerate() {
        let (upper, lower) = (band[place], band[band.len() - 1 - place]);
        assert!((upper.0 - x).abs() < 0.01 && (lower.0 - x).abs() < 0.01);
        assert!(upper.1 <= *y && *y <= lower.1, "{upper:?} {y} {lower:?}");
    }
    // Below the names of the three kinds there is a bar each, and a critical one of two of them.
    let texts = document.descendants().filter_map(|it| {
        let y: f64 = it.attribute("y")?.parse().ok()?;
        Some((it.text()?, y))
    });
    let rows: Vec<_> = texts
        .filter(|(text, _)| ["predicted breach", "lag", "stalled"].contains(text))
        .filter(|(_, y)| *y > 400.0)
        .collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    let bars = |row: f64, fill: &str| {
        let rects = document
            .descendants()
            .filter(|it| it.attribute("fill") == Some(fill));
        let tops = rects.filter_map(|it| it.attribute("y")?.parse::<f64>().ok());
        tops.filter(|y| (row - 16.0..row).contains(y)).count()
    };
    let [amber, red] = ["#ecc94b", "#e53e3e"];
    for (name, y) in rows {
        assert!(bars(y, amber) + bars(y, red) > 0, "{name}");
        assert_eq!(bars(y, red) > 0, name != "predicted breach", "{name}");
    }
}
