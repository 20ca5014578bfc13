//! What a scrape says in OpenMetrics: to Prometheus, which asks for it by itself, and to the strict
//! parser of Prometheus' client for Python.
//!
//! The service has hostile names, labels and figures, some of which the format forbids.

use health_core::{ComponentSpec, Health, check_fn};
use health_http::HealthServer;
use prometheus::{Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, Opts, Registry};
use tokio::runtime::Runtime;

use super::program::{run, tool};
use super::prometheus::Prometheus;
use crate::process::{Directory, Node};

const ACCEPT: &str = "Accept: application/openmetrics-text; version=1.0.0";
pub(super) const HOSTILE: &str = "a} 1 # EOF\n\"\\{le=\"1\"}\r\u{2028}é";

/// Labels and figures that nobody would choose, of metrics that are named well.
pub(super) fn hostile() -> Registry {
    let registry = Registry::new();
    let jobs = CounterVec::new(Opts::new("jobs_total", "Jo\"b\\s.\n"), &["of"]).unwrap();
    jobs.with_label_values(&[HOSTILE]).inc_by(2.5);
    registry.register(Box::new(jobs)).unwrap();
    let level = GaugeVec::new(Opts::new("level", "How high."), &["at"]).unwrap();
    for (label, value) in [
        ("nowhere", f64::NAN),
        ("top", f64::INFINITY),
        ("bottom", f64::NEG_INFINITY),
        ("near", 1e-300),
        ("far", 1e300),
    ] {
        level.with_label_values(&[label]).set(value);
    }
    registry.register(Box::new(level)).unwrap();
    let options = HistogramOpts::new("size_bytes", "How large.").buckets(vec![1.0, 2.5]);
    let size = Histogram::with_opts(options.const_label("of", HOSTILE)).unwrap();
    size.observe(2.0);
    registry.register(Box::new(size)).unwrap();
    registry
}

fn misnamed() -> Registry {
    let registry = Registry::new();
    // Neither has a name that the format has for a counter.
    let bare = Counter::new("visits", "Visits.").unwrap();
    registry.register(Box::new(bare)).unwrap();
    let taken = Gauge::new("queue", "How long.").unwrap();
    registry.register(Box::new(taken)).unwrap();
    let queue = Counter::new("queue_total", "How many ever.").unwrap();
    registry.register(Box::new(queue)).unwrap();
    registry
}

/// A server on a runtime of its own, and its address.
fn serve(runtime: &Runtime) -> String {
    let _context = runtime.enter();
    let health = Health::builder().node_id(HOSTILE).version("").build();
    health
        .register(check_fn("db", |_| async { true }).critical())
        .unwrap();
    let queue = health.component(ComponentSpec::new("queue:1.a")).unwrap();
    queue.degraded("full");
    health.start().unwrap();
    let _ = runtime.block_on(health.ask("db")).unwrap();
    let server = HealthServer::builder(health)
        .service(|service| service.registry(hostile()).registry(misnamed()))
        .bind("127.0.0.1:0")
        .unwrap()
        .serve()
        .unwrap();
    let address = server.local_addr().to_string();
    runtime.spawn(async move {
        let _kept = (queue, server);
        std::future::pending::<()>().await;
    });
    address
}

/// What the strict parser makes of a scrape: name, type, unit and number of samples.
pub(super) fn parsed(text: &str) -> Result<Vec<String>, String> {
    let script = "import sys\n\
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
        for it in read(sys.stdin.buffer.read().decode()):\n \
         print(it.name, it.type, it.unit or '-', len(it.samples))";
    let python = tool("python3").display().to_string();
    let (good, said) = run(&python, &["-c", script], text);
    if good {
        Ok(said.lines().map(str::to_owned).collect())
    } else {
        Err(said)
    }
}

pub(super) fn scrape(address: &str) -> String {
    let url = format!("http://{address}/metrics");
    let (good, said) = run("curl", &["-sS", "--fail", "-H", ACCEPT, &url], "");
    assert!(good, "{said}");
    said
}

#[test]
fn the_strict_parser_finds_no_fault() {
    let runtime = Runtime::new().unwrap();
    let text = scrape(&serve(&runtime));
    let families = parsed(&text).unwrap_or_else(|said| panic!("{said}\n{text}"));
    for family in [
        "health_check_duration_seconds summary seconds 5",
        "health_check_runs counter - 10",
        "health_check_status gauge - 16",
        "health_node_info gauge - 1",
        "health_node_uptime_seconds gauge seconds 1",
        "jobs counter - 1",
        "level gauge - 5",
        "queue gauge - 1",
        "queue_total unknown - 1",
        "size_bytes histogram bytes 5",
        "visits unknown - 1",
    ] {
        assert!(
            families.iter().any(|it| it == family),
            "{family}: {families:#?}"
        );
    }
    // It would notice.
    let cut = text.strip_suffix("# EOF\n").unwrap();
    for wrong in [
        cut.to_owned(),
        text.replace("+Inf", "inf"),
        format!("{text}\n"),
    ] {
        parsed(&wrong).unwrap_err();
    }
}

#[test]
fn the_strict_parser_finds_no_fault_with_a_node() {
    let node = Node::start(&["--checks", "5", "--interval", "50ms"]);
    node.wait_for("/ready", 200);
    let text = scrape(node.address.strip_prefix("http://").unwrap());
    let families = parsed(&text).unwrap_or_else(|said| panic!("{said}\n{text}"));
    for name in ["health_shutdown_phase ", "health_http_requests counter"] {
        assert!(
            families.iter().any(|it| it.starts_with(name)),
            "{name}: {families:#?}"
        );
    }
}

#[test]
fn prometheus_asks_for_it_and_has_every_series() {
    let runtime = Runtime::new().unwrap();
    let address = serve(&runtime);
    let directory = Directory::new("openmetrics");
    let mut prometheus = Prometheus::at(&address, &directory);
    // The name without `_total` is of OpenMetrics alone.
    for (metric, kind) in [
        ("health_check_runs", "counter"),
        ("health_check_duration_seconds", "summary"),
        ("health_check_status", "gauge"),
        ("health_http_connections_accepted", "counter"),
        ("jobs", "counter"),
        ("level", "gauge"),
        ("queue_total", "unknown"),
        ("size_bytes", "histogram"),
        ("visits", "unknown"),
    ] {
        prometheus.wait(metric, |it| it.kind(metric).as_deref() == Some(kind));
    }
    prometheus.wait("no name of the text format", |it| {
        it.kind("health_check_runs_total").is_none()
    });
    // All of what another scrape has; an answer may be counted in a series that is new.
    let lines = scrape(&address);
    let samples = lines.lines().filter(|it| !it.starts_with('#')).count();
    let all = format!(
        "scrape_samples_scraped{{job=\"health\"}} >= {}",
        samples - 1
    );
    prometheus.wait("every series", |it| it.query(&all).is_some());
    for (query, value) in [
        (
            r#"health_check_runs_total{check="db",outcome="healthy"} > 0"#,
            None,
        ),
        (
            r#"health_check_status{check="queue:1.a",status="degraded"}"#,
            Some("1"),
        ),
        (r#"level{at="nowhere"}"#, Some("NaN")),
        (r#"level{at="top"}"#, Some("+Inf")),
        (r#"level{at="bottom"}"#, Some("-Inf")),
        (r#"level{at="far"} == 1e300"#, None),
        (r#"size_bytes_bucket{le="2.5"}"#, Some("1")),
        (r#"size_bytes_bucket{le="1.0"}"#, Some("0")),
        (r#"size_bytes_bucket{le="+Inf"}"#, Some("1")),
        ("jobs_total", Some("2.5")),
    ] {
        prometheus.wait(query, |it| {
            let series = it.query(query).unwrap_or_default();
            let held = series.first().map(|it| &it["value"][1]);
            held.is_some_and(|held| value.is_none_or(|value| held == value))
        });
    }
    prometheus.wait("the hostile label as it was set", |it| {
        let series = it.query("jobs_total").unwrap_or_default();
        series
            .first()
            .is_some_and(|it| it["metric"]["of"] == HOSTILE)
    });
}
