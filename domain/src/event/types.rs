//! What all kinds of events have in common: each type with its version, to and from JSON.

/// The events of one kind of aggregate: the enum, and each type's name, version and payload.
macro_rules! event_types {
    ($(#[$meta:meta])* $kind:ident { $($name:ident = $version:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $kind {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+
        }

        $(impl $name {
            /// The type's name, as it stands in the log and in subjects.
            pub const NAME: &'static str = stringify!($name);
        }

        impl From<$name> for $kind {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })+

        impl $kind {
            /// Every type with its current version.
            pub const TYPES: &'static [(&'static str, &'static str)] =
                &[$((stringify!($name), $version)),+];

            /// The type's name, as it stands in the log and in subjects.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)+ }
            }

            /// The version that is written today.
            pub fn version(&self) -> &'static str {
                match self { $(Self::$name(_) => $version,)+ }
            }

            /// The payload as it is stored: the fact alone, without its type.
            pub fn encode(&self) -> serde_json::Result<String> {
                match self { $(Self::$name(event) => serde_json::to_string(event),)+ }
            }

            /// Reads a payload of the current version. `None` if the type is unknown.
            pub fn decode(name: &str, payload: &str) -> Option<serde_json::Result<Self>> {
                match name {
                    $(stringify!($name) => Some(serde_json::from_str(payload).map(Self::$name)),)+
                    _ => None,
                }
            }

            /// The JSON Schema of each type's payload.
            pub fn schemas() -> Vec<(&'static str, &'static str, schemars::Schema)> {
                vec![$((stringify!($name), $version, schemars::schema_for!($name))),+]
            }
        }

        impl cqrs_es::DomainEvent for $kind {
            fn event_type(&self) -> String {
                self.name().to_owned()
            }

            fn event_version(&self) -> String {
                self.version().to_owned()
            }
        }
    };
}

pub(crate) use event_types;
