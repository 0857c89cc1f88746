//! Programs that follow one tenant's events on NATS, each for a purpose and with a password of its own.
//!
//! Each has an account of its own on the nats-server, not just permissions. The server checks what a
//! client publishes to, but not where the answer is to go: a reply subject, and where a push consumer
//! delivers, are used as they are given. With leave for one request, a client of Docket's own account could
//! have the answer published as an event of somebody else's. What comes into an account of one's own leaves
//! it on the subjects alone that are imported, and answers come back into it.
//!
//! For the same reason no consumer may be made with these credentials: Docket makes them
//! ([`durables`]), with limits of Docket's choice, and makes them anew where they are gone.

mod accounts;
pub(crate) mod durables;
mod registry;
mod reload;
mod secret;

pub(crate) use accounts::{Block, OWNER, User, file as accounts};
pub(crate) use registry::{Durable, Purpose, Registered, Registry};
pub(crate) use reload::make_known;
pub(crate) use secret::Secret;

/// The `JetStream` domain that a consumer's client is to name: where its requests are imported to. Below the
/// usual `$JS.API` every account is answered by the server itself, that it has no `JetStream`.
pub(crate) const DOMAIN: &str = "docket";
/// Where a consumer's client gets its answers.
pub(crate) const INBOX: &str = "_INBOX";
