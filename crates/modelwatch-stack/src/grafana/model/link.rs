//! Links: of a dashboard and of a panel (the same shape in Grafana), and of a value.

use serde::Serialize;

/// A link in the header of a dashboard or of a panel.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardLink {
    title: String,
    #[serde(rename = "type")]
    kind: &'static str,
    icon: &'static str,
    tooltip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    tags: Vec<String>,
    as_dropdown: bool,
    target_blank: bool,
    include_vars: bool,
    keep_time: bool,
}

impl DashboardLink {
    /// Makes a link to another page.
    pub(crate) fn page(title: &str, url: String) -> Self {
        Self {
            title: title.to_owned(),
            kind: "link",
            icon: "doc",
            tooltip: String::new(),
            url: Some(url),
            tags: Vec::new(),
            as_dropdown: false,
            target_blank: true,
            include_vars: false,
            keep_time: false,
        }
    }

    /// Returns the title and the URL of a link to a page, or `None` for a menu.
    pub(crate) fn to_page(&self) -> Option<(&str, &str)> {
        Some((&self.title, self.url.as_deref()?))
    }

    /// Makes a link to a dashboard of this Grafana that keeps the time range. `url` begins with `/d/`.
    pub(crate) fn dashboard(title: &str, url: String) -> Self {
        Self {
            icon: "dashboard",
            target_blank: false,
            keep_time: true,
            ..Self::page(title, url)
        }
    }

    /// Makes a menu of all dashboards with a tag, which keeps the time range.
    pub(crate) fn menu(title: &str, tag: &str) -> Self {
        Self {
            title: title.to_owned(),
            kind: "dashboards",
            icon: "external link",
            tooltip: String::new(),
            url: None,
            tags: vec![tag.to_owned()],
            as_dropdown: true,
            target_blank: false,
            include_vars: false,
            keep_time: true,
        }
    }
}

/// A link on a value, with Grafana's `${__…}` in its URL.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataLink {
    title: String,
    url: String,
    target_blank: bool,
}

impl DataLink {
    pub(crate) fn new(title: &str, url: String) -> Self {
        Self {
            title: title.to_owned(),
            url,
            target_blank: false,
        }
    }
}
