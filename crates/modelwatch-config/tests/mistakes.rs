//! Mistakes in modelwatch.toml: each with its place, what it is, and the fix; all at once.

use modelwatch_config::{Config, ConfigErrors, OutcomeRows};
use proptest::prelude::*;

const GOOD: &str = include_str!("../../../examples/modelwatch.toml");

fn errors(text: &str) -> ConfigErrors {
    match Config::parse("modelwatch.toml", text) {
        Ok(config) => panic!("no mistake found: {config:?}"),
        Err(errors) => errors,
    }
}

/// Replaces a part of the example and expects exactly one mistake, at the line of `at`.
fn mistake(from: &str, to: &str, at: &str, says: &str) {
    assert!(GOOD.contains(from), "{from}");
    let text = GOOD.replacen(from, to, 1);
    let errors = errors(&text);
    let line = text.lines().position(|line| line.contains(at)).unwrap() + 1;
    let said = errors.to_string();
    assert_eq!(errors.as_slice().len(), 1, "{said}");
    assert!(
        said.starts_with(&format!("modelwatch.toml:{line}:")),
        "line {line}: {said}"
    );
    assert!(said.contains(says), "{says}: {said}");
}

#[test]
fn the_example_has_no_mistake() {
    let config = Config::parse("examples/modelwatch.toml", GOOD).unwrap_or_else(|errors| panic!("{errors}"));
    let model = config.model("flight-delay").unwrap();
    assert_eq!(model.job, "model-inference");
    assert_eq!(model.owners.data.team, "data-platform");
    assert_eq!(config.folder(), std::path::Path::new("examples"));
}

#[test]
fn a_feature_s_upstream_is_read_and_says_something() {
    let with = |keys: &str| format!("{GOOD}\n[models.features.dep_delay]\n{keys}\n");
    let config = Config::parse("modelwatch.toml", &with("owner = \"airport-data\"")).unwrap();
    let upstream = &config.model("flight-delay").unwrap().upstream["dep_delay"];
    assert_eq!(upstream.owner.as_deref(), Some("airport-data"));
    assert_eq!(upstream.source, None);
    for (keys, says) in [
        (
            "source = \"a feed\"\nownr = \"airport-data\"",
            "ownr; did you mean owner?",
        ),
        ("", "features.dep_delay says nothing"),
    ] {
        let said = errors(&with(keys)).to_string();
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_known_one() {
    mistake(
        "critical_features",
        "critcal_features",
        "critcal",
        "did you mean critical_features?",
    );
    mistake(
        "scrape_interval",
        "interval",
        "interval = \"15s\"",
        "unknown key prometheus.interval",
    );
    mistake(
        "[models.drift]",
        "[models.thresholds]\nmising_ratio = 0.1\n[models.drift]",
        "mising",
        "did you mean missing_ratio?",
    );
}

#[test]
fn a_wrong_value_is_told_with_what_would_be_right() {
    mistake("\"350ms\"", "\"350 ms\"", "350 ms", "a duration such as");
    mistake("\"350ms\"", "350", "= 350", "models[0].latency_p95 is 350");
    mistake("0.999", "1", "availability", "below 1");
    mistake(
        "\"https://grafana.example.com\"",
        "\"grafana\"",
        "grafana =",
        "a URL such as",
    );
    mistake("model-api:8000", "http://model-api:8000", "http://model", "host:port");
    mistake(
        "plane = \"drift\"",
        "plane = \"drifting\"",
        "drifting",
        "\"inference\", \"drift\", \"node\" or \"watching\"",
    );
    for key in ["performance_age", "labels_age"] {
        mistake(
            "[models.drift]",
            &format!("[models.thresholds]\n{key} = \"59m\"\n[models.drift]"),
            "59m",
            "a duration of an hour or more",
        );
    }
    for (key, value) in [
        ("labels_drop", "1"),
        ("performance_loss", "0"),
        ("minimum_labels", "0.5"),
    ] {
        mistake(
            "[models.drift]",
            &format!("[models.thresholds]\n{key} = {value}\n[models.drift]"),
            &format!("{key} = {value}"),
            &format!("models[0].thresholds.{key} is {value}"),
        );
    }
}

#[test]
fn a_wrong_url_is_told_with_the_reason() {
    for (url, says) in [
        ("", "begins with http"),
        ("grafana.example.com", "begins with http"),
        ("ftp://grafana.example.com", "begins with http"),
        ("https://", "empty host"),
        ("https:///d/x", "and a host"),
        ("https://grafana.example.com:99999", "invalid port number"),
        ("https://[::1", "invalid IPv6 address"),
        ("https://exa mple.com", "without spaces"),
        ("https://grafana.example.com/{{ .x }}", "without spaces, braces"),
        ("https://grafana.example.com/\\u0007", "without spaces"),
        ("https://grafana.example.com?orgId=1", "without ? and #"),
        ("https://grafana.example.com/#home", "without ? and #"),
    ] {
        mistake(
            "\"https://grafana.example.com\"",
            &format!("{url:?}"),
            "grafana =",
            says,
        );
    }
}

#[test]
fn a_url_is_kept_as_the_standard_spells_it() {
    for (written, kept) in [
        ("https://grafana.example.com/", "https://grafana.example.com"),
        ("https://grafana.example.com/team//", "https://grafana.example.com/team"),
        ("https://GRAFANA.example.com:443/x", "https://grafana.example.com/x"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        (
            "https://b\u{fc}cher.example/\u{fc}",
            "https://xn--bcher-kva.example/%C3%BC",
        ),
    ] {
        let text = GOOD.replacen("https://grafana.example.com", written, 1);
        let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{written}: {errors}"));
        assert_eq!(config.links.grafana, kept, "{written}");
    }
}

#[test]
fn a_latency_that_is_no_bucket_edge_is_told_with_the_edges() {
    mistake(
        "\"350ms\"",
        "\"300ms\"",
        "300ms",
        "use one of 1ms, 5ms, 10ms, 25ms, 50ms, 100ms, 200ms, 350ms, 500ms",
    );
    let own = GOOD.replace("\"350ms\"", "\"300ms\"\nlatency_buckets = [0.1, 0.3, 1]");
    assert!(
        Config::parse("modelwatch.toml", &own).is_ok(),
        "a service may have other buckets"
    );
}

#[test]
fn names_that_are_declared_nowhere_are_told() {
    mistake(
        "serving = \"ml-platform\"",
        "serving = \"ml-platfrom\"",
        "platfrom",
        "is no team",
    );
    mistake(
        "[models.drift]",
        "job = \"other\"\n[models.drift]",
        "[[models]]",
        "no inference job",
    );
}

#[test]
fn a_team_without_a_way_to_tell_it_is_told() {
    mistake(
        "[teams.data-platform]\nslack = { channel = \"#data-platform-alerts\", api_url_file = \"/etc/alertmanager/secrets/slack\" }",
        "[teams.data-platform]",
        "[teams.data-platform]",
        "has no channel",
    );
}

#[test]
fn two_of_a_name_are_told() {
    let text = format!("{GOOD}[[models]]\nname = \"flight-delay\"\nroutes = [\"/other\"]\n");
    assert!(errors(&text).to_string().contains("a second model \"flight-delay\""));
    let text = GOOD.replace("job = \"drift-exporter\"", "job = \"model-inference\"");
    assert!(errors(&text).to_string().contains("a second job \"model-inference\""));
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_file() {
    let text = GOOD
        .replace("environment =", "enviroment =")
        .replace("\"30s\"", "\"thirty\"")
        .replace("0.95", "95");
    let errors = errors(&text);
    let said = errors.to_string();
    for part in [
        "environment is missing",
        "unknown key enviroment",
        "\"thirty\"",
        "latency_objective is 95",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let lines: Vec<_> = errors.as_slice().iter().map(|error| error.location).collect();
    assert!(lines.is_sorted(), "{said}");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let text = GOOD.replace("[links]", "[links");
    let line = text.lines().position(|line| line == "[links").unwrap() + 1;
    let said = errors(&text).to_string();
    assert!(said.contains(&format!("modelwatch.toml:{line}:")), "{said}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let said = Config::load("no/such/modelwatch.toml").unwrap_err().to_string();
    assert!(said.starts_with("no/such/modelwatch.toml: can't be read"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file holds, it is read or refused with a place.
    #[test]
    fn no_text_panics(cut in 0..GOOD.len(), length in 0_usize..60, put in "[ -~\n\t\u{e9}\u{1f642}\"=\\[\\]{}]{0,40}") {
        let from = (0..=cut).rev().find(|at| GOOD.is_char_boundary(*at)).unwrap();
        let to = (from..=(cut + length).min(GOOD.len())).rev().find(|at| GOOD.is_char_boundary(*at)).unwrap();
        let text = format!("{}{put}{}", &GOOD[..from], &GOOD[to..]);
        if let Err(errors) = Config::parse("modelwatch.toml", &text) {
            prop_assert!(!errors.as_slice().is_empty());
            prop_assert!(errors.as_slice().iter().all(|error| error.location.is_some()));
        }
    }
}

#[test]
fn a_target_is_found_and_reached_in_ways_that_prometheus_takes() {
    let targets = "targets = [\"model-api:8000\"]\n";
    for (job, at, says) in [
        ("", "[[prometheus.jobs]]", "prometheus.jobs[0] has no target"),
        ("dns = []\n", "dns", "prometheus.jobs[0].dns is empty"),
        ("dns = { names = [\"a\"] }\n", "dns", "has no port; add port = 8000"),
        (
            "dns = { names = [\"a\"], port = 70_000 }\n",
            "dns",
            "a port from 1 to 65535",
        ),
        ("http = [\"inventory\"]\n", "http = [", "a URL such as"),
        ("kubernetes = { namespaces = [\"ml\"] }\n", "kubernetes", "has no label"),
        (
            "consul = { server = \"consul\", services = [\"a\"] }\n",
            "consul",
            "host:port",
        ),
        ("dns = [\"a\"]\nscheme = \"ftp\"\n", "scheme", "\"http\" or \"https\""),
        (
            "dns = [\"a\"]\nscheme = \"http\"\ntls = {}\n",
            "tls",
            "make the scheme \"https\"",
        ),
        (
            "dns = [\"a\"]\ntls = { cert_file = \"c\" }\n",
            "tls",
            "give it both cert_file and key_file",
        ),
        (
            "dns = [\"a\"]\nscrape_config = { scheme = \"https\" }\n",
            "scrape_config",
            "say it with scheme, beside scrape_config",
        ),
        ("dns = [\"a\"]\nrelabel_configs = [1]\n", "relabel_configs", "a table"),
    ] {
        mistake(targets, job, at, says);
    }
    mistake(
        targets,
        "dns = [\"a\"]\nauthorization = { credentials_file = \"t\" }\nbasic_auth = { username = \"u\", password_file = \"p\" }\n",
        "[[prometheus.jobs]]",
        "keep one of them",
    );
}

#[test]
fn a_version_is_one_that_is_supported() {
    for version in ["\"2.41\"", "\"three\"", "3.0", "\"3\"", "\"3.0.0.1\""] {
        mistake(
            "[prometheus]\n",
            &format!("[prometheus]\nminimum_version = {version}\n"),
            "minimum_version",
            "a version from \"2.42\" on, in quotes",
        );
    }
    mistake(
        "[teams.data-platform]",
        "[teams.every]\nwebhook = { url_file = \"/s\" }\n[teams.data-platform]",
        "url_file = \"/s\"",
        "[alertmanager] minimum_version = \"0.26\"",
    );
    mistake(
        "webhook = { url = \"https://hc.example.com/ping/modelwatch\" }",
        "webhook = { url_file = \"/s\" }",
        "url_file = \"/s\"",
        "[alertmanager] minimum_version = \"0.26\"",
    );
    let text = GOOD.replacen(
        "[teams.data-platform]",
        "[alertmanager]\nminimum_version = \"0.26\"\n[teams.every]\nwebhook = { url_file = \"/s\" }\n[teams.data-platform]",
        1,
    );
    Config::parse("modelwatch.toml", &text).unwrap();
}

#[test]
fn a_watchdog_has_a_channel_and_many_models_are_some() {
    mistake(
        "webhook = { url = \"https://hc.example.com/ping/modelwatch\" }",
        "repeat_interval = \"1m\"",
        "[alertmanager.watchdog]",
        "alertmanager.watchdog has no channel; add webhook",
    );
    mistake(
        "webhook = { url = \"https://hc.example.com/ping/modelwatch\" }",
        "receivers = { webhook = 1 }",
        "receivers = {",
        "is no receiver of Alertmanager",
    );
    for many in ["1", "0", "1001", "\"five\"", "2.5"] {
        mistake(
            "[owners]",
            &format!("[alerts]\nmany_models = {many}\n[owners]"),
            "many_models",
            "a number of models from 2 to 1000",
        );
    }
}

#[test]
fn a_receiver_that_is_passed_through_is_a_list_of_tables() {
    for receivers in [
        "{ opsgenie = [{ a = 1 }] }",
        "{ opsgenie_configs = [] }",
        "{ opsgenie_configs = [1] }",
        "1",
    ] {
        mistake(
            "[teams.data-platform]\n",
            &format!("[teams.data-platform]\nreceivers = {receivers}\n"),
            "receivers",
            if receivers == "1" {
                "a table"
            } else {
                "is no receiver of Alertmanager"
            },
        );
    }
}

#[test]
fn what_is_changed_about_alerts_does_not_break_routing() {
    for (alerts, at, says) in [
        (
            "[alerts.severities]\npage = \"ticket\"\n",
            "[alerts.severities]",
            "gives pages and tickets one name",
        ),
        ("[alerts.MLTrafficGone]\nenabled = 1\n", "enabled", "true or false"),
        (
            "[alerts.MLTrafficGone.labels]\nteam = \"x\"\n",
            "team = \"x\"",
            "is set by modelwatch",
        ),
        (
            "[alerts.MLTrafficGone.labels]\n\"a-b\" = \"x\"\n",
            "a-b",
            "is no name that Prometheus takes",
        ),
        (
            "[alerts.MLTrafficGone.annotations]\nsummary = \"x\"\n",
            "summary",
            "is set by modelwatch",
        ),
    ] {
        mistake("[owners]\n", &format!("{alerts}[owners]\n"), at, says);
    }
}

#[test]
fn names_of_kubernetes_are_ones_it_takes() {
    for (kubernetes, at, says) in [
        ("namespace = \"ML\"", "namespace", "a name of Kubernetes"),
        (
            "service_namespaces = [\"a_b\"]",
            "service_namespaces",
            "a name of Kubernetes",
        ),
        ("labels = { release = \"-x\" }", "labels", "a label's value"),
        ("drift = { config_map = \"x\" }", "drift = {", "has no image"),
        (
            "drift = { image = \"i\", schedule = \"daily\" }",
            "drift = {",
            "five fields",
        ),
        (
            "drift = { image = \"i\", mount_path = \"data\" }",
            "drift = {",
            "a path",
        ),
    ] {
        mistake(
            "[owners]\n",
            &format!("[kubernetes]\n{kubernetes}\n[owners]\n"),
            at,
            says,
        );
    }
}

#[test]
fn reads_reference_of_windows_and_names_those_there_are() {
    use modelwatch_drift::reference::Reference;
    for reference in Reference::ALL {
        let text = GOOD.replacen(
            "[models.drift]",
            &format!("[models.drift]\nreference = \"{reference}\""),
            1,
        );
        let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
        let drift = config.model("flight-delay").unwrap().drift.as_ref().unwrap();
        assert_eq!(drift.reference, reference);
    }
    mistake(
        "[models.drift]",
        "[models.drift]\nreference = \"yesterday\"",
        "reference",
        "\"same-hour-last-week\"",
    );
}

/// Segments are features by name, and columns what a table of one's own calls them.
#[test]
fn reads_segments_and_columns_when_log_is_a_table() {
    let text = GOOD.replacen(
        "[models.drift]",
        "[models.drift]\nsegments = [\"country\"]\ncolumns = { time = \"at\", features = { income = \"INCOME\" } }",
        1,
    );
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let drift = config.model("flight-delay").unwrap().drift.as_ref().unwrap();
    assert_eq!(drift.segments, ["country"]);
    let columns = drift.columns.as_ref().unwrap();
    assert_eq!((columns.time.as_deref(), columns.score.as_deref()), (Some("at"), None));
    assert_eq!(columns.features["income"], "INCOME");
    mistake(
        "[models.drift]",
        "[models.drift]\ncolumns = { tme = \"at\" }",
        "tme",
        "did you mean time?",
    );
}

/// Performance has the defaults of the command, and the segments of drift.
#[test]
fn reads_performance_and_names_what_is_wrong_in_it() {
    let with = |keys: &str| {
        let model = GOOD.replacen("[models.drift]", "[models.drift]\nsegments = [\"carrier\"]", 1);
        let (before, _) = model.split_once("[models.performance]").unwrap_or((&model, ""));
        format!("{before}\n[models.performance]\n{keys}\n")
    };
    let least = "reference = \"q1.parquet\"\npredictions = \"log\"\nlabel = \"late\"\n";
    let config = Config::parse("folder/modelwatch.toml", &with(least)).unwrap_or_else(|errors| panic!("{errors}"));
    let performance = config.model("flight-delay").unwrap().performance.as_ref().unwrap();
    assert_eq!(performance.segments, ["carrier"]);
    assert_eq!((performance.id.as_str(), performance.threshold), ("id", 0.5));
    assert_eq!(performance.interval.as_secs(), 3_600);
    assert_eq!(
        performance.reference,
        modelwatch_config::PathOrUrl::Path("folder/q1.parquet".into())
    );
    let in_table = format!(
        "{least}outcome_id = \"claim\"\n[models.performance.outcomes]\ndialect = \"duckdb\"\ntable = \"labels\"\nprofile = \"lake\"\n"
    );
    let config = Config::parse("folder/modelwatch.toml", &with(&in_table)).unwrap_or_else(|errors| panic!("{errors}"));
    let performance = config.model("flight-delay").unwrap().performance.as_ref().unwrap();
    let Some(OutcomeRows::Warehouse(table)) = &performance.outcomes else {
        panic!("no table: {:?}", performance.outcomes)
    };
    assert_eq!(
        (table.dialect.as_str(), table.table.join(".")),
        ("duckdb", "labels".to_owned())
    );
    for (keys, says) in [
        ("label = \"late\"", "models[0].performance has no reference"),
        ("interval = \"500ms\"", "performance.interval is 500ms"),
        ("timeout = \"8d\"", "performance.timeout is 8d"),
        ("outcome_time = \"known\"", "performance.time is not"),
        ("period = \"7d\"", "add time = "),
        ("outcome_id = \"i\"", "add outcomes = "),
        ("segmnts = []", "did you mean segments?"),
        (
            "outcomes = { dialect = \"postgresql\", table = \"public.labels\" }",
            "performance.outcomes does not say how to reach the database",
        ),
        (
            "outcomes = { dialect = \"oracle\", table = \"labels\", profile = \"p\" }",
            "performance.outcomes.dialect",
        ),
        ("outcomes = 3", "performance.outcomes"),
    ] {
        let keys = if keys.starts_with("label") {
            keys.to_owned()
        } else {
            format!("{least}{keys}")
        };
        let said = errors(&with(&keys)).to_string();
        assert!(said.contains(says), "{keys}: {said}");
    }
}
