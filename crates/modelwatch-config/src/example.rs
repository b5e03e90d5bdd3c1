//! The hidden start of the examples in this crate's documentation.

/// Expands to a hidden line of an example: `smallest`, the text of the smallest valid file. The text after it may open
/// any section except those here. `[models.…]` then belongs to its only model, claims-risk.
macro_rules! smallest {
    () => {
        r####"# let smallest = r##"
# environment = "production"
# [links]
# grafana = "https://grafana.example.com"
# runbooks = "https://runbooks.example.com/modelwatch"
# prometheus = "https://prometheus.example.com"
# [teams.applied-ml]
# slack = { channel = "#applied-ml", api_url_file = "/etc/alertmanager/secrets/slack" }
# [owners]
# serving = "applied-ml"
# model = "applied-ml"
# data = "applied-ml"
# [[prometheus.jobs]]
# job = "model-inference"
# plane = "inference"
# targets = ["model-api:8000"]
# [[models]]
# name = "claims-risk"
# routes = ["predict"]
# "##;"####
    };
}
