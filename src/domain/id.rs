//! `RequestId`, `RunId` and the other row ids: `UUIDv7` text, so that several desks can share a
//! database. Makes no id by itself: the caller brings the [`Uuid`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a `UUIDv7` made by the caller.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The sixteen bytes of the id.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// One application record (form 1 or form 2).
    RequestId,
    /// One making of one ukey.
    RunId,
    /// One unit of the hierarchy (D-2).
    UnitId,
    /// One home, so that a signature made for it cannot be used in another (D-58).
    HomeId,
    /// One instance of a home: its records since they were made or last restored (D-52).
    InstanceId,
}
