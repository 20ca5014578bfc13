#[test]
fn dbg() {
    use super::*;
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pg_replication_lag.csv")).unwrap();
    let mut e = Estimator::new();
    for l in text.lines().skip(1) {
        let c: Vec<f64> = l.split(',').take(4).map(|x| x.parse().unwrap()).collect();
        e.observe(&Reading { at: Duration::from_secs_f64(c[0] + 5.0), leader: c[1] as u64, applied: c[2] as u64, lag: Lag::Exact(Duration::from_secs_f64(c[3])) });
        if c[0] > 148.0 && c[0] < 170.0 {
            println!("{:.2} {:.3} age {:.2} n {:.0} slope {:.3} sig {:.1} dev {:.4} spread {:.3} usual {:.3} up {:.1} down {:.1} trend {:?} trust {:?}", c[0], c[3], e.regime.age(), e.regime.line().weight(), e.regime.line().slope(), e.regime.significance(), e.regime.deviation(), e.spread, e.usual, e.regime.up, e.regime.down, e.trend(), e.records.map(|r| r.wins));
        }
    }
}
