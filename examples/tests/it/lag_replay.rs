//! `lag_replay` as a process: a real trace, traces as other programs write them, and bad ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use crate::process::binary;

mod report;

const TRACE: &str = include_str!("../../../crates/health-lag/tests/data/pg_replication_lag.csv");

fn replay(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(binary("lag_replay"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // One that ends early does not read it all.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

type Rows = Vec<BTreeMap<String, String>>;

/// The rows by the names of their columns; every row has all of them.
fn rows(output: &[u8]) -> Rows {
    let mut reader = csv::Reader::from_reader(output);
    reader.deserialize().map(Result::unwrap).collect()
}

fn good(arguments: &[&str], input: &str) -> Rows {
    let output = replay(arguments, input.as_bytes());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    assert_eq!(complaint, "");
    rows(&output.stdout)
}

/// How it ends, and its complaint.
fn bad(arguments: &[&str], input: &[u8]) -> (i32, String, Rows) {
    let output = replay(arguments, input);
    let complaint = String::from_utf8(output.stderr).unwrap();
    (
        output.status.code().unwrap(),
        complaint,
        rows(&output.stdout),
    )
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

#[test]
fn a_real_trace_comes_back_row_by_row() {
    let traced = rows(TRACE.as_bytes());
    let said = good(&["--horizon", "10,30"], TRACE);
    assert_eq!(said.len(), traced.len());
    let mut stalled = Vec::new();
    let mut alerts = Vec::new();
    for (row, traced) in said.iter().zip(&traced) {
        assert_eq!(row["t_secs"], traced["t_secs"]);
        let off = number(row, "lag_secs") - number(traced, "lag_secs");
        assert!(off.abs() < 0.02, "{row:?}");
        for horizon in ["10", "30"] {
            let of = |name: &str| number(row, &format!("{name}_{horizon}"));
            assert!(0.0 <= of("lo") && of("lo") <= of("forecast") && of("forecast") <= of("hi"));
        }
        if row["conditions"] == "stalled" {
            stalled.push(number(row, "t_secs"));
        }
        if !row["alerts"].is_empty() {
            alerts.push(row["alerts"].as_str());
        }
    }
    assert!(!said[0].contains_key("forecast_60"));
    // The last progress before the pause shows at 150.495.
    assert!((160.495..=161.495).contains(&stalled[0]), "{}", stalled[0]);
    let critical = said.iter().find(|row| row["level"] == "critical").unwrap();
    let predicted = said
        .iter()
        .find(|row| row["alerts"].contains("predicted_breach:firing"))
        .unwrap();
    let ahead = number(critical, "t_secs") - number(predicted, "t_secs");
    assert!((20.0..31.0).contains(&ahead), "{ahead}: {alerts:?}");
    let first = number(predicted, "breach_in_secs");
    assert!((first - ahead).abs() < 10.0, "{first} and {ahead}");
    assert_eq!(critical["breach_in_secs"], "0.0000");
    let all = alerts.join(" ");
    for word in [
        "stalled:firing",
        "lag:escalated",
        "stalled:resolved",
        "lag:resolved",
    ] {
        assert!(all.contains(word), "{word}: {all}");
    }
}

#[test]
fn a_trace_as_another_program_wrote_it() {
    let plain = "t_secs,leader_pos,applied_pos\n0,100,100\n10,200,150\n";
    let expected = good(&[], plain);
    assert_eq!(expected[1]["lag_secs"], "5.0000");
    for (case, text) in [
        ("crlf", plain.replace('\n', "\r\n")),
        ("mark", format!("\u{feff}{plain}")),
        ("no last line end", plain.trim_end().to_owned()),
        (
            "quoted, further columns, another order",
            "note,\"applied_pos\",t_secs,leader_pos\n\"a, \"\"b\"\"\nc\",100,0,\"100\"\n,150,10,200,more,fields\n".to_owned(),
        ),
        ("fractions", "t_secs,leader_pos,applied_pos\n0,100.9,100.1\n10,200.0,150.5\n".to_owned()),
        ("spaces and blank lines", "t_secs , leader_pos, applied_pos\n\n 0, 100 ,100\n\n10,200,150\n\n".to_owned()),
    ] {
        let found = good(&[], &text);
        for (found, expected) in found.iter().zip(&expected) {
            for column in ["t_secs", "lag_secs", "level"] {
                assert_eq!(found[column], expected[column], "{case}");
            }
        }
        assert_eq!(found.len(), 2, "{case}");
    }
    assert_eq!(good(&[], "t_secs,leader_pos,applied_pos\n").len(), 0);
    let most = u64::MAX;
    let far = format!("t_secs,leader_pos,applied_pos\n0,{most},0\n1e9,{most},{most}\n");
    assert_eq!(good(&[], &far)[1]["lag_secs"], "0.0000");
}

#[test]
fn a_bad_row_ends_it_with_its_line_and_what_came_before_is_there() {
    let head = "t_secs,leader_pos,applied_pos\n0,10,10\n1,20,20\n";
    for (row, word) in [
        ("2,x,30", "leader_pos \"x\""),
        ("2,-1,30", "leader_pos"),
        ("2,30,NaN", "applied_pos"),
        ("2,30,inf", "applied_pos"),
        ("2,99999999999999999999,30", "leader_pos"),
        ("2,1e30,30", "leader_pos"),
        ("2,\"30,30", "leader_pos"),
        ("nan,30,30", "t_secs"),
        ("inf,30,30", "t_secs"),
        ("2,30", "too few fields"),
        ("1,30,30", "out of order"),
        ("0.5,30,30", "out of order"),
        ("-7,30,30", "out of order"),
        ("1e300,30,30", "too far"),
        ("2,\u{fffd},30", "leader_pos"),
    ] {
        let text = format!("{head}{row}\n3,40,40\n");
        let (code, complaint, rows) = bad(&[], text.as_bytes());
        assert_eq!((code, rows.len()), (1, 2), "{row}");
        assert!(
            complaint.contains("line 4") && complaint.contains(word),
            "{complaint}"
        );
        assert!(complaint.contains("--skip-bad"), "{complaint}");

        let (code, complaint, rows) = bad(&["--skip-bad"], text.as_bytes());
        assert_eq!((code, rows.len()), (0, 3), "{row}");
        assert!(
            complaint.contains("line 4") && complaint.contains("1 bad row"),
            "{complaint}"
        );
        let clean = good(&[], &format!("{head}3,40,40\n"));
        assert_eq!(rows, clean, "a row left out changes nothing");
    }
    // However lines end, and wherever there are empty ones.
    for (text, line) in [
        ("2,x,30\n".replace('\n', "\r\n"), 4),
        ("\n\n2,x,30\n".to_owned(), 6),
        ("\r\n2,20,20,\"a\r\nb\"\r\n3,x,30".to_owned(), 7),
        ("9999999999999,30,30\n".to_owned(), 4),
    ] {
        let (code, complaint, _) = bad(&[], format!("{head}{text}").as_bytes());
        assert_eq!(code, 1, "{text:?}");
        let line = format!("line {line}: ");
        assert!(complaint.contains(&line), "{text:?}: {complaint}");
    }
    let raw = [head.as_bytes(), b"2,\xff\xfe,30\n3,40,40\n"].concat();
    assert_eq!(bad(&["--skip-bad"], &raw).2.len(), 3);
}

#[test]
fn a_quote_that_is_not_closed_loses_no_other_row() {
    let head = "t_secs,leader_pos,applied_pos,note\n0,10,10,\"a\nb\"\n";
    for (row, line) in [
        ("\"1,20,20,", 4),
        ("1,\"20,20,", 4),
        ("\"1,20,20,\n2,\"30,30,", 5),
    ] {
        let text = format!("{head}{row}\n3,40,40,\"c\"\n4,50,50,d\n");
        let (code, complaint, rows) = bad(&["--skip-bad"], text.as_bytes());
        assert_eq!((code, rows.len()), (0, 3), "{row}: {complaint}");
        let line = format!("line {line}: ");
        assert!(complaint.contains(&line), "{row}: {complaint}");
    }
    // In a column that nobody reads it costs nothing.
    let text = format!("{head}1,20,20,\"c\n2,30,30,d\n");
    assert_eq!(good(&[], &text).len(), 3);
}

#[test]
fn a_long_line_is_read_and_one_without_an_end_is_passed_over() {
    let long = "x".repeat(10_000_000);
    let text = format!("t_secs,leader_pos,applied_pos\n0,1,1,{long}\n{long}\n2,3,3\n");
    let (code, complaint, rows) = bad(&["--skip-bad"], text.as_bytes());
    assert_eq!((code, rows.len()), (0, 2), "{complaint}");
    assert!(complaint.len() < 500 && complaint.contains("line 3: "));
    let endless = format!("t_secs,leader_pos,applied_pos\n0,1,1\n{long}{long}\n2,3,3\n");
    let (code, complaint, rows) = bad(&["--skip-bad"], endless.as_bytes());
    assert_eq!((code, rows.len()), (0, 2), "{complaint}");
    assert!(complaint.contains("line 3: it is longer"), "{complaint}");
}

#[test]
fn many_bad_rows_are_counted_and_not_all_listed() {
    let text = format!("t_secs,leader_pos,applied_pos\n{}", "x,1,1\n".repeat(5_000));
    let (code, complaint, rows) = bad(&["--skip-bad"], text.as_bytes());
    assert_eq!((code, rows.len()), (0, 0));
    assert!(complaint.contains("5000 bad rows"), "{complaint}");
    assert!(complaint.lines().count() < 20);
}

#[test]
fn what_is_no_trace_is_refused() {
    for (input, word) in [
        ("", "empty"),
        ("\n\n", "empty"),
        ("0,10,10\n1,20,20\n", "\"t_secs\""),
        ("t_secs,leader_pos\n0,10\n", "\"applied_pos\""),
        ("\nt_secs;leader_pos;applied_pos\n", "line 2: "),
    ] {
        let (code, complaint, rows) = bad(&["--skip-bad"], input.as_bytes());
        assert_eq!((code, rows.len()), (1, 0), "{input:?}");
        assert!(complaint.contains(word), "{complaint}");
    }
    let (code, complaint, _) = bad(&["--horizon", "x"], b"");
    assert_eq!(code, 2);
    assert!(
        complaint.contains("--horizon") && complaint.contains("--help"),
        "{complaint}"
    );
    assert!(replay(&["--help"], b"").stdout.starts_with(b"Replays"));
}

#[test]
fn conditions_and_levels_of_traces_made_up() {
    let trace = |rows: &mut dyn Iterator<Item = (u64, u64, u64)>| {
        let rows = rows.map(|(time, leader, applied)| format!("{time},{leader},{applied}\n"));
        format!(
            "t_secs,leader_pos,applied_pos\n{}",
            rows.collect::<String>()
        )
    };
    let ahead = good(&[], &trace(&mut (0..5).map(|t| (t, 100 + t, 150))));
    assert_eq!(ahead[0]["conditions"], "follower_ahead");
    let nothing = [
        "lag_secs",
        "forecast_60",
        "breach_in_secs",
        "catch_up_in_secs",
    ];
    assert!(
        nothing.iter().all(|it| ahead[4][*it].is_empty()),
        "{:?}",
        ahead[4]
    );
    let back = trace(&mut (0..10).map(|t| {
        (
            t,
            if t < 5 { 1_000 + t } else { t },
            if t < 5 { 1_000 } else { t },
        )
    }));
    let back = good(&[], &back);
    assert!(back[4]["conditions"].is_empty());
    assert_eq!(back[5]["conditions"], "reset");
    assert!(back[9]["conditions"].is_empty());
    let silent = trace(&mut (0..10).chain(60..70).map(|t| (t, t, t)));
    let silent = good(&[], &silent);
    assert_eq!(silent[10]["conditions"], "no_data");
    assert_eq!(silent[10]["alerts"], "no_data:firing");
    assert!(silent[11]["conditions"].is_empty());
    let stop = trace(&mut (0..40).map(|t| (t, 100 * t, 100 * t.min(10))));
    let limit = good(&["--threshold", "10", "--horizon", "5"], &stop);
    assert_eq!(limit[20]["level"], "critical");
    assert_eq!(limit[16]["level"], "warning");
    assert_eq!(limit[39]["breach_in_secs"], "0.0000");
}

#[test]
fn a_reader_that_leaves_early_is_no_error_and_a_long_trace_streams() {
    let mut text = String::from("t_secs,leader_pos,applied_pos,note\n");
    let note = "x".repeat(150);
    for row in 0..60_000_u32 {
        let position = row * 100;
        writeln!(text, "{row}.25,{position},{position},{note}").unwrap();
    }
    assert!(text.len() > 10_000_000);
    let mut child = Command::new(binary("lag_replay"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let output = std::thread::scope(|scope| {
        let text = &text;
        scope.spawn(move || stdin.write_all(text.as_bytes()));
        // It says something before it has read all, and whoever has read enough leaves.
        stdout.read_exact(&mut [0; 100]).unwrap();
        drop(stdout);
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");

    let all = replay(&[], text.as_bytes());
    assert_eq!(rows(&all.stdout).len(), 60_000);
}
