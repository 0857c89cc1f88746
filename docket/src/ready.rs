//! Whether a server answers that it is ready.

use std::net::SocketAddr;
use std::time::Duration;

use service_kit::wait::{TimedOut, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `/readyz` until it answers 200.
pub(crate) async fn until_ready(address: SocketAddr) -> Result<(), TimedOut> {
    until(LIMIT, PAUSE, || async { answers(address).await.ok()?.then_some(()) }).await
}

/// One request by hand: an HTTP client for it would be the largest part of the program.
async fn answers(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}
