//! Identifiers. Each thing has a type of its own, so that one can't be taken for another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

uuid_id! {
    /// A ticket (UUIDv7).
    TicketId,
    /// A message of a ticket: a reply or a note (UUIDv7).
    MessageId,
    /// An attachment of a message (UUIDv7).
    AttachmentId,
    /// An event in the log (UUIDv7).
    EventId,
    /// One execution of a command; every event that it appended bears it.
    CommandId,
    /// A tenant: UUIDv5 of its key (see [`TenantId::of_key`]).
    TenantId,
}

/// The namespace of the UUIDv5 ids that Docket derives.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x5d0c_4e7e_9d1b_5c3a_8f60_d0c4_e7d0_c4e7);

impl TenantId {
    /// The id of the tenant with this key. The same key is the same id in every cell,
    /// so creating a tenant twice does nothing.
    pub fn of_key(key: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("tenant:{key}").as_bytes()))
    }
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest id, in characters.
            pub const MAX: usize = 255;

            /// Takes 1–255 characters without control characters.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let length = text.chars().count();
                if length == 0 || length > Self::MAX {
                    return Err(InvalidId::Length);
                }
                if text.chars().any(char::is_control) {
                    return Err(InvalidId::ControlCharacter);
                }
                Ok(Self(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

text_id! {
    /// A person or a machine, as the token's `sub` names it.
    UserId,
    /// A team of agents.
    TeamId,
    /// An organisation that tickets can be routed to.
    OrganizationId,
}

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Empty, or above 255 characters.
    #[error("an id has 1 to 255 characters")]
    Length,
    /// A control character in it.
    #[error("an id has no control characters")]
    ControlCharacter,
}

/// A place in the log: 1 for the first event, without gaps, in commit order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Position(pub i64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// So many places after this.
    pub fn plus(self, places: i64) -> Self {
        Self(self.0.saturating_add(places))
    }

    /// The one place after this.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How many events a stream (one aggregate) has; the sequence of its last event.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Version(pub i64);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
