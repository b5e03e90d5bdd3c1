//! The address of a Spark Connect server, in the form of Spark's own clients: `sc://host:15002/;use_ssl=true;token=…`.

use percent_encoding::percent_decode_str;

/// The environment variable in which Spark's own clients look for a token.
const TOKEN: &str = "SPARK_CONNECT_AUTHENTICATE_TOKEN";
const PORT: u16 = 15_002;
const FORM: &str =
    "give it as sc://host:15002, with ;token=… and ;use_ssl=true after a slash where the server wants them";

/// A server's address, and the user. It has no `Debug`, because it holds a token.
pub(super) struct Remote {
    pub(super) endpoint: String,
    pub(super) uses_tls: bool,
    pub(super) token: Option<String>,
    pub(super) user: String,
    /// Additional headers of each request.
    pub(super) headers: Vec<(String, String)>,
}

impl Remote {
    /// Parses an address. Errors do not show it, because it may contain a token.
    pub(super) fn read(address: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let rest = address
            .strip_prefix("sc://")
            .ok_or_else(|| format!("the address does not begin with sc://; {FORM}"))?;
        let (place, parameters) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match place.rsplit_once(':') {
            // The colons of an IPv6 address are in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (place, Some(PORT)),
        };
        let is_host = |one: char| one.is_ascii_alphanumeric() || ".-_:[]%".contains(one);
        let port: u16 = port.ok_or_else(|| format!("the address has no number for its port; {FORM}"))?;
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(format!("the address names no host; {FORM}"));
        }
        let mut remote = Self {
            endpoint: String::new(),
            uses_tls: false,
            token: environment(TOKEN).filter(|token| !token.is_empty()),
            user: ["SPARK_USER", "USER"]
                .into_iter()
                .find_map(environment)
                .unwrap_or_else(|| "modelwatch".into()),
            headers: Vec::new(),
        };
        let mut asks_tls = None;
        for parameter in parameters.split(';').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter
                .split_once('=')
                .ok_or_else(|| format!("the address has a parameter without a value; {FORM}"))?;
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| format!("the address has a parameter that is no text; {FORM}"))?
                .into_owned();
            match name {
                "token" => remote.token = Some(value),
                "use_ssl" => asks_tls = Some(value.eq_ignore_ascii_case("true")),
                "user_id" => remote.user = value,
                // Each window has its own session, which ends with it.
                "session_id" | "user_agent" => {}
                _ => remote.headers.push((name.to_ascii_lowercase(), value)),
            }
        }
        // Never send a token unencrypted over a network, unless the address says so.
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        remote.uses_tls = asks_tls.unwrap_or(remote.token.is_some() && !is_here);
        remote.endpoint = format!("{}://{host}:{port}", if remote.uses_tls { "https" } else { "http" });
        Ok(remote)
    }
}

#[cfg(test)]
mod tests {
    use super::Remote;

    fn read(address: &str) -> Result<Remote, String> {
        Remote::read(address, |_| None)
    }

    #[test]
    fn reads_address_when_it_is_of_any_form() {
        for (address, endpoint, token) in [
            ("sc://spark", "http://spark:15002", None),
            ("sc://spark:443/", "http://spark:443", None),
            ("sc://10.0.0.7:1", "http://10.0.0.7:1", None),
            ("sc://[::1]:15003/;token=a%3Bb", "http://[::1]:15003", Some("a;b")),
            ("sc://[fe80::1]", "http://[fe80::1]:15002", None),
            ("sc://127.0.0.1:5/;token=hush", "http://127.0.0.1:5", Some("hush")),
            ("sc://spark/;token=hush", "https://spark:15002", Some("hush")),
            (
                "sc://spark/;token=hush;use_ssl=false",
                "http://spark:15002",
                Some("hush"),
            ),
            ("sc://spark/;use_ssl=true;x-cluster-id=7", "https://spark:15002", None),
        ] {
            let remote = read(address).unwrap_or_else(|problem| panic!("{address}: {problem}"));
            assert_eq!(remote.endpoint, endpoint, "{address}");
            assert_eq!(remote.token.as_deref(), token, "{address}");
            assert_eq!(remote.uses_tls, endpoint.starts_with("https"), "{address}");
        }
        let remote =
            read("sc://spark/;X-Cluster-Id=7;user_id=me;session_id=1").unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(remote.headers, [("x-cluster-id".to_owned(), "7".to_owned())]);
        assert_eq!(remote.user, "me");
    }

    #[test]
    fn takes_token_of_environment_when_address_has_none() {
        let token = |name: &str| (name == "SPARK_CONNECT_AUTHENTICATE_TOKEN").then(|| "hush".to_owned());
        let remote = Remote::read("sc://localhost", token).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(remote.token.as_deref(), Some("hush"));
    }

    #[test]
    fn shows_nothing_of_address_when_it_is_none() {
        for address in [
            "spark:15002/;token=hush",
            "sc://spark:port-hush/",
            "sc:///;token=hush",
            "sc://spark/;hush",
            "sc://me:hush@spark",
            "sc://spark/;token=%ff-hush",
        ] {
            let problem = read(address).err().unwrap_or_else(|| panic!("{address} is no address"));
            assert!(!problem.contains("hush"), "{problem}");
            assert!(problem.contains("sc://host:15002"), "{problem}");
        }
    }
}
