//! A table whose columns are written once: what is inserted and what is read come from one list.

/// The columns of a noun's table, each with the getter of [`Row`](super::Row) that reads it; a column is
/// called as its field is. The noun gets `COLUMNS`, `row`, its values in that order, and `read`.
macro_rules! table {
    ($noun:ident { $($column:ident: $getter:ident $(($word:ident))?),* $(,)? }) => {
        impl $noun {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];

            fn row(&self) -> Vec<$crate::db::Value> {
                vec![$($crate::db::kept!($getter self.$column)),*]
            }

            fn read(row: &$crate::db::Row) -> $crate::error::Result<$noun> {
                Ok($noun { $($column: row.$getter(stringify!($column) $(, $word::parse)?)?),* })
            }
        }
    };
}

/// A field as the argument that its getter reads back.
macro_rules! kept {
    (json $field:expr) => {
        $crate::db::Value::from($crate::db::json_text(&$field))
    };
    (opt_json $field:expr) => {
        $crate::db::Value::from($field.as_ref().map($crate::db::json_text))
    };
    (word $field:expr) => {
        $crate::db::Value::from($field.as_str())
    };
    (text $field:expr) => {
        $crate::db::Value::from(&$field)
    };
    (opt_text $field:expr) => {
        $crate::db::Value::from($field.clone())
    };
    (bytes $field:expr) => {
        $crate::db::Value::from($field.as_slice())
    };
    (opt_bytes $field:expr) => {
        $crate::db::Value::from($field.clone())
    };
    ($getter:ident $field:expr) => {
        $crate::db::Value::from($field)
    };
}

pub(crate) use {kept, table};
