//! The settings: a flag, else a variable `DOCKET_…`, else a key of `docket.toml`.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use query_api::StreamLimits;
use serde::Deserialize;
use service_kit::config::{ConfigError, Settings as Sources};
use service_kit::http::MetricsToken;
use service_kit::telemetry::LogFormat;

use crate::cli::{CommonFlags, UpFlags};
use crate::engines::Programs;
use crate::failure::Failure;
use crate::logins::Logins;

/// All settings there are.
const NAMES: &[&str] = &[
    "data_dir",
    "database_url",
    "nats_url",
    "cell",
    "log_format",
    "port",
    "listen",
    "profile",
    "postgres_bin",
    "nats_server",
    "oidc_issuer",
    "oidc_audience",
    "oidc_keys",
    "development_tokens",
    "command_database_url",
    "projection_database_url",
    "query_database_url",
    "behind_proxy",
    "metrics_token",
    "cursor_secret",
    "relay",
    "timers",
    "projections",
    "streams_per_tenant",
    "streams_per_user",
];

/// As given.
#[derive(Debug, Deserialize)]
struct Given {
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    nats_url: Option<String>,
    cell: Option<String>,
    log_format: Option<Format>,
    port: Option<u16>,
    listen: Option<IpAddr>,
    profile: Option<String>,
    postgres_bin: Option<PathBuf>,
    nats_server: Option<PathBuf>,
    oidc_issuer: Option<String>,
    oidc_audience: Option<String>,
    oidc_keys: Option<String>,
    development_tokens: Option<bool>,
    command_database_url: Option<String>,
    projection_database_url: Option<String>,
    query_database_url: Option<String>,
    behind_proxy: Option<bool>,
    metrics_token: Option<String>,
    cursor_secret: Option<String>,
    relay: Option<Switch>,
    timers: Option<Switch>,
    projections: Option<Switch>,
    streams_per_tenant: Option<NonZeroUsize>,
    streams_per_user: Option<NonZeroUsize>,
}

/// Whether this process does a part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    Json,
    Text,
}

/// With what holds where nothing was said.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) nats_url: Option<String>,
    pub(crate) cell: String,
    pub(crate) log_format: LogFormat,
    pub(crate) port: u16,
    pub(crate) listen: IpAddr,
    pub(crate) profile: String,
    pub(crate) programs: Programs,
    pub(crate) oidc: Option<Oidc>,
    /// Whether the development issuer's tokens are taken.
    pub(crate) development_tokens: bool,
    /// As whom services log in to `database_url`; `None`: the owner makes logins for them.
    pub(crate) logins: Option<Logins>,
    pub(crate) behind_proxy: bool,
    pub(crate) metrics_token: Option<MetricsToken>,
    pub(crate) cursor_secret: Option<String>,
    pub(crate) relay: Switch,
    pub(crate) timers: Switch,
    pub(crate) projections: Switch,
    pub(crate) streams: StreamLimits,
}

/// An issuer, instead of the one for development.
#[derive(Debug)]
pub(crate) struct Oidc {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) keys: String,
}

impl Settings {
    /// Reads them from the three places.
    pub(crate) fn read(common: &CommonFlags, up: &UpFlags) -> Result<Self, Failure> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let named = common.config.clone().or_else(|| std::env::var_os("DOCKET_CONFIG").map(PathBuf::from));
        if let Some(file) = named.as_ref().filter(|file| !file.exists()) {
            return Err(Failure::said(format!("there is no settings file {}", file.display())));
        }
        let given: Given = Sources::new(NAMES)
            .file(named.unwrap_or_else(|| "docket.toml".into()))
            .flag("data_dir", path(&common.data_dir))
            .flag("database_url", common.database_url.clone())
            .flag("nats_url", common.nats_url.clone())
            .flag("cell", common.cell.clone())
            .flag("log_format", common.log_format.clone())
            .flag("port", up.port)
            .flag("listen", up.listen.clone())
            .flag("profile", up.profile.clone())
            .flag("postgres_bin", path(&up.postgres_bin))
            .flag("nats_server", path(&up.nats_server))
            .flag("oidc_issuer", up.oidc_issuer.clone())
            .flag("oidc_audience", up.oidc_audience.clone())
            .flag("oidc_keys", up.oidc_keys.clone())
            .flag("development_tokens", up.development_tokens)
            .flag("command_database_url", up.command_database_url.clone())
            .flag("projection_database_url", up.projection_database_url.clone())
            .flag("query_database_url", up.query_database_url.clone())
            .flag("behind_proxy", up.behind_proxy)
            .flag("metrics_token", up.metrics_token.clone())
            .flag("cursor_secret", up.cursor_secret.clone())
            .flag("relay", up.relay.clone())
            .flag("timers", up.timers.clone())
            .flag("projections", up.projections.clone())
            .flag("streams_per_tenant", up.streams_per_tenant)
            .flag("streams_per_user", up.streams_per_user)
            .read()
            .map_err(Failure::from)?;
        given.complete()
    }
}

impl Given {
    fn complete(self) -> Result<Settings, Failure> {
        let cell = self.cell.unwrap_or_else(|| "main".to_owned());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if cell.is_empty() || cell.len() > 32 || !cell.chars().all(plain) {
            return Err(Failure::said("the setting cell takes 1 to 32 letters, digits, - and _"));
        }
        let oidc = match (self.oidc_issuer, self.oidc_keys) {
            (Some(issuer), Some(keys)) => {
                let audience = self.oidc_audience.unwrap_or_else(|| "docket".to_owned());
                Some(Oidc { issuer, audience, keys })
            }
            (None, None) => None,
            _ => {
                return Err(Failure::said(
                    "the settings oidc_issuer and oidc_keys need each other: give both",
                ));
            }
        };
        let development_tokens = self.development_tokens.unwrap_or(oidc.is_none());
        if !development_tokens && oidc.is_none() {
            return Err(Failure::said(
                "nobody could sign in: without the setting development_tokens give oidc_issuer and oidc_keys",
            ));
        }
        let urls = (self.command_database_url, self.projection_database_url, self.query_database_url);
        let logins = match (urls, &self.database_url) {
            ((Some(command), Some(projection), Some(query)), Some(_)) => {
                Some(Logins::of_addresses([command, projection, query]))
            }
            ((None, None, None), _) => None,
            _ => {
                return Err(Failure::said(
                    "the settings command_database_url, projection_database_url and query_database_url need each other \
                     and database_url: give all, or the last alone",
                ));
            }
        };
        if self.cursor_secret.as_ref().is_some_and(|secret| secret.chars().count() < 32) {
            return Err(Failure::said("the setting cursor_secret takes 32 characters or more"));
        }
        let metrics_token = MetricsToken::given(self.metrics_token.as_deref());
        let metrics_token = metrics_token.map_err(|why| Failure::said(format!("the setting {why}")))?;
        let log_format = match self.log_format {
            Some(Format::Json) => LogFormat::Json,
            Some(Format::Text) => LogFormat::Text,
            None if std::io::stderr().is_terminal() => LogFormat::Text,
            None => LogFormat::Json,
        };
        Ok(Settings {
            data_dir: self.data_dir.unwrap_or_else(|| ".docket".into()),
            database_url: self.database_url,
            nats_url: self.nats_url,
            cell,
            log_format,
            port: self.port.unwrap_or(8080),
            listen: self.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            profile: self.profile.unwrap_or_else(|| domain::tenant::DEFAULT_PROFILE.to_owned()),
            programs: Programs { postgres_bin: self.postgres_bin, nats_server: self.nats_server },
            oidc,
            development_tokens,
            logins,
            behind_proxy: self.behind_proxy.unwrap_or(false),
            metrics_token,
            cursor_secret: self.cursor_secret,
            relay: self.relay.unwrap_or(Switch::On),
            timers: self.timers.unwrap_or(Switch::On),
            projections: self.projections.unwrap_or(Switch::On),
            streams: StreamLimits::default().with(self.streams_per_tenant, self.streams_per_user),
        })
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let unknown = matches!(error, ConfigError::UnknownKey { .. });
        let hint = if unknown { format!("; there are {}", NAMES.join(", ")) } else { String::new() };
        Self::said(format!("{error}{hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Settings, Failure> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("docket.toml");
        std::fs::write(&file, toml).unwrap();
        let common = CommonFlags { config: Some(file), ..CommonFlags::default() };
        Settings::read(&common, &UpFlags::default())
    }

    #[test]
    fn a_flag_goes_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("docket.toml");
        std::fs::write(&file, "cell = \"a\"\nbehind_proxy = true\n").unwrap();
        let common = CommonFlags { config: Some(file), cell: Some("b".to_owned()), ..CommonFlags::default() };
        let settings = Settings::read(&common, &UpFlags::default()).unwrap();
        assert_eq!(settings.cell, "b");
        assert!(settings.behind_proxy);
        assert_eq!(settings.port, 8080);
    }

    #[test]
    fn bounds_of_streams_are_settings() {
        let streams = read("streams_per_tenant = 7\n").unwrap().streams;
        assert_eq!((streams.per_tenant, streams.per_user), (7, 50));
    }

    #[test]
    fn an_unknown_key_is_named() {
        let line = read("prot = 80\n").unwrap_err().line();
        assert!(line.contains("`prot`") && line.contains("port"), "{line}");
    }

    #[test]
    fn another_issuer_stands_instead_of_the_one_for_development() {
        let oidc = "oidc_issuer = \"https://id.example\"\noidc_keys = \"https://id.example/keys\"\n";
        assert!(read("").unwrap().development_tokens);
        assert!(!read(oidc).unwrap().development_tokens);
        assert!(read(&format!("{oidc}development_tokens = true\n")).unwrap().development_tokens);
        assert!(read("development_tokens = false\n").unwrap_err().line().contains("nobody could sign in"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(
            read("database_url = \"postgres://o@h/d\"\nquery_database_url = \"postgres://q@h/d\"\n").is_err()
        );
        assert!(read("cell = \"a.b\"\n").is_err());
        assert!(read("oidc_issuer = \"https://id.example\"\n").is_err());
        assert!(read("port = 70000\n").is_err());
        assert!(read("metrics_token = \"short\"\n").is_err());
        assert!(read("streams_per_user = 0\n").is_err(), "nobody could follow anything");
    }

    #[test]
    fn every_setting_is_a_flag_and_in_the_readme() {
        use clap::CommandFactory;
        let mut command = crate::cli::Cli::command();
        command.build();
        let up = command.find_subcommand("up").unwrap();
        let flags: Vec<&str> = up.get_arguments().filter_map(clap::Arg::get_long).collect();
        let readme = include_str!("../../README.md");
        for name in NAMES {
            let flag = name.replace('_', "-");
            assert!(flags.contains(&flag.as_str()), "{flag}: {flags:?}");
            let row = format!("| `--{flag}` | `DOCKET_{}` | `{name}` |", name.to_uppercase());
            assert!(readme.contains(&row), "{row}");
        }
    }
}
