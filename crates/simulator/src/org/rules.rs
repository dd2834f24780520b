//! The rules that an administrator set up: validation rules with a text of their own, triggers
//! that fail, duplicate rules. A new org has none that is active.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Org;
use super::duplicates::DuplicateRules;
use super::error::ApiError;
use super::expression::{Formula, Purpose};
use super::formula::Scene;
use super::schema::Schema;

/// A condition under which a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewValidationRule {
    /// Name among the object's rules.
    pub name: String,
    /// True of records that are in error.
    pub condition: String,
    /// The administrator's own text; may have several lines.
    pub message: String,
    /// The field beside which the text stands; the top of the page when absent.
    pub field: Option<String>,
    /// Rules that are not active do nothing.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

impl NewValidationRule {
    /// An active rule without a field.
    pub fn new(name: &str, condition: &str, message: &str) -> Self {
        Self {
            name: name.to_owned(),
            condition: condition.to_owned(),
            message: message.to_owned(),
            field: None,
            active: true,
        }
    }
}

/// All rules of an org.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    by_object: HashMap<usize, ObjectRules>,
    pub duplicates: DuplicateRules,
}

#[derive(Clone, Default)]
struct ObjectRules {
    validation: Vec<ValidationRule>,
    triggers: Vec<FailingTrigger>,
}

#[derive(Clone)]
struct ValidationRule {
    name: String,
    condition: Formula,
    message: String,
    field: Option<String>,
    active: bool,
}

#[derive(Clone)]
struct FailingTrigger {
    condition: Formula,
    message: String,
}

impl Org {
    /// Adds a validation rule; one of the same name is replaced.
    pub fn add_validation_rule(
        &self,
        object: &str,
        rule: &NewValidationRule,
    ) -> Result<(), ApiError> {
        let mut state = self.lock();
        let object = state.known(object)?;
        let field = match &rule.field {
            Some(name) => {
                let def = state.store.def(object);
                let found = def.field(name);
                let found = found.ok_or_else(|| ApiError::no_such_column(name, &def.name))?;
                Some(found.name.clone())
            }
            None => None,
        };
        let condition = compiled(&state.store.schema, object, &rule.condition)?;
        let rules = state.rules.by_object.entry(object).or_default();
        rules
            .validation
            .retain(|r| !r.name.eq_ignore_ascii_case(&rule.name));
        rules.validation.push(ValidationRule {
            name: rule.name.clone(),
            condition,
            message: rule.message.clone(),
            field,
            active: rule.active,
        });
        Ok(())
    }

    /// Switches a validation rule on or off.
    pub fn set_validation_rule_active(
        &self,
        object: &str,
        name: &str,
        active: bool,
    ) -> Result<(), ApiError> {
        let mut state = self.lock();
        let object = state.known(object)?;
        let rules = state.rules.by_object.get_mut(&object);
        let mut rules = rules.into_iter().flat_map(|r| r.validation.iter_mut());
        let rule = rules.find(|r| r.name.eq_ignore_ascii_case(name));
        rule.ok_or_else(ApiError::not_found)?.active = active;
        Ok(())
    }

    /// Lets a trigger of the object fail on records of which the condition is true; the message is
    /// that of its exception, for example `System.NullPointerException: Attempt to …`.
    pub fn add_trigger_error(
        &self,
        object: &str,
        condition: &str,
        message: &str,
    ) -> Result<(), ApiError> {
        let mut state = self.lock();
        let object = state.known(object)?;
        let condition = compiled(&state.store.schema, object, condition)?;
        let rules = state.rules.by_object.entry(object).or_default();
        rules.triggers.push(FailingTrigger {
            condition,
            message: message.to_owned(),
        });
        Ok(())
    }

    /// Takes the object's validation rules and failing triggers away.
    pub fn clear_rules(&self, object: &str) -> Result<(), ApiError> {
        let mut state = self.lock();
        let object = state.known(object)?;
        state.rules.by_object.remove(&object);
        Ok(())
    }
}

fn compiled(schema: &Schema, object: usize, text: &str) -> Result<Formula, ApiError> {
    let formula = Formula::compile(schema, object, text, Purpose::Rule);
    formula.map_err(|e| ApiError::request(400, "FIELD_INTEGRITY_EXCEPTION", e.0))
}

impl Rules {
    /// What triggers and validation rules have against a record; nothing when there are none.
    pub fn judge(&self, scene: &Scene<'_>) -> Result<(), Vec<ApiError>> {
        let Some(rules) = self.by_object.get(&scene.object) else {
            return Ok(());
        };
        if let Some(trigger) = rules.triggers.iter().find(|t| t.condition.holds(scene)) {
            let object = &scene.store.def(scene.object).name;
            let error = trigger_error(object, scene.prior.is_none(), &trigger.message);
            return Err(vec![error]);
        }
        let broken = rules.validation.iter();
        let broken = broken.filter(|r| r.active && r.condition.holds(scene));
        let errors: Vec<ApiError> = broken.map(ValidationRule::error).collect();
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors),
        }
    }
}

impl ValidationRule {
    fn error(&self) -> ApiError {
        let fields: Vec<&str> = self.field.as_deref().into_iter().collect();
        ApiError::record("FIELD_CUSTOM_VALIDATION_EXCEPTION", &*self.message, &fields)
    }
}

/// The text of an exception that a trigger did not catch: name, cause and place, on several lines.
fn trigger_error(object: &str, creating: bool, message: &str) -> ApiError {
    let name = format!("{}Trigger", object.trim_end_matches("__c"));
    let event = if creating {
        "BeforeInsert"
    } else {
        "BeforeUpdate"
    };
    let text = format!(
        "{name}: execution of {event}\n\ncaused by: {message}\n\nTrigger.{name}: line 5, column 1"
    );
    ApiError::record("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text, &[])
}
