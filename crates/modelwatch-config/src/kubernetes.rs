//! How the manifests fit into your cluster.

use std::collections::BTreeMap;

use crate::reader::{Table, base_url, boolean, name, text};

/// `[kubernetes]`: how the manifests fit into your cluster.
/// # Example: the drift job as a CronJob
///
/// ```
/// use modelwatch_config::{Config, DriftWorkload};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [kubernetes]
/// namespace = "monitoring"
/// [kubernetes.drift]
/// image = "registry.example.com/modelwatch:0.1.0"
/// schedule = "*/15 * * * *"
/// pushgateway = "http://pushgateway:9091"
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let workload: &DriftWorkload = config.kubernetes.drift.as_ref().expect("the section is there");
/// assert_eq!(workload.mount_path, "/data");
/// assert_eq!(config.kubernetes.namespace.as_deref(), Some("monitoring"));
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kubernetes {
    /// The namespace of the manifests. Optional; without it, they go to the namespace you apply them to.
    pub namespace: Option<String>,
    /// Labels of every manifest, such as the `release` that a Prometheus selects by.
    pub labels: BTreeMap<String, String>,
    /// The namespaces of the services to scrape. Empty: the namespace of the manifests.
    pub service_namespaces: Vec<String>,
    /// Whether to scrape services of every namespace. Defaults to `false`.
    pub any_service_namespace: bool,
    /// How the drift job runs in the cluster. Optional; without it, it gets no manifest.
    pub drift: Option<DriftWorkload>,
}

/// `[kubernetes.drift]`: runs the exporter as a Deployment or, with a schedule, `once` as a CronJob.
/// The example of [`Kubernetes`](crate::Kubernetes) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriftWorkload {
    /// The image that contains `modelwatch`.
    pub image: String,
    /// The ConfigMap that contains `modelwatch.toml`. Defaults to `modelwatch`.
    pub config_map: String,
    /// The claim of the volume with the baselines and the prediction log, when they are files. Optional; without it, no
    /// volume is mounted.
    pub volume_claim: Option<String>,
    /// Where to mount that volume. Defaults to `/data`.
    pub mount_path: String,
    /// When to run `drift once`, as a cron schedule. When set, a CronJob replaces the exporter.
    pub schedule: Option<String>,
    /// Where `once` pushes its metrics: a CronJob ends before Prometheus could scrape it.
    pub pushgateway: Option<String>,
}

impl Kubernetes {
    pub(crate) fn read(table: Table<'_, '_>) -> Self {
        let labels = table.table("labels").map(|table| table.named()).unwrap_or_default();
        let read = Self {
            namespace: table.read("namespace", dns_label),
            labels: labels
                .into_iter()
                .filter_map(|(label, field)| {
                    if label.is_empty()
                        || !label
                            .bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
                    {
                        field.report(
                            format!("{} is no label of Kubernetes", field.path),
                            "use letters, digits and -_./",
                        );
                    }
                    Some((label, field.read(label_value)?))
                })
                .collect(),
            service_namespaces: table
                .field("service_namespaces")
                .map(|field| field.list(dns_label))
                .unwrap_or_default(),
            any_service_namespace: table.read("any_service_namespace", boolean).unwrap_or(false),
            drift: table.table("drift").and_then(DriftWorkload::read),
        };
        if read.any_service_namespace && !read.service_namespaces.is_empty() {
            table.reader.report(
                table.location(),
                "kubernetes.service_namespaces names some, and any_service_namespace takes all",
                "keep one of them",
            );
        }
        table.finish();
        read
    }
}

impl DriftWorkload {
    fn read(table: Table<'_, '_>) -> Option<Self> {
        let image = table.required("image", "\"registry.example.com/modelwatch:0.1.0\"", name);
        let config_map = table.read("config_map", dns_label);
        let volume_claim = table.read("volume_claim", dns_label);
        let mount_path = table.read("mount_path", |value| {
            text(value)
                .ok()
                .filter(|path| path.starts_with('/'))
                .ok_or_else(|| "a path such as \"/data\"".to_owned())
        });
        let schedule = table.read("schedule", |value| {
            name(value)
                .ok()
                .filter(|schedule| schedule.starts_with('@') || schedule.split_whitespace().count() == 5)
                .ok_or_else(|| "five fields as cron has them, such as \"0 6 * * *\"".to_owned())
        });
        let pushgateway = table.read("pushgateway", base_url);
        if schedule.is_some() != pushgateway.is_some() {
            table.reader.report(
                table.location(),
                format!("{} has one of schedule and pushgateway", table.path),
                "give it both, for a CronJob, or none, for an exporter",
            );
        }
        table.finish();
        Some(Self {
            image: image?,
            config_map: config_map.unwrap_or_else(|| "modelwatch".to_owned()),
            volume_claim,
            mount_path: mount_path.unwrap_or_else(|| "/data".to_owned()),
            schedule,
            pushgateway,
        })
    }
}

/// Checks a name by the rules of Kubernetes for namespaces and objects.
fn dns_label(value: &toml::de::DeValue<'_>) -> Result<String, String> {
    value
        .as_str()
        .filter(|name| {
            let ends = |end: Option<char>| end.is_some_and(|end| end.is_ascii_lowercase() || end.is_ascii_digit());
            name.len() <= 63
                && ends(name.chars().next())
                && ends(name.chars().last())
                && name.chars().all(|character| {
                    character.is_ascii_lowercase() || character.is_ascii_digit() || "-.".contains(character)
                })
        })
        .map(str::to_owned)
        .ok_or_else(|| "a name of Kubernetes: small letters, digits and dashes, at most 63".to_owned())
}

fn label_value(value: &toml::de::DeValue<'_>) -> Result<String, String> {
    value
        .as_str()
        .filter(|text| {
            let ends = |end: Option<char>| end.is_none_or(|end| end.is_ascii_alphanumeric());
            text.len() <= 63
                && ends(text.chars().next())
                && ends(text.chars().last())
                && text
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
        })
        .map(str::to_owned)
        .ok_or_else(|| "a label's value: letters, digits and -_., at most 63".to_owned())
}
