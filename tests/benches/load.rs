//! A load client that costs little: HTTP/1.1 over kept connections, nothing parsed but what is needed.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What the bench needs of an answer.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    pub(crate) position: Option<i64>,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, buffer: Vec::with_capacity(4096) }
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> Reply<'_> {
        self.stream.write_all(request).await.expect("written");
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("read");
            assert!(read > 0, "the server closed the connection");
            // Docket writes the names of headers in small letters.
            let Some(end) = find(&self.buffer, b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end]).expect("text");
            let length: usize = header(head, "content-length").expect("a length").parse().expect("a number");
            if self.buffer.len() >= end + 4 + length {
                break;
            }
        }
        let end = find(&self.buffer, b"\r\n\r\n").expect("a head");
        let head = std::str::from_utf8(&self.buffer[..end]).expect("text");
        Reply {
            status: head[9..12].parse().expect("a status"),
            position: header(head, "docket-position").and_then(|text| text.parse().ok()),
            body: &self.buffer[end + 4..],
        }
    }
}

/// Where something begins.
pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// A `POST` as bytes.
pub(crate) fn post(path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: docket\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A `GET` as bytes, with a further header line or none.
pub(crate) fn get(path: &str, token: &str, header: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: docket\r\nauthorization: Bearer {token}\r\n{header}\r\n")
        .into_bytes()
}
