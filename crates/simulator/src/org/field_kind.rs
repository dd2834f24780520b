//! The types that fields have, by the names of describe.

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Id,
    Reference,
    Text,
    TextArea,
    Picklist,
    MultiPicklist,
    Combobox,
    Phone,
    Email,
    Url,
    Bool,
    Int,
    Double,
    Currency,
    Percent,
    Date,
    DateTime,
    /// A time of day, kept as text in its one canonical form.
    Time,
    Address,
}

impl FieldKind {
    /// The name in describe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Reference => "reference",
            Self::Text => "string",
            Self::TextArea => "textarea",
            Self::Picklist => "picklist",
            Self::MultiPicklist => "multipicklist",
            Self::Combobox => "combobox",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Url => "url",
            Self::Bool => "boolean",
            Self::Int => "int",
            Self::Double => "double",
            Self::Currency => "currency",
            Self::Percent => "percent",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Time => "time",
            Self::Address => "address",
        }
    }

    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::TextArea
                | Self::Picklist
                | Self::MultiPicklist
                | Self::Combobox
                | Self::Phone
                | Self::Email
                | Self::Url
        )
    }

    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Int | Self::Double | Self::Currency | Self::Percent
        )
    }

    pub fn is_id(self) -> bool {
        matches!(self, Self::Id | Self::Reference)
    }
}
