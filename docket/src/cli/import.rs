//! `docket import`: its arguments.

use std::path::PathBuf;

use chrono_tz::Tz;
use clap::{Args, Subcommand};

use crate::import::servicenow::{Encoding, Given, Order};

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// The audit log of ServiceNow incidents (CSV, or CSV with gzip)
    Servicenow(ServicenowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServicenowArgs {
    /// The file
    pub(crate) file: PathBuf,
    /// The tenant's key
    #[arg(long, default_value = crate::tenants::FIRST)]
    pub(crate) tenant: String,
    /// What comes first in dates: dmy, mdy, ymd, or a pattern such as dd/MM/yyyy [default: found over the whole column]
    #[arg(long, value_name = "ORDER|PATTERN")]
    pub(crate) date_format: Option<Order>,
    /// The zone of times that don't say theirs, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    pub(crate) time_zone: Tz,
    /// What the text is written in: utf-8, utf-16, windows-1252, latin-1 and others [default: found]
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<Encoding>,
    /// What stands between cells: comma, semicolon, tab or one character [default: found]
    #[arg(long, value_name = "NAME|CHARACTER", value_parser = separator)]
    pub(crate) separator: Option<u8>,
}

impl ServicenowArgs {
    /// What is named of how the file is written.
    pub(crate) fn given(&self) -> Given {
        let Self { encoding, separator, date_format, time_zone, .. } = *self;
        Given { encoding, separator, date_format, time_zone }
    }
}

fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| "takes a name of the IANA time zone database, such as Europe/Berlin".to_owned())
}

fn separator(text: &str) -> Result<u8, String> {
    match text.to_ascii_lowercase().as_str() {
        "comma" => Ok(b','),
        "semicolon" => Ok(b';'),
        "tab" | "\\t" => Ok(b'\t'),
        "pipe" => Ok(b'|'),
        _ => match text.as_bytes() {
            [one] if !one.is_ascii_alphanumeric() && !b"\"\r\n ".contains(one) && one.is_ascii() => Ok(*one),
            _ => Err("takes comma, semicolon, tab, pipe or one character that is no letter, digit or quote"
                .to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_have_names() {
        assert_eq!(["comma", ";", "TAB", "|"].map(separator), [Ok(b','), Ok(b';'), Ok(b'\t'), Ok(b'|')]);
        for bad in ["", "a", "\"", "ü", ",,"] {
            assert!(separator(bad).is_err(), "{bad}");
        }
    }
}
