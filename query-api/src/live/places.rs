//! The place that an open stream has among all that are open.

use service_kit::shares::Share;

/// One open stream; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    share: Share,
    kind: &'static str,
}

impl Place {
    /// The place of a stream of a kind.
    pub(crate) fn new(share: Share, kind: &'static str) -> Self {
        metrics::gauge!("docket_streams_open", "kind" => kind).increment(1.0);
        Self { share, kind }
    }

    /// Notes that the stream's caller was cut off, for taking nothing.
    pub(crate) fn cut_off(&self) {
        metrics::counter!("docket_streams_cut_off_total", "kind" => self.kind).increment(1);
        tracing::info!(kind = self.kind, tenant = %self.share.tenant(), "cut off one who took nothing");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("docket_streams_open", "kind" => self.kind).decrement(1.0);
    }
}
