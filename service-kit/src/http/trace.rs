//! W3C Trace Context: <https://www.w3.org/TR/trace-context/>.

use std::fmt;

/// Where in a trace a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The whole trace's id.
    trace_id: u128,
    /// The id of this service's part in it.
    span_id: u64,
    /// The caller keeps this trace.
    sampled: bool,
}

impl TraceContext {
    /// Starts a trace.
    pub fn start() -> Self {
        // Zero means "no id" in the standard.
        Self { trace_id: rand::random::<u128>().max(1), span_id: new_span(), sampled: false }
    }

    /// Goes on with the caller's trace, under a span id of its own; `None` if the header is malformed.
    pub fn follow(header: &str) -> Option<Self> {
        Self::parse(header).map(Self::child)
    }

    /// Reads a `traceparent`.
    pub fn parse(header: &str) -> Option<Self> {
        let bytes = header.as_bytes();
        let version = hex(header.get(0..2)?)? as u8;
        let separated = [2, 35, 52].iter().all(|at| bytes.get(*at) == Some(&b'-'));
        // Later versions may add fields after the flags, version 0 may not; 255 is forbidden.
        let ends = match version {
            0 => bytes.len() == 55,
            255 => false,
            _ => bytes.len() == 55 || bytes.get(55) == Some(&b'-'),
        };
        if !(separated && ends) {
            return None;
        }
        let trace_id = hex(&header[3..35])?;
        let span_id = hex(&header[36..52])? as u64;
        let flags = hex(&header[53..55])?;
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }

    /// The same trace under a new span id.
    pub fn child(self) -> Self {
        Self { span_id: new_span(), ..self }
    }

    /// The trace's id as 32 hexadecimal digits.
    pub fn trace_id(&self) -> TraceId {
        TraceId(self.trace_id)
    }
}

/// A trace's id, for showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// As a `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace_id, self.span_id)
    }
}

fn new_span() -> u64 {
    rand::random::<u64>().max(1)
}

/// Lower-case hexadecimal digits alone, as the standard asks.
fn hex(text: &str) -> Option<u128> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if lower { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn follows_a_trace_under_a_new_span() {
        let trace = TraceContext::follow(PARENT).unwrap();
        assert_eq!(trace.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(trace.span_id, 0x00f0_67aa_0ba9_02b7);
        assert!(trace.sampled);
        assert_eq!(TraceContext::parse(PARENT).unwrap().to_string(), PARENT);
    }

    #[test]
    fn refuses_what_the_standard_refuses() {
        for bad in [
            "",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e47é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
        assert!(TraceContext::parse(&format!("01{}-later", &PARENT[2..])).is_some());
    }
}
