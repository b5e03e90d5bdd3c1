//! The `process_*` metrics, as Prometheus' client libraries have them.

use crate::contract::metrics::Metric;
use crate::exposition::sink::Number;

/// What the operating system says of this process. What it does not say is left out.
#[cfg(target_os = "linux")]
pub(crate) fn read() -> Vec<(&'static Metric, Number)> {
    use crate::contract::metrics::{
        PROCESS_CPU_SECONDS, PROCESS_MAX_FDS, PROCESS_OPEN_FDS, PROCESS_RESIDENT_MEMORY, PROCESS_START_TIME,
        PROCESS_THREADS, PROCESS_VIRTUAL_MEMORY,
    };
    use procfs::process::{LimitValue, Process};

    let Ok(process) = Process::myself() else {
        return Vec::new();
    };
    let stat = process.stat().ok();
    let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
    let most = |value| match value {
        LimitValue::Unlimited => f64::INFINITY,
        LimitValue::Value(most) => most as f64,
    };
    let started = |ticks| procfs::boot_time_secs().ok().map(|boot| boot as f64 + seconds(ticks));
    [
        (
            &PROCESS_CPU_SECONDS,
            stat.as_ref()
                .map(|stat| Number::Float(seconds(stat.utime + stat.stime))),
        ),
        (
            &PROCESS_OPEN_FDS,
            process.fd_count().ok().map(|count| Number::Integer(count as u64)),
        ),
        (
            &PROCESS_MAX_FDS,
            process
                .limits()
                .ok()
                .map(|limits| Number::Float(most(limits.max_open_files.soft_limit))),
        ),
        (
            &PROCESS_VIRTUAL_MEMORY,
            stat.as_ref().map(|stat| Number::Integer(stat.vsize)),
        ),
        (
            &PROCESS_RESIDENT_MEMORY,
            stat.as_ref()
                .map(|stat| Number::Integer(stat.rss * procfs::page_size())),
        ),
        (
            &PROCESS_START_TIME,
            stat.as_ref()
                .and_then(|stat| started(stat.starttime))
                .map(Number::Float),
        ),
        (
            &PROCESS_THREADS,
            stat.as_ref()
                .map(|stat| Number::Integer(stat.num_threads.max(0) as u64)),
        ),
    ]
    .into_iter()
    .filter_map(|(metric, value)| Some((metric, value?)))
    .collect()
}

/// Known on Linux only.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read() -> Vec<(&'static Metric, Number)> {
    Vec::new()
}
