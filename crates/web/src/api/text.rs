//! Texts and numbers at the edge, with their bounds in the type: what does not fit is refused before
//! a handler sees it.

use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::ops::Deref;
use tieline_domain::id::Id;
use tieline_domain::text::{Flaw, enter};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A text of at most `MAX` characters that went through the door of the domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    pub fn new(text: &str) -> Result<Text<MAX>, Flaw> {
        enter(text, MAX).map(Text)
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Default for Text<MAX> {
    fn default() -> Self {
        Text(String::new())
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Text::new(&text).map_err(de::Error::custom)
    }
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MAX))
            .into()
    }
}

impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }
}

/// A password, taken as it is written: it is composed where it is weighed. Longer ones would be given at one door and not fit through another.
pub(crate) struct Password(String);

/// Characters of a password.
const PASSWORD_MAX: usize = 1_000;

impl Deref for Password {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let (length, max) = (text.chars().count(), PASSWORD_MAX);
        if length > max {
            return Err(de::Error::custom(Flaw::TooLong { length, max }));
        }
        Ok(Password(text))
    }
}

impl PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .max_length(Some(PASSWORD_MAX))
            .into()
    }
}

impl ToSchema for Password {}

/// How many items of a list are asked for: `DEFAULT` unless the caller says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit<const DEFAULT: i64, const MAX: i64>(pub i64);

impl<const DEFAULT: i64, const MAX: i64> Default for Limit<DEFAULT, MAX> {
    fn default() -> Self {
        Limit(DEFAULT)
    }
}

impl<'de, const DEFAULT: i64, const MAX: i64> Deserialize<'de> for Limit<DEFAULT, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(from)?;
        if !(1..=MAX).contains(&number) {
            return Err(de::Error::custom(format!(
                "it is {number}; ask for 1 to {MAX} at once"
            )));
        }
        Ok(Limit(number))
    }
}

impl<const DEFAULT: i64, const MAX: i64> PartialSchema for Limit<DEFAULT, MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1_isize))
            .maximum(Some(MAX as isize))
            .default(Some(DEFAULT.into()))
            .into()
    }
}

impl<const DEFAULT: i64, const MAX: i64> ToSchema for Limit<DEFAULT, MAX> {
    fn name() -> Cow<'static, str> {
        format!("Limit{MAX}").into()
    }
}

/// The number of an event, of a message or of a row: they begin with 1, and 0 is before all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seq(pub i64);

/// Programs count as far without losing a unit.
const SEQ_MAX: i64 = (1 << 53) - 1;

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(from)?;
        if !(0..=SEQ_MAX).contains(&number) {
            return Err(de::Error::custom(format!(
                "it is {number}; give 0 or a number as it came"
            )));
        }
        Ok(Seq(number))
    }
}

impl PartialSchema for Seq {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0_isize))
            .maximum(Some(SEQ_MAX as isize))
            .into()
    }
}

impl ToSchema for Seq {}

/// At most `MAX` ids in one parameter, with commas between them.
#[derive(Debug, Clone)]
pub(crate) struct Ids<T, const MAX: usize>(pub Vec<T>);

impl<'de, T: Id, const MAX: usize> Deserialize<'de> for Ids<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let words = text.split(',').filter(|word| !word.is_empty());
        let ids: Vec<T> = words
            .take(MAX + 1)
            .map(|word| word.parse().map_err(de::Error::custom))
            .collect::<Result<_, D::Error>>()?;
        if ids.len() > MAX {
            let words = format!("it names more than {MAX}; ask for {MAX} at once");
            return Err(de::Error::custom(words));
        }
        Ok(Ids(ids))
    }
}
