//! How each step is spoilt: something that really goes wrong in the world.

use super::api::Error;
use super::other_side::{edit, edit_delete};
use super::steps::{Cast, Play};
use crate::demo::OUR_NUMBER;
use serde_json::json;
use tieline_simulator::{Fault, Mishap};

impl Cast<'_> {
    /// Something that really goes wrong in the world.
    pub(super) async fn spoil(&mut self, play: Play) -> Result<(), Error> {
        let refused = |method: &str, path: &str| Fault {
            method: method.to_owned(),
            path: path.to_owned(),
            skip: 0,
            times: u32::MAX,
            percent: 0,
            mishap: Mishap::Error {
                status: 403,
                code: "REQUEST_LIMIT_EXCEEDED".to_owned(),
                message: "TotalRequests Limit exceeded.".to_owned(),
            },
        };
        let org = self.org();
        match play {
            Play::FirstSync | Play::EditInSalesforce | Play::BothSides | Play::Delete => {
                org.plan(refused("GET", "/query"));
            }
            Play::SecondSync => {
                edit(
                    org,
                    "Contact",
                    &self.eleanor,
                    json!({"Department": "Trusts"}),
                )?;
            }
            Play::EditInTieline => {
                org.plan(refused("PATCH", "/composite/sobjects"));
            }
            Play::TwoRecords => edit(
                org,
                "Lead",
                &self.eleanor_lead,
                json!({"Title": "Overwritten"}),
            )?,
            Play::TextOut => {
                org.plan(refused("POST", "/Messages.json"));
            }
            Play::Reply | Play::Stop => {
                org.provision(OUR_NUMBER, &format!("{}/hooks/nowhere", self.demo.url));
            }
            Play::OrgAway => edit_delete(org, "Contact", &self.eleanor)?,
            Play::Task => {
                edit_delete(org, "Task", &self.find_task()?)?;
            }
        }
        Ok(())
    }
}
