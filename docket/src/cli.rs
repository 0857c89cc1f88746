//! The command line. Every setting is a flag here, a variable `DOCKET_…`, and a key in
//! `docket.toml`, under the same name.

mod consumer;
mod export;
mod import;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Args, Parser, Subcommand};

pub(crate) use self::export::{ExportArgs, ExportFormat, Exportable};

use crate::as_of::AsOf;

pub(crate) use consumer::{ConsumerCommand, ConsumerCreateArgs, ConsumerRevokeArgs};
pub(crate) use import::{ImportCommand, ServicenowArgs};

/// Event-sourced customer-support ticketing: all of it on one machine, and what its operators need.
///
/// Settings are flags, else environment variables (--database-url is DOCKET_DATABASE_URL), else keys
/// of docket.toml (database_url).
#[derive(Debug, Parser)]
#[command(name = "docket", version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Settings of every command.
#[derive(Debug, Default, Args)]
pub(crate) struct CommonFlags {
    /// The settings file [default: docket.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where data is kept, and how a running instance is found [default: .docket]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A Postgres that is there, as the owner of its database, instead of a private one
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// A nats-server that is there, with JetStream, instead of a private one
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) nats_url: Option<String>,
    /// The name of this event log among several in one NATS [default: main]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) cell: Option<String>,
    /// How logs look: json or text [default: text on a terminal, else json]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

/// Settings of `docket up`.
#[derive(Debug, Default, Args)]
pub(crate) struct UpFlags {
    /// The port; 0 takes a free one [default: 8080]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// The profile of the first tenant, `default`: saas, education, msp, platform or events [default: platform]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The directory of the Postgres programs [default: found]
    #[arg(long, value_name = "DIR")]
    pub(crate) postgres_bin: Option<PathBuf>,
    /// The nats-server program [default: found]
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_server: Option<PathBuf>,
    /// An OpenID Connect issuer whose tokens are taken, instead of the development issuer's
    #[arg(long, value_name = "URL")]
    pub(crate) oidc_issuer: Option<String>,
    /// The audience that its tokens must be for [default: docket]
    #[arg(long, value_name = "NAME")]
    pub(crate) oidc_audience: Option<String>,
    /// Its key set (JWKS): a URL or a file
    #[arg(long, value_name = "URL|FILE")]
    pub(crate) oidc_keys: Option<String>,
    /// Take tokens of this data directory's own issuer (`docket token`) too: whoever can read the directory can be
    /// anybody [default: true; with --oidc-issuer false]
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) development_tokens: Option<bool>,
    /// As whom the command service logs in to --database-url, confined to docket_command [default: made by the owner]
    #[arg(long, value_name = "URL")]
    pub(crate) command_database_url: Option<String>,
    /// The same of the projection service and docket_projection
    #[arg(long, value_name = "URL")]
    pub(crate) projection_database_url: Option<String>,
    /// The same of the query API and docket_query
    #[arg(long, value_name = "URL")]
    pub(crate) query_database_url: Option<String>,
    /// A proxy stands before Docket: the caller's address is the last of X-Forwarded-For
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) behind_proxy: Option<bool>,
    /// Who presents it (Bearer) reads /metrics from another machine, 32 characters or more [default: from this machine
    /// alone]
    #[arg(long, value_name = "TEXT")]
    pub(crate) metrics_token: Option<String>,
    /// Whether this process may lead the relay to JetStream: on or off
    #[arg(long)]
    pub(crate) relay: Option<String>,
    /// Whether this process may raise what is due (SLA warnings and breaches): on or off
    #[arg(long)]
    pub(crate) timers: Option<String>,
    /// Whether this process keeps up the read models: on or off
    #[arg(long)]
    pub(crate) projections: Option<String>,
    /// Event streams that a tenant may have open at once, in this process [default: 500]
    #[arg(long, value_name = "COUNT")]
    pub(crate) streams_per_tenant: Option<NonZeroUsize>,
    /// Of those, one user [default: 50]
    #[arg(long, value_name = "COUNT")]
    pub(crate) streams_per_user: Option<NonZeroUsize>,
    /// Seals the cursors of lists: the same for all instances of a cell, 32 characters or more [default: made and kept]
    #[arg(long, value_name = "TEXT")]
    pub(crate) cursor_secret: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything: the services, and a private Postgres and nats-server
    Up(Box<UpFlags>),
    /// Print a token of the development issuer
    Token(TokenArgs),
    /// Tenants
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Who may follow a tenant's events on NATS
    #[command(subcommand)]
    Consumer(ConsumerCommand),
    /// Fill a tenant with realistic, deterministic tickets
    Demo(DemoArgs),
    /// Bring history from elsewhere
    #[command(subcommand)]
    Import(ImportCommand),
    /// Show how the running instance is
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Bring the database's tables up to date
    Migrate,
    /// Build a read model anew from the log, beside the live one
    Rebuild {
        /// Its name, as `docket status` shows it
        projection: String,
    },
    /// Tickets that a read model can't go on with
    #[command(subcommand)]
    Parked(ParkedCommand),
    /// The relay from the log to JetStream
    #[command(subcommand)]
    Relay(RelayCommand),
    /// Print a ticket as of any moment, from the log alone
    Replay(ReplayArgs),
    /// Take a list away as files, one folder for each month
    Export(ExportArgs),
    /// Service levels
    #[command(subcommand)]
    Sla(SlaCommand),
    /// Statistics
    #[command(subcommand)]
    Stats(StatsCommand),
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// The tenant's key
    #[arg(long)]
    pub(crate) tenant: String,
    /// A role; may be given more than once
    #[arg(long = "role", required = true)]
    pub(crate) roles: Vec<String>,
    /// The user's id
    #[arg(long)]
    pub(crate) sub: String,
    /// How long it is good: 90s, 15m, 1h, 7d
    #[arg(long, default_value = "1h", value_parser = duration)]
    pub(crate) ttl: Duration,
    /// The organisation that the user belongs to
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// The name to show
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The address to answer to
    #[arg(long)]
    pub(crate) email: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Create a tenant, and print its id
    Create(TenantCreateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TenantCreateArgs {
    /// Its key: a-z, 0-9 and -
    pub(crate) key: String,
    /// The key of the tenant above it
    #[arg(long)]
    pub(crate) parent: Option<String>,
    /// The profile that its settings are taken from
    #[arg(long, default_value = domain::tenant::DEFAULT_PROFILE)]
    pub(crate) profile: String,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How many tickets
    #[arg(long, default_value_t = 1_000)]
    pub(crate) tickets: u32,
    /// The same seed makes the same tickets
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The tenant's key
    #[arg(long, default_value = crate::tenants::FIRST)]
    pub(crate) tenant: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ParkedCommand {
    /// List them
    List,
    /// Apply the event again, and what waits behind it
    Retry(ParkedArgs),
    /// Leave the event out, and apply what waits behind it
    Skip(ParkedArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ParkedArgs {
    /// The ticket's id
    pub(crate) id: String,
    /// In this read model alone
    #[arg(long)]
    pub(crate) projection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RelayCommand {
    /// Have the stream built anew from the log
    Reset,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StatsCommand {
    /// Count the whole log anew, and compare with the figures that are kept. Writes nothing
    Verify {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SlaCommand {
    /// Try policies on the past, beside what was configured and what happened. Writes nothing
    Backtest(BacktestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// The policies and calendars to try, all of them, in TOML [default: those that a tenant starts with]
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// From this day, or moment (RFC 3339) [default: the first event]
    #[arg(long, value_name = "DATE|TIME", value_parser = moment)]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Up to, not including, this day or moment [default: now]
    #[arg(long, value_name = "DATE|TIME", value_parser = moment)]
    pub(crate) to: Option<DateTime<Utc>>,
    /// The tenant's key
    #[arg(long, default_value = crate::tenants::FIRST)]
    pub(crate) tenant: String,
    /// As JSON, with the tickets
    #[arg(long)]
    pub(crate) json: bool,
    /// In JSON, every clock as it stands at the end as well
    #[arg(long, requires = "json")]
    pub(crate) clocks: bool,
}

/// `2026-01-31` (midnight, UTC) or a time as RFC 3339 has it.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    day.or_else(|_| text.parse()).map_err(|_| "takes a day (2026-01-31) or a time (RFC 3339)".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The ticket's number or id
    pub(crate) ticket: String,
    /// A time (RFC 3339) or a position of the log [default: now]
    #[arg(long, value_name = "TIME|POSITION")]
    pub(crate) as_of: Option<AsOf>,
    /// The tenant's key
    #[arg(long, default_value = crate::tenants::FIRST)]
    pub(crate) tenant: String,
}

/// `90s`, `15m`, `1h`, `7d`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("takes a number with s, m, h or d".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "takes a number with s, m, h or d".to_owned())?;
    number.checked_mul(factor).map(Duration::from_secs).ok_or_else(|| "is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        assert!(duration("soon").is_err());
        assert!(duration("1y").is_err());
    }

    #[test]
    fn the_data_directory_may_stand_after_the_command() {
        let cli = Cli::try_parse_from(["docket", "status", "--json", "--data-dir", "x"]).unwrap();
        assert_eq!(cli.common.data_dir, Some("x".into()));
    }
}
