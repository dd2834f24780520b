//! Which fields are exchanged with an org.

use crate::error::Result;
use crate::run::Sync;
use serde_json::{Value, json};
use tieline_domain::access::{Actor, AuditedAct};
use tieline_domain::catalogue::{Catalogue, InvalidField};
use tieline_domain::id::{ConnectionId, ObjectMappingId};
use tieline_domain::sync::mapping::{FieldMapping, MappingDirection};
use tieline_salesforce::CallPurpose;
use tieline_salesforce::describe::ObjectDescribe;
use tieline_storage::audit::{self, Entry};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::{StorageError, contact_field};

impl Sync {
    /// Exchanges one more field of an object from now on; its values come with each record's next
    /// change.
    pub async fn add_field(
        &self,
        actor: &Actor,
        (connection, id): (ConnectionId, ObjectMappingId),
        mut pair: FieldMapping,
    ) -> Result<FieldMapping> {
        let mut reader = self.store.reader().await?;
        let mappings = mapping::all(&mut reader, connection).await?;
        drop(reader);
        let mapping = mappings.into_iter().find(|mapping| mapping.id == id);
        let mapping = mapping.ok_or(StorageError::NotFound("object mapping"))?;
        let calls = self
            .connections
            .client(connection, CallPurpose::Staff)
            .await?;
        let described = calls.client.describe(&mapping.object).await;
        calls.record().await?;
        let described = described?;
        let mut tx = self.store.begin(actor).await?;
        let catalogue = contact_field::load(&mut tx).await?;
        check(&mut pair, &mapping, &described, &catalogue)?;
        let position = mapping.fields.len() as i64;
        mapping::add_field(&mut tx, id, &pair, position).await?;
        let entry = Entry {
            act: AuditedAct::ChangeMapping,
            target: format!("{id} {}", pair.field),
            before: Value::Null,
            after: json!({"attribute": pair.attribute, "policy": pair.policy, "direction": pair.direction}),
        };
        audit::add(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(pair)
    }
}

/// Both sides have the field, neither is exchanged already, and nothing goes where it is refused.
fn check(
    pair: &mut FieldMapping,
    mapping: &ObjectMapping,
    described: &ObjectDescribe,
    catalogue: &Catalogue,
) -> std::result::Result<(), InvalidField> {
    let invalid = |field: &str, problem: String, fix: &str| {
        Err(InvalidField {
            field: field.to_owned(),
            problem,
            fix: fix.to_owned(),
        })
    };
    let object = &mapping.object;
    let Some(theirs) = described.field(&pair.field) else {
        let problem = format!("{object} has no field {:?} that may be read", pair.field);
        return invalid("field", problem, "use its API name, as Shoe_Size__c");
    };
    pair.field.clone_from(&theirs.name);
    let Some(ours) = catalogue.field(&pair.attribute) else {
        let problem = format!("contacts have no field {:?}", pair.attribute);
        return invalid("attribute", problem, "add it under /api/v1/contact-fields");
    };
    for known in &mapping.fields {
        if known.field == pair.field {
            let problem = format!("it is exchanged with {} already", known.attribute);
            return invalid("field", problem, "choose another");
        }
        if known.attribute == pair.attribute {
            let problem = format!("it is exchanged with {} already", known.field);
            return invalid("attribute", problem, "choose another");
        }
    }
    if pair.direction != MappingDirection::ToHub {
        if !theirs.updateable {
            let problem = format!("{} can only be read", theirs.name);
            return invalid("direction", problem, "use to_hub");
        }
        if ours.read_only {
            let problem = format!("{} is kept by the org alone", ours.label);
            return invalid("direction", problem, "use to_hub");
        }
    }
    Ok(())
}
