//! Logs: one JSON object per line (or text for people), filtered by `RUST_LOG`.
//!
//! Every line that is written while a request is worked on bears the request's id and its trace's id
//! (the span of [`crate::http`]). Personal data has no place in a log.

mod writer;

use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use writer::LogGuard;

/// How logs look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Text, for people.
    Text,
}

/// Without `RUST_LOG`: what this system says from `info` on, what libraries say from `warn` on.
const DEFAULT_FILTER: &str = "info,sqlx=warn,hyper=warn,h2=warn,rustls=warn,async_nats=warn,reqwest=warn";

/// Starts logging to standard error, through a buffer that a thread of its own writes out, so that
/// a slow terminal or disk slows no request down. Lines are complete when the guard is dropped.
/// Where logging has been started already, does nothing.
pub fn init(format: LogFormat) -> LogGuard {
    let (writer, guard) = writer::start();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_span_list(false)
                    .with_writer(writer),
            )
            .try_init(),
        LogFormat::Text => {
            registry.with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer)).try_init()
        }
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
    guard
}

/// Where it happened, and the words if they were written in the source: composed ones may hold data.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    let words = info.payload().downcast_ref::<&'static str>().copied();
    tracing::error!(place, words, "a panic: this is a fault in the program");
}
