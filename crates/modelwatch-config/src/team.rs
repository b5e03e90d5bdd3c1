//! Who gets alerts, and how. Secrets come from files: Alertmanager expands no environment variables, and a secret in a
//! configuration ends up in a repository.

use std::collections::BTreeMap;

use crate::error::Location;
use crate::passed::{Passed, PassedTable};
use crate::reader::{Field, Table, boolean, host_and_port, is_name, name, text, url};

/// `[teams.<name>]`: the channels of one team. With PagerDuty, pages go there, and every other channel gets pages and
/// tickets.
/// # Example: a team with every kind of channel
///
/// ```
/// use modelwatch_config::{BusinessHours, Config, Email, PagerDuty, Secret, Slack, Webhook};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [teams.ml-platform]
/// pagerduty = { routing_key_file = "/etc/alertmanager/secrets/pagerduty" }
/// slack = { channel = "#ml-platform", api_url_file = "/etc/alertmanager/secrets/slack" }
/// webhook = { url = "https://hooks.example.com/ml" }
/// email = { to = "ml@example.com", from = "alerts@example.com", smarthost = "mail.example.com:587" }
/// business_hours = true
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let team = &config.teams["ml-platform"];
/// assert!(matches!(&team.pagerduty, Some(PagerDuty { routing_key_file, .. }) if routing_key_file.ends_with("pagerduty")));
/// assert!(matches!(&team.slack, Some(Slack { channel, .. }) if channel == "#ml-platform"));
/// assert!(matches!(&team.webhook, Some(Webhook { url: Secret::Open(url), .. }) if url.starts_with("https:")));
/// assert!(matches!(&team.email, Some(Email { require_tls: true, .. })));
/// assert_eq!(team.business_hours, Some(BusinessHours::default())); // monday:friday, 09:00 to 17:00, UTC
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Team {
    /// PagerDuty, which gets the pages.
    pub pagerduty: Option<PagerDuty>,
    /// A Slack channel.
    pub slack: Option<Slack>,
    /// Any HTTP endpoint.
    pub webhook: Option<Webhook>,
    /// A mailbox.
    pub email: Option<Email>,
    /// Any other receiver of Alertmanager, by its key (`opsgenie_configs`), for pages and tickets.
    pub receivers: PassedTable,
    /// The same, for pages only.
    pub page_receivers: PassedTable,
    /// When tickets arrive; pages arrive at any time. Optional; without it, tickets arrive at any time too.
    pub business_hours: Option<BusinessHours>,
}

/// PagerDuty's Events API v2.
/// The example of [`Team`](crate::Team) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PagerDuty {
    /// The file that holds the integration's routing key.
    pub routing_key_file: String,
}

/// A Slack incoming webhook.
/// The example of [`Team`](crate::Team) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slack {
    /// The channel, with its `#`.
    pub channel: String,
    /// The file that holds the webhook's URL.
    pub api_url_file: String,
}

/// An HTTP endpoint that accepts Alertmanager's JSON.
/// The example of [`Team`](crate::Team) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook {
    /// The URL to post to.
    pub url: Secret,
    /// Where the section is in the file.
    pub location: Location,
}

/// A value, or the file that holds it when it is secret.
/// The example of [`Team`](crate::Team) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A value that is not secret.
    Open(String),
    /// The file that holds the value.
    File(String),
}

/// A mailbox, and the server that accepts its mail.
/// The example of [`Team`](crate::Team) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Email {
    /// The recipient.
    pub to: String,
    /// The sender.
    pub from: String,
    /// The mail server, `host:port`.
    pub smarthost: String,
    /// The user, when the server requires one.
    pub auth_username: Option<String>,
    /// The file that holds the password.
    pub auth_password_file: Option<String>,
    /// Whether the server must support TLS. Defaults to `true`; set `false` for a plain relay.
    pub require_tls: bool,
}

/// When tickets arrive.
/// The example of [`Team`](crate::Team) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BusinessHours {
    /// The days, in Alertmanager's notation. Defaults to `monday:friday`.
    pub days: String,
    /// The start, as `HH:MM`. Defaults to `09:00`.
    pub from: String,
    /// The end, as `HH:MM`. Defaults to `17:00`.
    pub to: String,
    /// A time zone such as `Europe/Paris`. Defaults to `UTC`.
    pub timezone: String,
}

impl Default for BusinessHours {
    fn default() -> Self {
        Self {
            days: "monday:friday".to_owned(),
            from: "09:00".to_owned(),
            to: "17:00".to_owned(),
            timezone: "UTC".to_owned(),
        }
    }
}

const SECRET: &str = "\"/etc/alertmanager/secrets/…\"";

impl Team {
    pub(crate) fn read_all(table: &Table<'_, '_>) -> BTreeMap<String, Self> {
        let mut teams = BTreeMap::new();
        for (team, field) in table.named() {
            if !is_name(&team) {
                field.report(
                    format!("a team is called {team:?}"),
                    "give it a name without control characters",
                );
            }
            if let Some(read) = field.table().map(Self::read) {
                teams.insert(team, read);
            }
        }
        teams
    }

    fn read(table: Table<'_, '_>) -> Self {
        let pagerduty = table.table("pagerduty").and_then(|table| {
            let routing_key_file = table.required("routing_key_file", SECRET, text);
            table.finish();
            Some(PagerDuty {
                routing_key_file: routing_key_file?,
            })
        });
        let slack = table.table("slack").and_then(|table| {
            let channel = table.required("channel", "\"#ml-alerts\"", name);
            let api_url_file = table.required("api_url_file", SECRET, text);
            table.finish();
            Some(Slack {
                channel: channel?,
                api_url_file: api_url_file?,
            })
        });
        let webhook = table.table("webhook").and_then(Webhook::read);
        let email = table.table("email").and_then(Email::read);
        let other = passed(&table, "receivers");
        let page_other = passed(&table, "page_receivers");
        let business_hours = table
            .field("business_hours")
            .and_then(|field| BusinessHours::read(&field));
        let team = Self {
            pagerduty,
            slack,
            webhook,
            email,
            receivers: other,
            page_receivers: page_other,
            business_hours,
        };
        let asked = ["pagerduty", "slack", "webhook", "email", "receivers", "page_receivers"];
        if asked.into_iter().all(|channel| table.field(channel).is_none()) {
            table.reader.report(
                table.location(),
                format!("{} has no channel", table.path),
                "add pagerduty, slack, webhook, email or receivers",
            );
        } else if (team.pagerduty.is_some() || !team.page_receivers.is_empty())
            && team.slack.is_none()
            && team.webhook.is_none()
            && team.email.is_none()
            && team.receivers.is_empty()
        {
            table.reader.report(
                table.location(),
                format!(
                    "{} has no channel for tickets: PagerDuty and page_receivers get pages alone",
                    table.path
                ),
                "add slack, webhook, email or receivers",
            );
        }
        table.finish();
        team
    }
}

/// Reads receivers in Alertmanager's notation: each key is a list of tables.
pub(crate) fn passed(table: &Table<'_, '_>, key: &'static str) -> PassedTable {
    let Some(field) = table.field(key) else {
        return PassedTable::new();
    };
    let passed = field.read(Passed::read_table).unwrap_or_default();
    for (kind, receivers) in &passed {
        let tables = matches!(receivers, Passed::List(items)
            if !items.is_empty() && items.iter().all(|item| matches!(item, Passed::Table(_))));
        if !kind.ends_with("_configs") || !tables {
            field.report(
                format!("{}.{kind} is no receiver of Alertmanager", field.path),
                "write it as Alertmanager does, such as opsgenie_configs = [{ api_key_file = \"…\" }]",
            );
        }
    }
    passed
}

impl Webhook {
    pub(crate) fn read(table: Table<'_, '_>) -> Option<Self> {
        let location = table.location();
        let open = table.read("url", url).map(Secret::Open);
        let file = table.read("url_file", text).map(Secret::File);
        if open.is_some() == file.is_some() {
            table.reader.report(
                table.location(),
                format!(
                    "{} has {}",
                    table.path,
                    if open.is_some() { "two URLs" } else { "no URL" }
                ),
                "give it either url or url_file",
            );
        }
        table.finish();
        Some(Self {
            url: open.or(file)?,
            location,
        })
    }
}

impl Email {
    fn read(table: Table<'_, '_>) -> Option<Self> {
        let mailbox = |value: &toml::de::DeValue<'_>| {
            name(value)
                .ok()
                .filter(|address| address.contains('@'))
                .ok_or_else(|| "a mail address such as \"ml@example.com\"".to_owned())
        };
        let to = table.required("to", "\"ml@example.com\"", mailbox);
        let from = table.required("from", "\"alerts@example.com\"", mailbox);
        let smarthost = table.required("smarthost", "\"mail.example.com:587\"", host_and_port);
        let auth_username = table.read("auth_username", text);
        let auth_password_file = table.read("auth_password_file", text);
        let require_tls = table.read("require_tls", boolean);
        table.finish();
        Some(Self {
            to: to?,
            from: from?,
            smarthost: smarthost?,
            auth_username,
            auth_password_file,
            require_tls: require_tls.unwrap_or(true),
        })
    }
}

impl BusinessHours {
    fn read(field: &Field<'_, '_>) -> Option<Self> {
        if field.value.get_ref().is_bool() {
            return field.read(boolean).filter(|yes| *yes).map(|_| Self::default());
        }
        let table = field.table()?;
        let usual = Self::default();
        let time = |value: &toml::de::DeValue<'_>| {
            let is_time = |time: &&str| {
                time.len() == 5
                    && time.split_once(':').is_some_and(|(hours, minutes)| {
                        let within = |digits: &str, most: u8| {
                            digits.len() == 2 && digits.parse::<u8>().is_ok_and(|number| number <= most)
                        };
                        (within(hours, 23) && within(minutes, 59)) || *time == "24:00"
                    })
            };
            value
                .as_str()
                .filter(is_time)
                .map(str::to_owned)
                .ok_or_else(|| "a time such as \"09:00\"".to_owned())
        };
        let days = |value: &toml::de::DeValue<'_>| {
            const DAYS: [&str; 7] = [
                "sunday",
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
            ];
            let position = |day: &str| DAYS.iter().position(|known| *known == day);
            let is_days = |days: &&str| {
                let (first, last) = days.split_once(':').unwrap_or((days, days));
                position(first)
                    .zip(position(last))
                    .is_some_and(|(first, last)| first <= last)
            };
            value
                .as_str()
                .filter(is_days)
                .map(str::to_owned)
                .ok_or_else(|| "days such as \"monday:friday\"; the week begins on sunday".to_owned())
        };
        let hours = Self {
            days: table.read("days", days).unwrap_or(usual.days),
            from: table.read("from", time).unwrap_or(usual.from),
            to: table.read("to", time).unwrap_or(usual.to),
            timezone: table.read("timezone", name).unwrap_or(usual.timezone),
        };
        if hours.from >= hours.to {
            table.reader.report(
                table.location(),
                format!("{} begin at {} and end at {}", table.path, hours.from, hours.to),
                "let them end after they begin",
            );
        }
        table.finish();
        Some(hours)
    }
}
