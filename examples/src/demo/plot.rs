//! A recording as an SVG: the lag, what was forecast for each time, and the alerts below.
//!
//! It makes a text, and writes no file.

use std::fmt::{self, Write as _};

use health_lag::AlertKind;

use super::record::{Bar, HORIZON, Moment};
use super::story::{CHAPTERS, END};

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 620.0;
const LEFT: f64 = 130.0;
const RIGHT: f64 = 970.0;
const TOP: f64 = 112.0;
const BOTTOM: f64 = 430.0;
const STRIP: f64 = 468.0;
const ROW: f64 = 24.0;
/// The limits that are drawn: of a warning, and of what is critical.
const LIMITS: [(f64, &str, &str); 2] = [
    (5.0, "#b7791f", "warning 5 s"),
    (30.0, "#c53030", "critical 30 s"),
];
const ROWS: [(AlertKind, &str); 3] = [
    (AlertKind::PredictedBreach, "predicted breach"),
    (AlertKind::Lag, "lag"),
    (AlertKind::Stalled, "stalled"),
];

const STYLE: &str = "\
text{font-family:'DejaVu Sans',Verdana,sans-serif;font-size:13px;fill:#2d3748}\
.title{font-size:19px;font-weight:bold}\
.small{font-size:12px;fill:#718096}\
.grid{stroke:#e2e8f0;stroke-width:1}\
.axis{stroke:#4a5568;stroke-width:1.2}\
.lag{fill:none;stroke:#1a365d;stroke-width:2.4;stroke-linejoin:round}\
.forecast{fill:none;stroke:#3182ce;stroke-width:1.5;stroke-dasharray:5 4}\
.band{fill:#3182ce;fill-opacity:.18}";

/// Where things are.
struct Scale {
    seconds: f64,
    lag: f64,
}

impl Scale {
    fn x(&self, at: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * at.clamp(0.0, self.seconds) / self.seconds
    }

    fn y(&self, lag: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * lag.clamp(0.0, self.lag) / self.lag
    }
}

/// The plot.
///
/// # Errors
///
/// None: writing to a text does not fail.
pub fn svg(moments: &[Moment], bars: &[Bar]) -> Result<String, fmt::Error> {
    let most = moments.iter().map(|it| it.lag).fold(30.0, f64::max);
    let scale = Scale {
        seconds: END.as_secs_f64(),
        lag: (most * 1.25 / 10.0).ceil() * 10.0,
    };
    let mut out = String::new();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         role=\"img\" aria-label=\"Lag of a follower, forecasts of it, and alerts\">"
    )?;
    writeln!(out, "<style>{STYLE}</style>")?;
    writeln!(
        out,
        "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>"
    )?;
    heading(&mut out)?;
    chapters(&mut out, &scale)?;
    grid(&mut out, &scale)?;
    band(&mut out, &scale, moments)?;
    limits(&mut out, &scale)?;
    lines(&mut out, &scale, moments)?;
    alerts(&mut out, &scale, bars)?;
    out.push_str("</svg>\n");
    Ok(out)
}

fn heading(out: &mut String) -> fmt::Result {
    let horizon = HORIZON.as_secs();
    writeln!(
        out,
        "<text class=\"title\" x=\"{LEFT}\" y=\"34\">A follower that is slowed, stopped, resumed</text>"
    )?;
    let y = 62.0;
    let entries = [
        (
            LEFT,
            "<line class=\"lag\" x1=\"0\" y1=\"-4\" x2=\"28\" y2=\"-4\"/>",
            "lag".to_owned(),
        ),
        (
            LEFT + 95.0,
            "<line class=\"forecast\" x1=\"0\" y1=\"-4\" x2=\"28\" y2=\"-4\"/>",
            format!("forecast {horizon} s before"),
        ),
        (
            LEFT + 310.0,
            "<rect class=\"band\" x=\"0\" y=\"-11\" width=\"28\" height=\"13\"/>",
            "its interval, 90 %".to_owned(),
        ),
    ];
    for (x, mark, text) in entries {
        writeln!(
            out,
            "<g transform=\"translate({x} {y})\">{mark}<text x=\"36\" y=\"0\">{text}</text></g>"
        )?;
    }
    Ok(())
}

fn chapters(out: &mut String, scale: &Scale) -> fmt::Result {
    let ends = CHAPTERS.iter().skip(1).map(|it| f64::from(it.from));
    let ends = ends.chain([scale.seconds]);
    for (number, (chapter, end)) in (0..).zip(CHAPTERS.iter().zip(ends)) {
        let (from, to) = (scale.x(chapter.from.into()), scale.x(end));
        let fill = if number % 2 == 0 { "#fff" } else { "#f7fafc" };
        let (width, height) = (to - from, STRIP + 3.0 * ROW - TOP + 26.0);
        writeln!(
            out,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\"/>",
            TOP - 26.0
        )?;
        let middle = f64::midpoint(from, to);
        writeln!(
            out,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>",
            TOP - 9.0,
            chapter.name
        )?;
    }
    Ok(())
}

fn grid(out: &mut String, scale: &Scale) -> fmt::Result {
    let mut lag = 0.0;
    while lag <= scale.lag {
        let y = scale.y(lag);
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>"
        )?;
        writeln!(
            out,
            "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{lag:.0} s</text>",
            LEFT - 10.0,
            y + 4.0
        )?;
        lag += 10.0;
    }
    let end = STRIP + 3.0 * ROW;
    let mut at = 0.0;
    while at <= scale.seconds {
        let x = scale.x(at);
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{end}\"/>"
        )?;
        writeln!(
            out,
            "<text class=\"small\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at:.0} s</text>",
            end + 20.0
        )?;
        at += 20.0;
    }
    writeln!(
        out,
        "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>"
    )?;
    writeln!(
        out,
        "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">time</text>",
        f64::midpoint(LEFT, RIGHT),
        end + 44.0
    )?;
    let middle = f64::midpoint(TOP, BOTTOM);
    writeln!(
        out,
        "<text class=\"small\" transform=\"translate(62 {middle:.1}) rotate(-90)\" text-anchor=\"middle\">lag: age of the oldest entry not applied</text>"
    )
}

/// What was forecast is drawn at the time that it was for.
fn forecasts<'a>(
    moments: &'a [Moment],
    scale: &'a Scale,
) -> impl DoubleEndedIterator<Item = (f64, [f64; 3])> + 'a {
    let ahead = HORIZON.as_secs_f64();
    let all = moments
        .iter()
        .filter_map(move |it| Some((it.at + ahead, it.forecast?)));
    all.filter(|(at, _)| *at <= scale.seconds)
}

fn band(out: &mut String, scale: &Scale, moments: &[Moment]) -> fmt::Result {
    let upper = forecasts(moments, scale).map(|(at, [.., upper])| (at, upper));
    let lower = forecasts(moments, scale)
        .rev()
        .map(|(at, [_, lower, _])| (at, lower));
    let points = points(scale, upper.chain(lower))?;
    writeln!(out, "<polygon class=\"band\" points=\"{points}\"/>")
}

fn limits(out: &mut String, scale: &Scale) -> fmt::Result {
    for (limit, colour, name) in LIMITS {
        let y = scale.y(limit);
        writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\" stroke=\"{colour}\" stroke-width=\"1.3\" stroke-dasharray=\"2 3\"/>"
        )?;
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" style=\"fill:{colour};font-size:12px\">{name}</text>",
            LEFT + 8.0,
            y - 5.0
        )?;
    }
    Ok(())
}

fn lines(out: &mut String, scale: &Scale, moments: &[Moment]) -> fmt::Result {
    let forecast = forecasts(moments, scale).map(|(at, [value, ..])| (at, value));
    let forecast = points(scale, forecast)?;
    writeln!(out, "<polyline class=\"forecast\" points=\"{forecast}\"/>")?;
    let lag = points(scale, moments.iter().map(|it| (it.at, it.lag)))?;
    writeln!(out, "<polyline class=\"lag\" points=\"{lag}\"/>")
}

fn points(scale: &Scale, all: impl Iterator<Item = (f64, f64)>) -> Result<String, fmt::Error> {
    let mut text = String::new();
    for (at, lag) in all {
        write!(text, "{:.1},{:.1} ", scale.x(at), scale.y(lag))?;
    }
    Ok(text)
}

fn alerts(out: &mut String, scale: &Scale, bars: &[Bar]) -> fmt::Result {
    for (number, (kind, name)) in (0_u8..).zip(ROWS) {
        let y = STRIP + f64::from(number) * ROW;
        writeln!(
            out,
            "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            LEFT - 10.0,
            y + 16.0
        )?;
        for bar in bars.iter().filter(|bar| bar.kind == kind) {
            let (from, to) = (scale.x(bar.from), scale.x(bar.to));
            let fill = match (bar.firing, bar.critical) {
                (false, _) => "#cbd5e0",
                (true, false) => "#ecc94b",
                (true, true) => "#e53e3e",
            };
            writeln!(
                out,
                "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\" fill=\"{fill}\"/>",
                y + 4.0,
                (to - from).max(2.0),
                ROW - 8.0
            )?;
        }
    }
    let y = STRIP - 14.0;
    writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-weight=\"bold\">alerts</text>",
        LEFT - 10.0,
        y + 6.0
    )?;
    let mut x = LEFT + 520.0;
    for (fill, name) in [
        ("#cbd5e0", "pending"),
        ("#ecc94b", "warning"),
        ("#e53e3e", "critical"),
    ] {
        writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"51\" width=\"16\" height=\"13\" rx=\"2\" fill=\"{fill}\"/><text x=\"{:.1}\" y=\"62\">{name}</text>",
            x + 22.0
        )?;
        x += 105.0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_whole_svg_within_its_frame() {
        let moments: Vec<_> = (0..880_u32)
            .map(|step| Moment {
                at: f64::from(step) / 4.0,
                lag: f64::from(step % 60),
                forecast: Some([1.0, 0.0, 1e9]),
            })
            .collect();
        let bar = Bar {
            kind: AlertKind::Lag,
            from: 10.0,
            to: 1e9,
            firing: true,
            critical: true,
        };
        let svg = svg(&moments, &[bar]).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        let points = svg
            .split("points=\"")
            .skip(1)
            .filter_map(|it| it.split('"').next());
        for point in points.flat_map(str::split_whitespace) {
            let (x, y) = point.split_once(',').unwrap();
            assert!((LEFT..=RIGHT).contains(&x.parse().unwrap()), "{point}");
            assert!((TOP..=BOTTOM).contains(&y.parse().unwrap()), "{point}");
        }
        assert!(super::svg(&[], &[]).is_ok());
    }
}
