//! Prints `docs/metrics.md`: `cargo run -p modelwatch --example metric_reference > docs/metrics.md`

use std::io::Write;

fn main() -> std::io::Result<()> {
    let preface = "# Metric reference\n\n\
        Every metric modelwatch knows, from the contract in `crates/modelwatch/src/contract/metrics.rs`, by\n\
        `cargo run -p modelwatch --example metric_reference`. A test fails when this page and the contract differ.\n\n\
        Histograms have these classic buckets in every format and, in the protobuf format, native buckets of schema 3 as\n\
        well. Durations are in seconds, `status` is one of success, error, client_error and cancelled.\n\n\
        OpenMetrics allows no sum that can shrink, and no count without a sum. So a score histogram with a negative bound or a\n\
        negative sum has its `_sum` and `_count` in the other formats only; its count is its `+Inf` bucket.\n\n";
    std::io::stdout().write_all((preface.to_owned() + &modelwatch::contract::markdown()).as_bytes())
}
