//! A table whose columns are written once: what is inserted and what is read come from one list.

use super::row::Row;
use super::value::Value;
use crate::error::Result;

/// A noun that is a row of its table.
pub(crate) trait Table: Sized {
    /// The columns that the noun fills; what is written beside it comes behind them.
    const COLUMNS: &'static [&'static str];

    /// The values of these columns, in their order.
    fn row(&self) -> Vec<Value>;

    /// The noun, from a row that has these columns.
    fn read(row: &Row) -> Result<Self>;
}

/// How a field is kept in columns of other types or names, or in several.
pub(crate) trait Kept<const N: usize> {
    /// The field's type; mostly the type itself.
    type Field;

    /// The values of the columns, in their order.
    fn values(field: &Self::Field) -> [Value; N];

    /// The field, from columns of these names.
    fn read(row: &Row, columns: [&str; N]) -> Result<Self::Field>;
}

/// Room in a row for what is written beside the noun, such as when it was made.
pub(crate) const BESIDE: usize = 3;

/// Lists the columns of a noun, each with the getter of [`Row`] that reads it; a column is called as its
/// field is, unless it says `as`. Fields behind `with` are kept by [`Kept`] in the columns named there;
/// fields behind `apart` are in other tables, and empty as they are read.
macro_rules! table {
    (
        $noun:ident { $($field:ident $(as $column:ident)?: $getter:ident $(($word:ident))?),* $(,)? }
        $(with { $($kept:ident: $keeper:ty as [$($part:ident),*]),* $(,)? })?
        $(apart { $($apart:ident),* })?
    ) => {
        impl $crate::db::Table for $noun {
            const COLUMNS: &'static [&'static str] = &[
                $($crate::db::column!($field $($column)?),)*
                $($($(stringify!($part),)*)*)?
            ];

            fn row(&self) -> Vec<$crate::db::Value> {
                let mut row = Vec::with_capacity(Self::COLUMNS.len() + $crate::db::BESIDE);
                row.extend([$($crate::db::kept!($getter self.$field)),*]);
                $($(row.extend(<$keeper as $crate::db::Kept<_>>::values(&self.$kept));)*)?
                row
            }

            fn read(row: &$crate::db::Row) -> $crate::error::Result<$noun> {
                Ok($noun {
                    $($field: row.$getter($crate::db::column!($field $($column)?) $(, $word::parse)?)?,)*
                    $($($kept: <$keeper as $crate::db::Kept<_>>::read(row, [$(stringify!($part)),*])?,)*)?
                    $($($apart: Default::default(),)*)?
                })
            }
        }
    };
}

/// The column of a field.
macro_rules! column {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $column:ident) => {
        stringify!($column)
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

pub(crate) use {column, kept, table};

/// What an `on conflict … do update` sets: each column but these, to what was to be inserted.
pub(crate) fn all_but(kept: &[&str], columns: &[&str]) -> String {
    let set = columns.iter().filter(|it| !kept.contains(it));
    let set: Vec<String> = set.map(|it| format!("{it} = excluded.{it}")).collect();
    set.join(", ")
}
