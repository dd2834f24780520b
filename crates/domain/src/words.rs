//! Closed sets with a word for each member, as the database and the API write it.

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$member:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        $(#[$doc])*
        pub enum $type { $($(#[$member])* $variant),* }

        impl $type {
            /// Every one.
            pub const ALL: &[$type] = &[$($type::$variant),*];

            /// The word kept in the database and shown by the API.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $word),* }
            }

            /// The one of that word.
            pub fn parse(word: &str) -> Option<$type> {
                match word { $($word => Some($type::$variant),)* _ => None }
            }
        }
    };
}

pub(crate) use words;
