//! From what is stored to what is published, value by value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::ids::{AttachmentId, EventId, MessageId, OrganizationId, Position, TeamId, TenantId, UserId};
use crate::personal::Personal;

/// What a stored value says to others.
pub(super) trait FromStored<S> {
    /// Says it.
    fn from_stored(stored: &S) -> Self;
}

/// Values that mean the same wherever they are. Ids are among them: whoever follows events goes by them,
/// and so does the log.
macro_rules! the_same {
    ($($type:ty),+ $(,)?) => {$(
        impl FromStored<$type> for $type {
            fn from_stored(stored: &$type) -> Self {
                ToOwned::to_owned(stored)
            }
        }
    )+};
}

the_same!(String, bool, u8, u16, u32, u64, usize, i32, i64, Value, DateTime<Utc>);
the_same!(AttachmentId, EventId, MessageId, OrganizationId, Position, TeamId, TenantId, UserId);

/// The mark stays: what is personal in the log can't be published without it.
impl<T: Clone> FromStored<Personal<T>> for Personal<T> {
    fn from_stored(stored: &Personal<T>) -> Self {
        stored.clone()
    }
}

impl<S, P: FromStored<S>> FromStored<Option<S>> for Option<P> {
    fn from_stored(stored: &Option<S>) -> Self {
        stored.as_ref().map(P::from_stored)
    }
}

impl<S, P: FromStored<S>> FromStored<Vec<S>> for Vec<P> {
    fn from_stored(stored: &Vec<S>) -> Self {
        stored.iter().map(P::from_stored).collect()
    }
}

impl<K, S, N: FromStored<K> + Ord, P: FromStored<S>> FromStored<BTreeMap<K, S>> for BTreeMap<N, P> {
    fn from_stored(stored: &BTreeMap<K, S>) -> Self {
        stored.iter().map(|(key, value)| (N::from_stored(key), P::from_stored(value))).collect()
    }
}

/// A published type and how it is said: a struct field by field, an enum name by name. Each field and name of
/// the stored type has to be there, or after `without` if it is nobody else's affair: a new one doesn't
/// compile until that is decided.
macro_rules! public {
    ($(
        $(#[$meta:meta])*
        struct $name:ident from $stored:ty {
            $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)?
        } $(without { $($hidden:ident),+ })?
    )+) => {$(
        #[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::stream::public::from_stored::FromStored<$stored> for $name {
            fn from_stored(stored: &$stored) -> Self {
                type Stored = $stored;
                let Stored { $($field,)* $($($hidden: _,)+)? } = stored;
                Self { $($field: $crate::stream::public::from_stored::FromStored::from_stored($field),)* }
            }
        }
    )+};
    ($(
        $(#[$meta:meta])*
        enum $name:ident from $stored:ty {
            $($(#[$variant_meta:meta])* $variant:ident),+ $(,)?
        }
    )+) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
        #[serde(rename_all = "snake_case")]
        $(#[$meta])*
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $crate::stream::public::from_stored::FromStored<$stored> for $name {
            fn from_stored(stored: &$stored) -> Self {
                type Stored = $stored;
                match stored { $(Stored::$variant => Self::$variant,)+ }
            }
        }
    )+};
}

pub(super) use public;

#[cfg(test)]
mod tests {
    use super::*;

    struct StoredStep {
        tag: String,
        weight: Option<u32>,
        shard: u32,
    }

    public! {
        /// A step.
        #[expect(unreachable_pub, reason = "published types are public, this one is a test's")]
        struct Step from StoredStep {
            /// Its tag.
            tag: String,
            /// Its weight.
            weight: Option<u32>,
        } without { shard }
    }

    #[test]
    fn what_is_not_for_others_is_not_said() {
        let stored = StoredStep { tag: "vip".to_owned(), weight: Some(2), shard: 7 };
        assert_eq!(stored.shard, 7);
        let said = serde_json::to_value(Step::from_stored(&stored)).unwrap();
        assert_eq!(said, serde_json::json!({"tag": "vip", "weight": 2}));
    }
}
