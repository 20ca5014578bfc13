//! The Kubernetes manifests: against the published schemas, and against the program's own numbers.

use std::time::Duration;

use health_examples::command_line::{Command, CommandLine};
use health_examples::flags::{self, Flags};
use serde_json::{Value, json};

use super::file::{File, folder};
use super::margins::{STALL, WAIT};
use super::pair::host;
use super::program::{free_address, run, tool};
use super::prometheus::Prometheus;
use crate::process::{Directory, Node};

fn manifests() -> Vec<Value> {
    serde_saphyr::from_multiple(File::read("kubernetes.yaml").text()).unwrap()
}

fn manifest(kind: &str) -> Value {
    let found = manifests().into_iter().find(|it| it["kind"] == kind);
    found.unwrap_or_else(|| panic!("there is no {kind}"))
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}

#[test]
fn the_manifests_follow_the_published_schemas() {
    let validator = tool("kubernetes-validate").display().to_string();
    let path = folder().join("kubernetes.yaml").display().to_string();
    for version in ["1.25", "1.37"] {
        let (good, said) = run(&validator, &["--strict", "-k", version, &path], "");
        assert!(good, "{version}: {said}");
    }
    // It would notice.
    let wrong = File::read("kubernetes.yaml").with("failureThreshold", "failureLimit");
    let directory = Directory::new("kubernetes");
    let (good, said) = run(
        &validator,
        &["--strict", "-k", "1.37", &wrong.put(&directory)],
        "",
    );
    assert!(!good, "{said}");
}

#[test]
fn the_numbers_stand_with_the_programs_defaults() {
    let pod = &manifest("Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let arguments: Vec<String> = serde_json::from_value(container["args"].clone()).unwrap();
    let Command::Run(flags) = flags::parse(CommandLine::new(arguments)).unwrap() else {
        panic!("its arguments run nothing");
    };
    // What is said about time is what the program does by itself.
    let mut expected = Flags {
        listen: flags.listen.clone(),
        own_thread: true,
        ..Flags::default()
    };
    expected.shutdown.drain_delay = Some(expected.shutdown.drain_delay());
    assert_eq!(flags, expected);
    let port = &container["ports"][0];
    assert_eq!(flags.listen, format!("0.0.0.0:{}", port["containerPort"]));

    let grace = seconds(&pod["terminationGracePeriodSeconds"]);
    assert_eq!(grace, flags.shutdown.deadline + Duration::from_secs(5));
    let threshold = |probe: &Value| {
        seconds(&probe["periodSeconds"])
            * u32::try_from(probe["failureThreshold"].as_u64().unwrap()).unwrap()
    };
    assert!(threshold(&container["readinessProbe"]) <= flags.shutdown.drain_delay());
    // A stall that readiness forgives for long enough to end must not restart the node at once.
    assert!(threshold(&container["livenessProbe"]) >= STALL);
    assert!(threshold(&container["livenessProbe"]) > threshold(&container["readinessProbe"]));
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let probe = &container[probe];
        assert_eq!(probe["httpGet"]["port"], port["name"]);
        assert!(seconds(&probe["timeoutSeconds"]) <= seconds(&probe["periodSeconds"]));
        assert!(seconds(&probe["timeoutSeconds"]) > WAIT);
    }

    let service = manifest("Service");
    assert_eq!(service["spec"]["ports"][0]["targetPort"], port["name"]);
    let labels = &manifest("Deployment")["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&service["spec"]["selector"], labels);
    assert_eq!(
        &manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        labels
    );
}

#[test]
fn the_probes_ask_for_what_is_there() {
    let node = Node::start(&[]);
    node.wait_for("/ready", 200);
    let pod = &manifest("Deployment")["spec"]["template"];
    let container = &pod["spec"]["containers"][0];
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        assert_eq!(node.get(path).0, 200, "{path}");
    }
    let path = pod["metadata"]["annotations"]["prometheus.io/path"]
        .as_str()
        .unwrap();
    assert_eq!(node.get(path).0, 200, "{path}");
}

/// Service discovery gives each port of each pod as a target, with labels of its own
/// (<https://prometheus.io/docs/prometheus/latest/configuration/configuration/#pod>); a file gives the
/// same here.
#[test]
fn prometheus_finds_the_pods_of_the_manifest() {
    let node = Node::start(&[]);
    node.wait_for("/ready", 200);
    let pod = &manifest("Deployment")["spec"]["template"];
    let target = |name: &str, port: &Value, phase: &str, address: &str| {
        let mut labels = json!({
            "__meta_kubernetes_namespace": "shop",
            "__meta_kubernetes_pod_name": name,
            "__meta_kubernetes_pod_phase": phase,
            "__meta_kubernetes_pod_container_port_name": port,
        });
        let annotations = pod["metadata"]["annotations"].as_object().unwrap();
        for (key, value) in annotations {
            let key = key.replace(['.', '/'], "_");
            labels[format!("__meta_kubernetes_pod_annotation_{key}")] = value.clone();
        }
        json!({ "targets": [address], "labels": labels })
    };
    let port = &pod["spec"]["containers"][0]["ports"][0]["name"];
    let nobody = free_address();
    let mut without = target("not-asked-for", port, "Running", &nobody);
    without["labels"]["__meta_kubernetes_pod_annotation_prometheus_io_scrape"] = json!("false");
    let targets = json!([
        target("node-1", port, "Running", host(&node)),
        target("other-port", &json!("traffic"), "Running", &nobody),
        target("ended", port, "Succeeded", &nobody),
        without,
    ]);
    let directory = Directory::new("pods");
    let found = directory.path("pods.json");
    std::fs::write(&found, targets.to_string()).unwrap();
    let files = format!("file_sd_configs:\n      - files: [{:?}]", found.display());
    let config = File::read("prometheus.kubernetes.yml")
        .with("kubernetes_sd_configs:\n      - role: pod", &files);
    let mut prometheus = Prometheus::start(config, 1, &directory);
    prometheus.wait("the node's figures, and nothing else", |it| {
        let told = r#"health_node_info{namespace="shop", pod="node-1"}"#;
        let up = it.query(r#"up{job="health"}"#);
        it.query(told).is_some() && up.is_some_and(|it| it.len() == 1)
    });
}
