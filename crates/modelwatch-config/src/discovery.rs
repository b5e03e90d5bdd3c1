//! Where a job's targets come from, and how Prometheus reaches them.

use std::collections::BTreeMap;

use crate::passed::{Passed, PassedTable};
use crate::reader::{Field, Table, boolean, count, host_and_port, name, text, url};

/// How Prometheus discovers targets that are not listed by address.
/// # Example: three ways to find targets
///
/// ```
/// use modelwatch_config::{Config, Consul, Discovery, Dns, Pods};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [[prometheus.jobs]]
/// job = "others"
/// plane = "inference"
/// dns = { names = ["models.example.com"], port = 8000 }
/// kubernetes = { label = "app=model-api" }
/// consul = { server = "consul:8500", services = ["model-api"] }
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let found: &Discovery = &config.prometheus.jobs[1].discovery;
/// assert!(matches!(&found.dns, Some(Dns { port: Some(8000), .. })));
/// assert!(matches!(&found.kubernetes, Some(Pods { port, .. }) if port == "metrics"));
/// assert!(matches!(&found.consul, Some(Consul { server, .. }) if server == "consul:8500"));
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Discovery {
    /// Names that DNS resolves.
    pub dns: Option<Dns>,
    /// Files that list targets. The last part of a path may contain `*`.
    pub files: Vec<String>,
    /// URLs that return a list of targets.
    pub http: Vec<String>,
    /// Pods of a Kubernetes cluster.
    pub kubernetes: Option<Pods>,
    /// Services of a Consul.
    pub consul: Option<Consul>,
}

impl Discovery {
    /// Returns whether no discovery is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Targets by DNS name.
/// The example of [`Discovery`](crate::Discovery) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dns {
    /// The DNS names.
    pub names: Vec<String>,
    /// The port, when the records are addresses. Absent for `SRV` records, which carry one.
    pub port: Option<u16>,
}

/// Pods from the Kubernetes API.
/// The example of [`Discovery`](crate::Discovery) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pods {
    /// The namespaces to search. Empty: all namespaces.
    pub namespaces: Vec<String>,
    /// A selector of the pods' labels, such as `app=model-api`.
    pub label: String,
    /// The name of the container port that serves the metrics. Defaults to `metrics`.
    pub port: String,
}

/// Services from Consul.
/// The example of [`Discovery`](crate::Discovery) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Consul {
    /// `host:port` of the agent.
    pub server: String,
    /// The services' names.
    pub services: Vec<String>,
}

/// How Prometheus reaches the targets. Defaults to plain HTTP without credentials.
/// # Example: targets that want a certificate and a token
///
/// ```
/// use modelwatch_config::{Access, Authorization, Config, Tls};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [[prometheus.jobs]]
/// job = "others"
/// plane = "inference"
/// targets = ["models.example.com:443"]
/// tls = { ca_file = "/etc/prometheus/ca.pem" }
/// authorization = { credentials_file = "/etc/prometheus/secrets/token" }
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let access: &Access = &config.prometheus.jobs[1].access;
/// assert!(access.https);
/// assert!(matches!(&access.tls, Some(Tls { insecure_skip_verify: false, .. })));
/// assert!(matches!(&access.authorization, Some(Authorization::Token { scheme, .. }) if scheme == "Bearer"));
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Access {
    /// Whether to scrape over HTTPS.
    pub https: bool,
    /// Certificates and names for TLS.
    pub tls: Option<Tls>,
    /// How the request authenticates.
    pub authorization: Option<Authorization>,
}

/// `tls`: Prometheus' `tls_config`.
/// The example of [`Access`](crate::Access) has one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Tls {
    /// The file of the authority that signed the targets' certificates.
    pub ca_file: Option<String>,
    /// The file of Prometheus' own certificate.
    pub cert_file: Option<String>,
    /// The file of that certificate's key.
    pub key_file: Option<String>,
    /// The name in the targets' certificates, when it differs from the address.
    pub server_name: Option<String>,
    /// Whether to accept any certificate. Defaults to `false`.
    pub insecure_skip_verify: bool,
}

/// How a request authenticates. Secrets are files that Prometheus reads.
/// The example of [`Access`](crate::Access) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Authorization {
    /// `authorization`: a token.
    Token {
        /// The scheme. Defaults to `Bearer`.
        scheme: String,
        /// The file that holds the token.
        credentials_file: String,
    },
    /// `basic_auth`: a name and a password.
    Basic {
        /// The name.
        username: String,
        /// The file that holds the password.
        password_file: String,
    },
}

/// Relabelling that is passed through to a job's scrape configuration.
/// # Example: a label's value from another
///
/// ```
/// use modelwatch_config::{Config, Passed, Relabelling};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [[prometheus.jobs]]
/// job = "others"
/// plane = "inference"
/// targets = ["models.example.com:8000"]
/// relabel_configs = [{ source_labels = ["zone"], target_label = "region" }]
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let relabelling: &Relabelling = &config.prometheus.jobs[1].relabelling;
/// assert_eq!(relabelling.targets[0]["target_label"], Passed::Text("region".to_owned()));
/// assert!(relabelling.samples.is_empty());
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Relabelling {
    /// `relabel_configs`: sets labels of targets and drops targets.
    pub targets: Vec<PassedTable>,
    /// `metric_relabel_configs`: sets labels of samples and drops samples.
    pub samples: Vec<PassedTable>,
}

impl Discovery {
    /// Whether a job's table has one of these keys, valid or not.
    pub(crate) fn is_asked_for(table: &Table<'_, '_>) -> bool {
        let keys = ["dns", "files", "http", "kubernetes", "consul"];
        keys.into_iter().any(|key| table.field(key).is_some())
    }

    pub(crate) fn read(table: &Table<'_, '_>) -> Self {
        Self {
            dns: table.field("dns").and_then(|field| Dns::read(&field)),
            files: table
                .field("files")
                .map(|field| filled(&field, text))
                .unwrap_or_default(),
            http: table.field("http").map(|field| filled(&field, url)).unwrap_or_default(),
            kubernetes: table.table("kubernetes").and_then(Pods::read),
            consul: table.table("consul").and_then(Consul::read),
        }
    }
}

/// Reads a list that must not be empty.
fn filled<T>(field: &Field<'_, '_>, convert: impl Fn(&toml::de::DeValue<'_>) -> Result<T, String>) -> Vec<T> {
    if field.items().is_empty() && field.value.get_ref().is_array() {
        field.report(format!("{} is empty", field.path), "name something in it, or remove it");
    }
    field.list(convert)
}

fn port(value: &toml::de::DeValue<'_>) -> Result<u16, String> {
    count(value)
        .ok()
        .and_then(|port| u16::try_from(port).ok())
        .ok_or_else(|| "a port from 1 to 65535".to_owned())
}

impl Dns {
    fn read(field: &Field<'_, '_>) -> Option<Self> {
        if field.value.get_ref().is_array() {
            return Some(Self {
                names: filled(field, name),
                port: None,
            });
        }
        let table = field.table()?;
        let names = table.filled("names", "no name", "[\"models.example.com\"]", name);
        let port = table.required("port", "8000", port);
        table.finish();
        Some(Self {
            names,
            port: Some(port?),
        })
    }
}

impl Pods {
    fn read(table: Table<'_, '_>) -> Option<Self> {
        let namespaces = table
            .field("namespaces")
            .map(|field| filled(&field, name))
            .unwrap_or_default();
        let label = table.required("label", "\"app=model-api\"", name);
        let port = table
            .read("port", |value| {
                name(value)
                    .ok()
                    .filter(|port| port.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
                    .ok_or_else(|| "the name of a container's port, such as \"metrics\"".to_owned())
            })
            .unwrap_or_else(|| "metrics".to_owned());
        table.finish();
        Some(Self {
            namespaces,
            label: label?,
            port,
        })
    }
}

impl Consul {
    fn read(table: Table<'_, '_>) -> Option<Self> {
        let server = table.required("server", "\"consul:8500\"", host_and_port);
        let services = table.filled("services", "no service", "[\"model-api\"]", name);
        table.finish();
        Some(Self {
            server: server?,
            services,
        })
    }
}

impl Access {
    pub(crate) fn read(table: &Table<'_, '_>) -> Self {
        let scheme = table.read("scheme", |value| match value.as_str() {
            Some("http") => Ok(false),
            Some("https") => Ok(true),
            _ => Err("\"http\" or \"https\"".to_owned()),
        });
        let tls_field = table.field("tls");
        let tls = tls_field.as_ref().and_then(Field::table).map(Tls::read);
        if let Some(field) = tls_field
            && scheme == Some(false)
        {
            field.report(
                format!("{} is there, and the scheme is \"http\"", field.path),
                "make the scheme \"https\", or remove one of them",
            );
        }
        let token = table.table("authorization").and_then(|table| {
            let scheme = table.read("type", name).unwrap_or_else(|| "Bearer".to_owned());
            let credentials_file = table.required("credentials_file", "\"/etc/prometheus/secrets/token\"", text);
            table.finish();
            Some(Authorization::Token {
                scheme,
                credentials_file: credentials_file?,
            })
        });
        let basic = table.table("basic_auth").and_then(|table| {
            let username = table.required("username", "\"prometheus\"", name);
            let password_file = table.required("password_file", "\"/etc/prometheus/secrets/password\"", text);
            table.finish();
            Some(Authorization::Basic {
                username: username?,
                password_file: password_file?,
            })
        });
        if token.is_some() && basic.is_some() {
            table.reader.report(
                table.location(),
                format!("{} has authorization and basic_auth", table.path),
                "keep one of them: Prometheus takes no more",
            );
        }
        Self {
            https: scheme.unwrap_or(tls.is_some()),
            tls,
            authorization: token.or(basic),
        }
    }
}

impl Tls {
    fn read(table: Table<'_, '_>) -> Self {
        let tls = Self {
            ca_file: table.read("ca_file", text),
            cert_file: table.read("cert_file", text),
            key_file: table.read("key_file", text),
            server_name: table.read("server_name", name),
            insecure_skip_verify: table.read("insecure_skip_verify", boolean).unwrap_or(false),
        };
        if tls.cert_file.is_some() != tls.key_file.is_some() {
            table.reader.report(
                table.location(),
                format!(
                    "{} has a certificate without a key, or a key without a certificate",
                    table.path
                ),
                "give it both cert_file and key_file",
            );
        }
        table.finish();
        tls
    }
}

impl Relabelling {
    pub(crate) fn read(table: &Table<'_, '_>) -> Self {
        let list = |key| {
            let field = table.field(key);
            field.map(|field| field.list(Passed::read_table)).unwrap_or_default()
        };
        Self {
            targets: list("relabel_configs"),
            samples: list("metric_relabel_configs"),
        }
    }
}

/// Keys of a scrape configuration that modelwatch writes itself, and what to use instead.
const OWN: [(&str, &str); 17] = [
    ("authorization", "authorization"),
    ("basic_auth", "basic_auth"),
    ("consul_sd_configs", "consul"),
    ("dns_sd_configs", "dns"),
    ("file_sd_configs", "files"),
    ("http_sd_configs", "http"),
    ("job_name", "job"),
    ("metric_relabel_configs", "metric_relabel_configs"),
    ("metrics_path", "metrics_path"),
    ("relabel_configs", "relabel_configs"),
    ("scheme", "scheme"),
    ("scrape_classic_histograms", "minimum_version of [prometheus]"),
    ("always_scrape_classic_histograms", "minimum_version of [prometheus]"),
    ("scrape_interval", "scrape_interval"),
    ("scrape_timeout", "scrape_interval"),
    ("static_configs", "targets"),
    ("tls_config", "tls"),
];

/// `scrape_config`: any other key of Prometheus' scrape configuration.
pub(crate) fn scrape_config(table: &Table<'_, '_>) -> PassedTable {
    let Some(field) = table.field("scrape_config") else {
        return BTreeMap::new();
    };
    let passed = field.read(Passed::read_table).unwrap_or_default();
    for (key, instead) in OWN {
        if passed.contains_key(key) {
            field.report(
                format!("{}.{key} is written by modelwatch", field.path),
                format!("say it with {instead}, beside scrape_config"),
            );
        }
    }
    passed
}
