//! Scores the scan on real incidents: `cargo run --release -p modelwatch-triage --example localize -- FILE`, FILE being one
//! like `crates/modelwatch-triage/tests/data/incidents.csv.gz`.

#[path = "../tests/localization/cases.rs"]
mod cases;

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use modelwatch_triage::localization::{Settings, localize};

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("name a file of incidents")?;
    let cases = cases::read(&std::fs::read(file)?);
    let settings = Settings::default();
    let score = cases::score(&cases, &settings);
    println!("{score}; not found: {}", score.missed.join(", "));
    let (even, odd) = halves(cases.clone());
    for pseudo_trials in [10.0, 20.0, 50.0, 100.0, 200.0] {
        let mut settings = Settings::default();
        settings.pseudo_trials = pseudo_trials;
        settings.replicates = 0;
        let [even, odd] = [&even, &odd].map(|half| cases::score(half, &settings));
        println!("{pseudo_trials:>3} pseudo-trials: {even} on the even cases, {odd} on the odd ones");
    }
    let (mut all, mut slowest) = (Duration::ZERO, Duration::ZERO);
    for case in &cases {
        let start = Instant::now();
        let found = localize(&case.table, &settings);
        let took = start.elapsed();
        all += took;
        slowest = slowest.max(took);
        let rank = cases::rank(case, &found).map_or("none".to_owned(), |rank| (rank + 1).to_string());
        let p = found.ranked.first().map_or(1.0, |first| first.p_value);
        println!("{}: rank {rank}, p of the first {p:.2}, {took:?}", case.name);
    }
    let mean = all.div_f64(cases.len() as f64);
    println!("{} cases, {mean:?} a case, the slowest {slowest:?}", cases.len());
    Ok(())
}

fn halves(cases: Vec<cases::Case>) -> (Vec<cases::Case>, Vec<cases::Case>) {
    let mut even = true;
    cases.into_iter().partition(|_| {
        even = !even;
        even
    })
}
