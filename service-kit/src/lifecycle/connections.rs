//! Serving connections, some of which stay for long, from peers who may be slow, gone or hostile.
//!
//! A connection costs a few kilobytes until it asks for something, and what it doesn't take isn't held
//! for it: neither here nor in the system's buffers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use crate::wait::pause;

/// By when the first request of a connection is to be there.
const FIRST: Duration = Duration::from_secs(15);
/// How long a kept connection may rest, and how long the head of a later request may take. Longer than
/// the 60 s of the usual proxies, so that it is they who close what rests.
const REST: Duration = Duration::from_secs(75);
/// What is read and written ahead for one connection.
const BUFFER: usize = 64 * 1024;
/// What the system may hold of what wasn't sent yet: it would be megabytes for each peer that doesn't
/// read.
const UNSENT: u32 = 64 * 1024;
/// A peer that acknowledges nothing for so long, or makes no room for more, is gone.
const GONE: Duration = Duration::from_secs(60);
/// When no connection can be taken, because too many are open: until the next try.
const CROWDED: Duration = Duration::from_millis(100);

/// Takes connections until `shutdown`, then waits until what is under way has ended.
pub(super) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    allow_open_files();
    let carried = TaskTracker::new();
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(REST).max_buf_size(BUFFER);
    while let Some(taken) = shutdown.run_until_cancelled(listener.accept()).await {
        match taken {
            Ok((stream, peer)) => {
                let router = router.clone();
                carried.spawn(carry(server.clone(), stream, peer, router, shutdown.clone()));
            }
            // One that was reset while it waited is no reason to rest.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "a connection can't be taken");
                pause(CROWDED).await;
            }
        }
    }
    drop(listener);
    carried.close();
    carried.wait().await;
}

async fn carry(
    server: http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: CancellationToken,
) {
    tune(&stream);
    let asked = Arc::new(AtomicBool::new(false));
    let service = {
        let asked = asked.clone();
        service_fn(move |mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = router.clone().call(request);
            async move { answer.await as Result<Response, Infallible> }
        })
    };
    let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let silent = async {
        pause(FIRST).await;
        if asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    // How a connection ends is its peer's affair; what was asked on it is in the access log.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = silent => {}
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Each connection is an open file, and what a login allows by default is 1,024 of them. A service may
/// go up to the system's own bound.
fn allow_open_files() {
    let bounds = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: bounds.maximum, ..bounds });
}

/// Where a system has no such setting, it goes without.
fn tune(stream: &TcpStream) {
    // Answers are small and complete: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    {
        let socket = SockRef::from(stream);
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
        let _ = socket.set_tcp_user_timeout(Some(GONE));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::body::Body;
    use axum::routing::get;
    use bytes::Bytes;
    use futures::stream;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn start(router: Router) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(serve(listener, router, shutdown.clone()));
        (address, shutdown)
    }

    #[tokio::test]
    async fn the_callers_address_is_known_and_what_is_under_way_is_finished() {
        let router = Router::new()
            .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }));
        let (address, shutdown) = start(router).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 1024];
        let read = stream.read(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(text.ends_with(&stream.local_addr().unwrap().to_string()), "{text}");
        shutdown.cancel();
        assert_eq!(stream.read(&mut answer).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn little_is_held_for_a_peer_that_reads_nothing() {
        let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = made.clone();
        let body = move || {
            let count = count.clone();
            async move {
                Body::from_stream(stream::repeat_with(move || {
                    count.fetch_add(8192, Ordering::Relaxed);
                    Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 8192]))
                }))
            }
        };
        let (address, _shutdown) = start(Router::new().route("/", get(body))).await;
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        socket.connect(&address.into()).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(socket.into()).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        // Until nothing more was made for half a second.
        let (mut last, mut since) = (0, Instant::now());
        while since.elapsed() < Duration::from_millis(500) {
            pause(Duration::from_millis(20)).await;
            let now = made.load(Ordering::Relaxed);
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        assert!(last > 0 && last < 512 * 1024, "{last} bytes");
    }
}
