//! How every service speaks HTTP: the layer around its router, and what handlers take and give.

mod body;
mod caller;
mod conditional;
mod document;
mod forwarded;
mod host;
mod json;
mod layer;
mod parameters;
mod position;
mod prefer;
mod request;
mod scrape;
mod trace;
mod unread;
mod vouched;

pub use body::{BODY_LIMIT, Json, Payload, parse, parse_outermost};
pub use caller::Caller;
pub use conditional::{IfMatch, etag};
pub use document::finish as finish_document;
pub use layer::{HttpSettings, layers};
pub use parameters::{Path, Query};
pub use position::{MinPosition, POSITION, position_header};
pub use prefer::Wait;
pub use request::RequestInfo;
pub use scrape::MetricsToken;
pub use trace::{TraceContext, TraceId};
pub use vouched::PeerKey;

#[cfg(test)]
mod tests;
