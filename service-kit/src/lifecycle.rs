//! An orderly end: on a signal stop taking requests, finish those under way, then stop the rest.

mod connections;

use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take to finish after the signal.
pub const DRAIN: Duration = Duration::from_secs(10);

/// Waits for Ctrl-C or SIGTERM.
pub async fn signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// A token that is cancelled by the first signal.
pub fn shutdown_on_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        match signal().await {
            Ok(()) => tracing::info!("stopping on a signal"),
            Err(error) => tracing::error!(%error, "signals can't be heard; stopping"),
        }
        cancelled.cancel();
    });
    token
}

/// Serves until `shutdown`, then finishes what is under way, for `drain` at most. Answers that never
/// end (event streams) watch `shutdown` themselves.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    drain: Duration,
) -> std::io::Result<()> {
    let server = connections::serve(listener, router, shutdown.clone());
    let late = async {
        shutdown.cancelled().await;
        crate::wait::pause(drain).await;
    };
    tokio::select! {
        () = server => {}
        () = late => {
            tracing::warn!(?drain, "stopped with requests under way");
        }
    }
    Ok(())
}
