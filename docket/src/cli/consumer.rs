//! `docket consumer`: its arguments.

use clap::{Args, Subcommand};

use crate::consumers::Purpose;

#[derive(Debug, Subcommand)]
pub(crate) enum ConsumerCommand {
    /// Let a program follow a tenant's events on NATS, and print what it needs. The password is shown once
    Create(ConsumerCreateArgs),
    /// List them, and how far behind each is
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Cut one off, and forget how far it was
    Revoke(ConsumerRevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ConsumerCreateArgs {
    /// What it is for, one for each program: a-z, 0-9 and -
    pub(crate) purpose: Purpose,
    /// The tenant's key
    #[arg(long)]
    pub(crate) tenant: String,
    /// Events of these types alone
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConsumerRevokeArgs {
    /// What it is for
    pub(crate) purpose: Purpose,
    /// The tenant's key
    #[arg(long)]
    pub(crate) tenant: String,
}
