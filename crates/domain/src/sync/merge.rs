//! The three-way merge: the values last agreed, the org's and the hub's.
//!
//! One side changed: its value wins. Both did, differently: the field's policy decides. The result
//! names what each side takes and the new base; a value still on its way to the org keeps the org's
//! present value as its base, so that a failed write is found again and a later change in the org
//! is seen as one.

use crate::contact::Fields;
use crate::sync::mapping::{FieldMapping, MappingDirection, Policy};

/// A field that a side takes; `None` is a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The contact's attribute.
    pub attribute: String,
    /// What stood there.
    pub before: Option<String>,
    /// What shall stand there.
    pub after: Option<String>,
}

/// The three sides, all by attribute.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The values last agreed; none for a link made by matching.
    pub base: Option<&'a Fields>,
    /// The record's values.
    pub org: &'a Fields,
    /// The contact's values.
    pub hub: &'a Fields,
}

/// When each side was last changed, by the org's clock, in epoch milliseconds.
pub struct Times<'a> {
    /// The record's LastModifiedDate.
    pub org_modified_at: i64,
    /// When the contact's attribute was changed in the hub; 0 when it never was.
    pub hub_changed_at: &'a dyn Fn(&str) -> i64,
}

/// What follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// For the contact.
    pub to_hub: Vec<FieldChange>,
    /// For the record.
    pub to_org: Vec<FieldChange>,
    /// Attributes that somebody must decide.
    pub conflicts: Vec<String>,
    /// The values agreed from now on.
    pub base: Fields,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Winner {
    Org,
    Hub,
    Nobody,
}

/// Merges the fields of one link.
pub fn merge(mapping: &[FieldMapping], sides: Sides<'_>, times: &Times<'_>) -> Merged {
    let mut merged = Merged::default();
    for pair in mapping {
        let attribute = pair.attribute.as_str();
        let org = sides.org.get(attribute);
        let hub = sides.hub.get(attribute);
        let winner = if org == hub {
            Winner::Org
        } else {
            winner(pair, sides, times)
        };
        let (loser, base) = match winner {
            Winner::Org => (Some(&mut merged.to_hub), org),
            Winner::Hub => (Some(&mut merged.to_org), org),
            Winner::Nobody => (None, sides.base.and_then(|base| base.get(attribute))),
        };
        if let Some(value) = base {
            merged.base.insert(attribute.to_owned(), value.clone());
        }
        match loser {
            None => merged.conflicts.push(attribute.to_owned()),
            Some(_) if org == hub => {}
            Some(changes) => {
                let (before, after) = if winner == Winner::Org {
                    (hub, org)
                } else {
                    (org, hub)
                };
                let change = FieldChange {
                    attribute: attribute.to_owned(),
                    before: before.cloned(),
                    after: after.cloned(),
                };
                changes.push(change);
            }
        }
    }
    merged
}

/// Which side's value stays, where they differ.
fn winner(pair: &FieldMapping, sides: Sides<'_>, times: &Times<'_>) -> Winner {
    let attribute = pair.attribute.as_str();
    let (org, hub) = (sides.org.get(attribute), sides.hub.get(attribute));
    match pair.direction {
        MappingDirection::ToHub => return Winner::Org,
        MappingDirection::ToOrg => return Winner::Hub,
        MappingDirection::Both => {}
    }
    if let Some(base) = sides.base {
        let agreed = base.get(attribute);
        if org == agreed {
            return Winner::Hub;
        }
        if hub == agreed {
            return Winner::Org;
        }
    } else if org.is_none() || hub.is_none() {
        // A link made by matching has no base: a blank is filled.
        return if org.is_none() {
            Winner::Hub
        } else {
            Winner::Org
        };
    }
    match pair.policy {
        Policy::Salesforce => Winner::Org,
        Policy::Tieline => Winner::Hub,
        Policy::Newest if (times.hub_changed_at)(attribute) > times.org_modified_at => Winner::Hub,
        Policy::Newest => Winner::Org,
        Policy::Ask => Winner::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(value: Option<&str>) -> Fields {
        value
            .map(|value| ("title".to_owned(), value.to_owned()))
            .into_iter()
            .collect()
    }

    fn pair(direction: MappingDirection, policy: Policy) -> FieldMapping {
        FieldMapping {
            field: "Title".to_owned(),
            attribute: "title".to_owned(),
            direction,
            policy,
        }
    }

    fn check(
        base: Option<Option<&str>>,
        org: Option<&str>,
        hub: Option<&str>,
        policy: Policy,
    ) -> (Option<String>, Option<String>, bool) {
        let base = base.map(one);
        let (org, hub) = (one(org), one(hub));
        let sides = Sides {
            base: base.as_ref(),
            org: &org,
            hub: &hub,
        };
        let times = Times {
            org_modified_at: 10,
            hub_changed_at: &|_| 20,
        };
        let merged = merge(&[pair(MappingDirection::Both, policy)], sides, &times);
        let word =
            |changes: &[FieldChange]| changes.first().map(|c| c.after.clone().unwrap_or_default());
        (
            word(&merged.to_hub),
            word(&merged.to_org),
            !merged.conflicts.is_empty(),
        )
    }

    #[test]
    fn the_side_that_changed_wins_and_the_policy_decides_when_both_did() {
        use Policy::*;
        let text = |text: &str| Some(text.to_owned());
        for (base, org, hub, policy, expected) in [
            (
                Some(Some("a")),
                Some("a"),
                Some("a"),
                Ask,
                (None, None, false),
            ),
            (
                Some(Some("a")),
                Some("b"),
                Some("a"),
                Ask,
                (text("b"), None, false),
            ),
            (
                Some(Some("a")),
                Some("a"),
                Some("b"),
                Ask,
                (None, text("b"), false),
            ),
            (
                Some(Some("a")),
                None,
                Some("a"),
                Ask,
                (text(""), None, false),
            ),
            (
                Some(Some("a")),
                Some("b"),
                Some("b"),
                Ask,
                (None, None, false),
            ),
            (
                Some(Some("a")),
                Some("b"),
                Some("c"),
                Salesforce,
                (text("b"), None, false),
            ),
            (
                Some(Some("a")),
                Some("b"),
                Some("c"),
                Tieline,
                (None, text("c"), false),
            ),
            (
                Some(Some("a")),
                Some("b"),
                Some("c"),
                Newest,
                (None, text("c"), false),
            ),
            (
                Some(Some("a")),
                Some("b"),
                Some("c"),
                Ask,
                (None, None, true),
            ),
            // Without a base blanks are filled, and differences follow the policy.
            (None, Some("b"), None, Tieline, (text("b"), None, false)),
            (None, None, Some("c"), Salesforce, (None, text("c"), false)),
            (
                None,
                Some("b"),
                Some("c"),
                Salesforce,
                (text("b"), None, false),
            ),
            (
                None,
                Some("b"),
                Some("c"),
                Tieline,
                (None, text("c"), false),
            ),
            (None, Some("b"), Some("c"), Ask, (None, None, true)),
        ] {
            assert_eq!(
                check(base, org, hub, policy),
                expected,
                "{base:?} {org:?} {hub:?} {policy:?}"
            );
        }
    }

    fn side() -> impl Strategy<Value = Fields> {
        proptest::option::of("[ab]").prop_map(|value| one(value.as_deref()))
    }

    proptest! {
        #[test]
        fn after_both_sides_took_theirs_a_second_merge_finds_nothing(
            base in proptest::option::of(side()), org in side(), hub in side(), direction in 0..3, policy in 0..4, late in any::<bool>(),
        ) {
            let direction = [MappingDirection::Both, MappingDirection::ToHub, MappingDirection::ToOrg][direction as usize];
            let policy = [Policy::Salesforce, Policy::Tieline, Policy::Newest, Policy::Ask][policy as usize];
            let mapping = [pair(direction, policy)];
            let times = Times { org_modified_at: 10, hub_changed_at: &|_| if late { 20 } else { 5 } };
            let merged = merge(&mapping, Sides { base: base.as_ref(), org: &org, hub: &hub }, &times);
            let apply = |side: &Fields, changes: &[FieldChange]| {
                changes.iter().fold(side.clone(), |mut side, change| {
                    match &change.after {
                        Some(value) => side.insert(change.attribute.clone(), value.clone()),
                        None => side.remove(&change.attribute),
                    };
                    side
                })
            };
            let (org, hub) = (apply(&org, &merged.to_org), apply(&hub, &merged.to_hub));
            if merged.conflicts.is_empty() {
                prop_assert_eq!(&org, &hub, "both sides agree");
                let again = merge(&mapping, Sides { base: Some(&merged.base), org: &org, hub: &hub }, &times);
                prop_assert!(again.to_hub.is_empty() && again.to_org.is_empty() && again.conflicts.is_empty());
            } else {
                prop_assert_ne!(&org, &hub);
            }
        }
    }
}
