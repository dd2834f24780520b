//! The connection doctor: checks every right that Tieline needs, by reading only.

use tieline_salesforce::{Client, Error};

/// One check and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// Cause and way out, when it is not as it should be.
    pub problem: Option<String>,
}

/// Examines what the running user may do with these objects and fields; `true` for fields that are written.
pub async fn examine(client: &Client, objects: &[(String, Vec<(String, bool)>)]) -> Vec<Check> {
    let mut checks = vec![check(
        "Sign-in and API",
        client.limits().await.map(|_| None),
    )];
    if checks[0].problem.is_some() {
        return checks;
    }
    for (object, fields) in objects {
        let described = match client.describe(object).await {
            Ok(described) => described,
            Err(error) => {
                checks.push(check(object, Err(error)));
                continue;
            }
        };
        let mut missing = Vec::new();
        for (name, written) in fields {
            match described.field(name.split('.').next().unwrap_or_default()) {
                _ if name.contains('.') => {}
                None => missing.push(format!("{name} cannot be read")),
                Some(field) if *written && !field.updateable => {
                    missing.push(format!("{name} cannot be edited"));
                }
                Some(_) => {}
            }
        }
        if !described.updateable {
            missing.insert(0, "records cannot be edited".to_owned());
        }
        let problem = (!missing.is_empty()).then(|| {
            format!(
                "{}. Give the running user these rights by a permission set.",
                missing.join("; ")
            )
        });
        checks.push(Check {
            name: object.clone(),
            problem,
        });
    }
    checks
}

fn check(name: &str, outcome: Result<Option<String>, Error>) -> Check {
    let problem = outcome.unwrap_or_else(|error| Some(error.to_string()));
    Check {
        name: name.to_owned(),
        problem,
    }
}
