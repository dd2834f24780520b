//! How many records the org has, beside those that are here.

use crate::error::Result;
use crate::run::Driver;
use tieline_domain::access::Actor;
use tieline_salesforce::soql::Select;
use tieline_storage::mapping::{self, ObjectMapping};

impl Driver {
    /// Asks the org for the number of its records of each object. A number is no reason to fail: where it
    /// cannot be had the one before stays, with its time.
    pub async fn count(&mut self, mappings: &[ObjectMapping]) -> Result<()> {
        let queries: Vec<String> = mappings
            .iter()
            .map(|mapping| Select::count(&mapping.object).to_string())
            .collect();
        let counts = match self.calls.client.count_many(&queries).await {
            Ok(counts) => counts,
            Err(error) => {
                tracing::info!(error = %error, "the org does not say how many records it has");
                return Ok(());
            }
        };
        let mut tx = self.store.begin(&Actor::system()).await?;
        for (mapping, records) in mappings.iter().zip(counts) {
            if let Some(records) = records {
                mapping::set_org_records(&mut tx, mapping.id, records).await?;
            }
        }
        Ok(self.commit(tx).await?)
    }
}
