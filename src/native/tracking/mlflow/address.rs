//! Where an MLflow server is.

use std::fmt;
use std::str::FromStr;

/// `http://host[:port][/path]`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("https://") {
            return Err("this build speaks http only: put a tunnel or a proxy in between (docs/tracking.md)".to_owned());
        }
        let rest = text.strip_prefix("http://").ok_or("an address begins with http://")?;
        let host = rest.split('/').next().unwrap_or_default();
        let uri = text.parse::<ureq::http::Uri>().map_err(|error| error.to_string())?;
        if host.is_empty() || uri.host().is_none_or(str::is_empty) {
            return Err("there is no host in it".to_owned());
        }
        // What the port is not, is left out here.
        let port = uri.port_u16().map_or(String::new(), |port| format!(":{port}"));
        if uri.host().is_some_and(|name| format!("{name}{port}") != host) && !host.contains('@') {
            return Err("the port is no number up to 65535".to_owned());
        }
        if host.contains('@') {
            return Err("names and passwords are not sent".to_owned());
        }
        if rest.contains(['?', '#']) {
            return Err("only a path may follow the host".to_owned());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("http://127.0.0.1:5000", Some("http://127.0.0.1:5000")),
            ("http://ml.example/tracking/", Some("http://ml.example/tracking")),
            ("http://[::1]:5000/", Some("http://[::1]:5000")),
            ("https://ml.example", None),
            ("127.0.0.1:5000", None),
            ("file:///tmp/mlruns", None),
            ("http://", None),
            ("http://:5000", None),
            ("http:///path", None),
            ("http://a b", None),
            ("http://me:secret@ml.example", None),
            ("http://ml.example/?a=1", None),
            ("http://ml.example:99999", None),
            ("http://ml.example:", None),
            ("http://ml.example:http", None),
            ("", None),
        ] {
            let found = text.parse::<Address>();
            assert_eq!(found.as_ref().ok().map(ToString::to_string).as_deref(), expected, "{text}: {found:?}");
        }
    }
}
