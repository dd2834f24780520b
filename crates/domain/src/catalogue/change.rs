//! How the catalogue may change: a company adds fields of its own, and says how all are shown.

use super::{Catalogue, Field, FieldKind, FieldSection, InvalidField};
use crate::id::ContactFieldId;
use crate::text;
use std::collections::BTreeSet;

/// Fields of a company's own; an org allows 800 on an object.
const OWN_MAX: usize = 800;
/// Characters of a name; an org's are not longer.
const NAME_MAX: usize = 40;
/// Characters of a label.
const LABEL_MAX: usize = 80;
/// Characters of an option, and of a line unless told.
const LINE_MAX: usize = 255;
/// Characters of a long text, at most and unless told.
const LONG_TEXT_MAX: usize = 32_000;
/// Options of a choice; an org's picklist has as many.
const OPTIONS_MAX: usize = 1_000;

/// A field that a company adds.
#[derive(Debug, Clone)]
pub struct NewField {
    /// `shoe_size`; stays for ever.
    pub name: String,
    /// For people.
    pub label: String,
    /// How it is written.
    pub kind: FieldKind,
    /// Characters, where the kind does not say it.
    pub max_length: Option<usize>,
    /// What a choice chooses from.
    pub options: Vec<String>,
    /// Where it stands among the fields, from 1; behind all others unless told.
    pub position: Option<i64>,
    /// Where it stands on a page.
    pub section: FieldSection,
    /// Whether staff must fill it in.
    pub required: bool,
    /// Kept by the org alone.
    pub read_only: bool,
}

/// What is to change of a field; what is not named stays as it is.
#[derive(Debug, Clone, Default)]
pub struct FieldChange {
    /// For people.
    pub label: Option<String>,
    /// How it is written, as long as nobody used the field.
    pub kind: Option<FieldKind>,
    /// What a choice chooses from; values that are none of them any more stay.
    pub options: Option<Vec<String>>,
    /// Where it stands among the fields, from 1.
    pub position: Option<i64>,
    /// Where it stands on a page.
    pub section: Option<FieldSection>,
    /// Whether staff must fill it in.
    pub required: Option<bool>,
}

impl Catalogue {
    /// The catalogue with one field more.
    pub fn with(&self, id: ContactFieldId, new: NewField) -> Result<Catalogue, InvalidField> {
        if self.fields().iter().filter(|it| it.is_own()).count() >= OWN_MAX {
            let problem = format!("there are {OWN_MAX} fields of your own already");
            return Err(InvalidField::new("name", problem, "use one of them"));
        }
        check_name(&new.name)?;
        if self.field(&new.name).is_some() {
            let problem = format!("there is a field {:?} already", new.name);
            return Err(InvalidField::new("name", problem, "choose another name"));
        }
        let field = Field {
            id,
            label: label(&new.label)?,
            max_length: length(new.kind, new.max_length)?,
            options: options(new.kind, &new.options)?,
            name: new.name,
            kind: new.kind,
            position: 0,
            section: new.section,
            required: new.required,
            read_only: new.read_only,
        };
        check_required(&field)?;
        let last = self.fields().len() as i64 + 1;
        let mut fields = self.fields().to_vec();
        place(&mut fields, field, new.position.unwrap_or(last))?;
        Ok(Catalogue::new(fields, self.country()))
    }

    /// The catalogue with a field changed; `in_use` when a contact has a value in it or it is
    /// exchanged with an org. `None` when there is no such field.
    pub fn changed(
        &self,
        id: ContactFieldId,
        change: FieldChange,
        in_use: bool,
    ) -> Result<Option<Catalogue>, InvalidField> {
        let mut fields = self.fields().to_vec();
        let Some(at) = fields.iter().position(|field| field.id == id) else {
            return Ok(None);
        };
        let mut field = fields.remove(at);
        if let Some(kind) = change.kind.filter(|kind| *kind != field.kind) {
            if in_use || !field.is_own() {
                let problem = format!("{} is in use", field.label);
                let fix = "add another field of that kind";
                return Err(InvalidField::new("type", problem, fix));
            }
            field.kind = kind;
            field.max_length = length(kind, None)?;
            field.options = options(kind, change.options.as_deref().unwrap_or_default())?;
        } else if let Some(given) = &change.options {
            field.options = options(field.kind, given)?;
        }
        if let Some(given) = &change.label {
            field.label = label(given)?;
        }
        field.section = change.section.unwrap_or(field.section);
        field.required = change.required.unwrap_or(field.required);
        check_required(&field)?;
        place(&mut fields, field, change.position.unwrap_or(at as i64 + 1))?;
        Ok(Some(Catalogue::new(fields, self.country())))
    }
}

/// Puts a field among the others and numbers all of them anew.
fn place(fields: &mut Vec<Field>, field: Field, position: i64) -> Result<(), InvalidField> {
    let last = fields.len() as i64 + 1;
    if !(1..=last).contains(&position) {
        let fix = format!("use 1 to {last}");
        let problem = format!("there is no place {position}");
        return Err(InvalidField::new("position", problem, fix));
    }
    fields.insert(position as usize - 1, field);
    for (field, position) in fields.iter_mut().zip(1..) {
        field.position = position;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), InvalidField> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(plain)
        && name.len() <= NAME_MAX
    {
        return Ok(());
    }
    let fix = format!(
        "write it as shoe_size: at most {NAME_MAX} of a to z, 0 to 9 and _, a letter first"
    );
    Err(InvalidField::new(
        "name",
        format!("{name:?} is no name of a field"),
        fix,
    ))
}

fn label(given: &str) -> Result<String, InvalidField> {
    let label = text::enter(given.trim(), LABEL_MAX)
        .map_err(|flaw| InvalidField::new("label", flaw.to_string(), "shorten it"))?;
    if label.is_empty() {
        let fix = "say what people should call it";
        return Err(InvalidField::new("label", "it is blank", fix));
    }
    Ok(label)
}

/// Characters of a kind's values; only texts may be as long as somebody says.
fn length(kind: FieldKind, asked: Option<usize>) -> Result<usize, InvalidField> {
    let (usual, may_say) = match kind {
        FieldKind::Text => (LINE_MAX, true),
        FieldKind::LongText => (LONG_TEXT_MAX, true),
        FieldKind::Email => (80, false),
        FieldKind::Phone => (40, false),
        FieldKind::Url | FieldKind::Choice => (LINE_MAX, false),
        FieldKind::Number => (40, false),
        FieldKind::Date => (10, false),
        FieldKind::Bool => (5, false),
    };
    match asked {
        None => Ok(usual),
        Some(_) if !may_say => {
            let problem = format!("a field of the kind {} has its own length", kind.as_str());
            Err(InvalidField::new("max_length", problem, "leave it out"))
        }
        Some(asked) if (1..=usual).contains(&asked) => Ok(asked),
        Some(asked) => {
            let problem = format!("{asked} characters are not possible");
            let fix = format!("use 1 to {usual}");
            Err(InvalidField::new("max_length", problem, fix))
        }
    }
}

fn options(kind: FieldKind, given: &[String]) -> Result<Vec<String>, InvalidField> {
    let invalid = |problem: String, fix: &str| Err(InvalidField::new("options", problem, fix));
    match (kind, given.len()) {
        (FieldKind::Choice, 0) => {
            return invalid(
                "a choice has nothing to choose from".to_owned(),
                "give some",
            );
        }
        (FieldKind::Choice, count) if count > OPTIONS_MAX => {
            return invalid(
                format!("{count} are too many"),
                &format!("give at most {OPTIONS_MAX}"),
            );
        }
        (FieldKind::Choice, _) => {}
        (_, 0) => return Ok(Vec::new()),
        (kind, _) => {
            let problem = format!("a field of the kind {} has no options", kind.as_str());
            return invalid(problem, "leave them out");
        }
    }
    let mut kept = Vec::new();
    let mut seen = BTreeSet::new();
    for option in given {
        let option = match text::enter(option.trim(), LINE_MAX) {
            Ok(option) => option,
            Err(flaw) => return invalid(flaw.to_string(), "shorten it"),
        };
        if option.is_empty() {
            return invalid("one of them is blank".to_owned(), "leave it out");
        }
        if !seen.insert(option.clone()) {
            return invalid(format!("{option:?} is there twice"), "give it once");
        }
        kept.push(option);
    }
    Ok(kept)
}

/// Nobody can be made to fill in what only the org may, and a record without a last name is refused
/// by every org.
fn check_required(field: &Field) -> Result<(), InvalidField> {
    let invalid = |problem: &str, fix| Err(InvalidField::new("required", problem, fix));
    match (field.name.as_str(), field.required) {
        ("last_name", false) => invalid("an org takes nobody without a last name", "leave it"),
        (_, true) if field.read_only => invalid("only the org fills it in", "use false"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;

    fn own(name: &str) -> NewField {
        NewField {
            name: name.to_owned(),
            label: "Own".to_owned(),
            kind: FieldKind::Choice,
            max_length: None,
            options: vec!["Red".to_owned()],
            position: None,
            section: FieldSection::More,
            required: false,
            read_only: false,
        }
    }

    /// The field that a bound refuses, or none.
    fn refused(new: NewField) -> Option<String> {
        let added = Catalogue::first("GB").with(ContactFieldId::from_uuid(1_000), new);
        added.err().map(|refusal| refusal.field)
    }

    #[test]
    fn names_labels_and_options_may_be_as_long_as_is_said_and_no_longer() {
        let numbered = |count: usize| (0..count).map(|it| it.to_string()).collect();
        for (more, is_too_long) in [(0, false), (1, true)] {
            let name = own(&"a".repeat(NAME_MAX + more));
            let label = NewField {
                label: "ü".repeat(LABEL_MAX + more),
                ..own("shoe_size")
            };
            let options = NewField {
                options: numbered(OPTIONS_MAX + more),
                ..own("shoe_size")
            };
            for (field, new) in [("name", name), ("label", label), ("options", options)] {
                let expected = is_too_long.then(|| field.to_owned());
                assert_eq!(refused(new), expected, "{more}");
            }
        }
        let blanks = NewField {
            options: vec!["Red".to_owned(), " Red ".to_owned()],
            ..own("shoe_size")
        };
        assert_eq!(
            refused(blanks).as_deref(),
            Some("options"),
            "twice the same"
        );
    }

    #[test]
    fn a_company_adds_as_many_fields_as_is_said_and_no_more() {
        let mut catalogue = Catalogue::first("GB");
        let add = |to: &Catalogue, number: usize| {
            let id = ContactFieldId::from_uuid(1_000 + number as u128);
            to.with(id, own(&format!("own_{number}")))
        };
        for number in 0..OWN_MAX {
            catalogue = add(&catalogue, number).unwrap();
        }
        assert_eq!(add(&catalogue, OWN_MAX).unwrap_err().field, "name");
    }

    #[test]
    fn a_field_of_another_kind_has_the_length_and_the_options_of_that_kind() {
        let id = ContactFieldId::from_uuid(1_000);
        let text = NewField {
            kind: FieldKind::Text,
            max_length: Some(7),
            options: Vec::new(),
            ..own("shoe_size")
        };
        let catalogue = Catalogue::first("GB").with(id, text).unwrap();
        let options = vec!["Red".to_owned()];
        for (kind, options) in [
            (FieldKind::Choice, Some(options)),
            (FieldKind::LongText, None),
        ] {
            let change = FieldChange {
                kind: Some(kind),
                options: options.clone(),
                ..FieldChange::default()
            };
            let refused = catalogue.changed(id, change.clone(), true).unwrap_err();
            assert_eq!(refused.field, "type", "it is in use");
            let changed = catalogue.changed(id, change, false).unwrap().unwrap();
            let field = changed.field("shoe_size").unwrap();
            assert_eq!(field.kind, kind);
            assert_eq!(field.options, options.unwrap_or_default());
            assert_eq!(Ok(field.max_length), length(kind, None));
        }
    }

    #[test]
    fn where_a_field_stands_on_a_page_and_whether_it_is_required_change_only_when_told_so() {
        let first = Catalogue::first("GB");
        let one = first.fields()[1].clone();
        let relabelled = FieldChange {
            label: Some("Anew".to_owned()),
            ..FieldChange::default()
        };
        let elsewhere = FieldChange {
            section: Some(FieldSection::More),
            required: Some(!one.required),
            ..FieldChange::default()
        };
        assert_ne!(one.section, FieldSection::More);
        for (change, section, required) in [
            (relabelled, one.section, one.required),
            (elsewhere, FieldSection::More, !one.required),
        ] {
            let changed = first.changed(one.id, change, true).unwrap().unwrap();
            let field = &changed.fields()[1];
            assert_eq!((field.section, field.required), (section, required));
        }
    }
}
