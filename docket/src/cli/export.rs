//! The flags of `docket export`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::moment;

/// Settings of `docket export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// What: tickets by when they were opened, events by when they happened, audit by when it was done
    pub(crate) list: Exportable,
    /// The form of the files
    #[arg(long, default_value = "parquet")]
    pub(crate) format: ExportFormat,
    /// The folder; the files come below it, under the list's name
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// From this day (UTC), or moment (RFC 3339) [default: the beginning]
    #[arg(long, value_name = "DATE|TIME", value_parser = moment)]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Up to, not including, this day or moment [default: now]
    #[arg(long, value_name = "DATE|TIME", value_parser = moment)]
    pub(crate) to: Option<DateTime<Utc>>,
    /// The tenant's key
    #[arg(long, default_value = crate::tenants::FIRST)]
    pub(crate) tenant: String,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Exportable {
    /// The tickets, as `GET /v1/tickets` shows them to staff; deleted ones and spam too
    Tickets,
    /// The log, as `GET /v1/events` shows it
    Events,
    /// The audit trail, as `GET /v1/audit` shows it
    Audit,
}

/// The form of exported files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// RFC 4180, formulas neutralised
    Csv,
    /// One JSON object a line
    Ndjson,
    /// Apache Parquet
    Parquet,
}
