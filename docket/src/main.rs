//! The `docket` command: all of Docket on one machine, and what its operators need.

// What is printed goes through `print`, which bears readers who leave.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod as_of;
mod cli;
mod commands;
mod compose;
mod consumers;
mod data_dir;
mod database;
mod demo;
mod engines;
mod export;
mod failure;
mod import;
mod instance;
mod logins;
mod nats;
mod print;
mod ready;
mod settings;
mod tenants;

use std::process::ExitCode;

use clap::Parser;
use service_kit::telemetry;

use cli::{
    Cli, Command, ConsumerCommand, ImportCommand, RelayCommand, SlaCommand, StatsCommand, TenantCommand,
    UpFlags,
};
use failure::{Failure, Outcome};
use settings::Settings;

/// A command is a few dozen small allocations on one thread, freed on another. The system's allocator
/// took a fifth of a busy process. Without huge pages, which double what an idle process holds.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// More threads than this cost memory and gain nothing on one machine.
const MOST_THREADS: usize = 8;

fn main() -> ExitCode {
    // Wrong usage ends here, with 2.
    let cli = Cli::parse();
    match start(cli).and_then(|()| print::finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::complain(format_args!("docket: {}", failure.line()));
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Outcome {
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, MOST_THREADS));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::said(format!("no threads can be started: {error}")))?;
    let outcome = runtime.block_on(run(cli));
    // Whatever still reads a file or waits for a peer must not keep the process.
    runtime.shutdown_background();
    outcome
}

async fn run(cli: Cli) -> Outcome {
    let up = UpFlags::default();
    let settings =
        Settings::read(&cli.common, if let Command::Up(flags) = &cli.command { flags } else { &up })?;
    match cli.command {
        Command::Up(_) => {
            let _log = telemetry::init(settings.log_format);
            commands::up::run(&settings).await
        }
        Command::Token(args) => commands::token::run(&settings, args).await,
        Command::Tenant(TenantCommand::Create(args)) => commands::tenant_create::run(&settings, args).await,
        Command::Consumer(ConsumerCommand::Create(args)) => {
            commands::consumer_create::run(&settings.data_dir, args).await
        }
        Command::Consumer(ConsumerCommand::List { json }) => {
            commands::consumer_list::run(&settings.data_dir, json).await
        }
        Command::Consumer(ConsumerCommand::Revoke(args)) => {
            commands::consumer_revoke::run(&settings.data_dir, args).await
        }
        Command::Demo(args) => commands::demo::run(&settings, args).await,
        Command::Import(ImportCommand::Servicenow(args)) => {
            commands::import_servicenow::run(&settings, &args).await
        }
        Command::Status { json } => commands::status::run(&settings.data_dir, json).await,
        Command::Migrate => commands::migrate::run(&settings).await,
        Command::Rebuild { projection } => commands::rebuild::run(&settings, &projection).await,
        Command::Parked(command) => commands::parked::run(&settings, command).await,
        Command::Relay(RelayCommand::Reset) => commands::relay_reset::run(&settings).await,
        Command::Export(args) => commands::export::run(&settings, args).await,
        Command::Replay(args) => commands::replay::run(&settings, args).await,
        Command::Sla(SlaCommand::Backtest(args)) => commands::sla_backtest::run(&settings, args).await,
        Command::Stats(StatsCommand::Verify { json }) => commands::stats_verify::run(&settings, json).await,
    }
}
