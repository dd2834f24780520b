//! What the control plane changes in an org, as a program then meets it over the REST API.

mod edits;
mod refusals;
mod rights;
mod setup;
mod worlds;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{Reply, World};

const PRIYA: &str = "priya.shah@acme.example";
const CONTACT: &str = "v62.0/sobjects/Contact";

impl World {
    async fn refused(&self, path: &str, body: Json) -> (u16, String) {
        let reply = self.control(Method::POST, path, body).await;
        assert!(!reply.status.is_success(), "{path}: {}", reply.text());
        let text = reply.json()["error"].as_str().unwrap().to_owned();
        (reply.status.as_u16(), text)
    }

    async fn edit(&self, edit: Json) -> Json {
        self.set("/edits", edit).await
    }

    async fn made(&self, object: &str, fields: Json) -> String {
        let done = self.edit(json!({"object": object, "fields": fields})).await;
        done["id"].as_str().unwrap().to_owned()
    }

    /// The token endpoint's answer to a user with the right password.
    async fn sign_in(&self, username: &str) -> Reply {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "password")
            .append_pair("client_id", &self.access.consumer_key)
            .append_pair("client_secret", &self.access.consumer_secret)
            .append_pair("username", username)
            .append_pair("password", &self.access.password)
            .finish();
        let request = Request::post("/services/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form));
        self.send(request.unwrap()).await
    }

    async fn session(&self, username: &str) -> String {
        let token = self.sign_in(username).await.json()["access_token"].clone();
        token.as_str().unwrap().to_owned()
    }

    async fn get_as(&self, session: &str, path: &str) -> Reply {
        let request = Request::get(format!("/services/data/{path}"))
            .header("authorization", format!("Bearer {session}"))
            .body(Body::empty());
        self.send(request.unwrap()).await
    }

    async fn create(&self, object: &str, fields: Json) -> Reply {
        let path = format!("v62.0/sobjects/{object}");
        self.json(Method::POST, &path, fields).await
    }

    /// How many rows a query gives, or the code of its error.
    async fn count(&self, session: &str, soql: &str) -> Json {
        let path = format!("v62.0/query?q={}", soql.replace(' ', "+"));
        let reply = self.get_as(session, &path).await;
        match reply.status {
            StatusCode::OK => reply.json()["totalSize"].clone(),
            _ => json!(reply.code()),
        }
    }
}
