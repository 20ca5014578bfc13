#[test]
fn dbg() {
    use super::*;
    let mut e = Estimator::new();
    let period = 80.0_f64;
    for i in 0..4000_u32 {
        let t = f64::from(i) * 0.25 + 0.25;
        let lag = 1.0 + t % period;
        let leader = ((1000.0 + t) * 1000.0) as u64;
        let applied = ((1000.0 + t - lag).round() * 1000.0) as u64;
        e.observe(&Reading {
            at: Duration::from_secs_f64(t),
            leader,
            applied,
            lag: Lag::Exact(Duration::from_secs_f64(lag)),
        });
        if i % 20 == 0 && t > 400.0 && t < 580.0 {
            let o = e.opinions(1, 30.0);
            println!(
                "{t:.2} lag {lag:.1} age {:.1} n {:.0} slope {:.3} sig {:.1} speaks {} stood {:?} since {:?} from {:.1} surv {:.3} wins {:?} opin {:?} season {:?} comb {:?} runs {:?} stands {:?}",
                e.regime.age(),
                e.regime.line().weight(),
                e.regime.line().slope(),
                e.regime.significance(),
                e.speaks(),
                e.stood(),
                e.run_since,
                e.run_from,
                o.survival,
                e.records.map(|r| r.wins),
                o.steady,
                e.season.delays,
                e.records[1].combined(&o),
                e.runs[1].lasted,
                e.stands.lasted
            );
        }
    }
}
