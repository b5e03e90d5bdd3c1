//! What the examples of this crate's documentation begin with.

/// A hidden line of an example: `smallest`, the text of a file with nothing in it that could be left out. What follows it may open any
/// section but those that are here; `[models.…]` is about its only model, claims-risk.
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
