//! The default upper bounds of each histogram's classic buckets.

/// Upper bounds of the latency buckets, in seconds. 0.35 is the default latency objective, so it is an edge; those below
/// 0.01 are for models that answer within a millisecond or two.
pub const LATENCY_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0,
];
/// Upper bounds of the score buckets: tenths of the unit interval.
pub const SCORE_BUCKETS: &[f64] = &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Upper bounds of the batch size buckets, in rows.
pub const BATCH_SIZE_BUCKETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// Upper bounds of the stage buckets, in seconds: the latency edges, and a finer one below them.
pub const STAGE_BUCKETS: &[f64] = &[
    0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0,
];

/// Upper bounds of the buckets of a runtime's delay, in seconds. A timer of tokio's is right to a millisecond.
pub const RUNTIME_DELAY_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Upper bounds of the token buckets: powers of four, as OpenTelemetry's conventions for generative AI advise.
pub const TOKEN_BUCKETS: &[f64] = &[
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0,
    67108864.0,
];
/// Upper bounds of the buckets of the time to the first token, in seconds: as the same conventions advise, and beyond ten
/// seconds those of vLLM.
pub const TIME_TO_FIRST_TOKEN_BUCKETS: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
    160.0, 640.0, 2560.0,
];
/// Upper bounds of the buckets of the time between two tokens, in seconds, as vLLM has them.
pub const INTER_TOKEN_BUCKETS: &[f64] = &[
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
];
/// Upper bounds of latency buckets for generative models, in seconds, for
/// [`ModelBuilder::latency_buckets`](crate::ModelBuilder::latency_buckets): a tenth of a second to two hours.
pub const GENERATIVE_LATENCY_BUCKETS: &[f64] = &[
    0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0,
];
/// Upper bounds of the buckets of the time for each output token, in seconds, as the same conventions advise.
pub const TIME_PER_OUTPUT_TOKEN_BUCKETS: &[f64] =
    &[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];
