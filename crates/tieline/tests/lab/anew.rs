//! Numbers read anew when the organisation's country changes: who opted out is not texted at the
//! number that the same text gives then.

use super::world::World;
use crate::desk;
use axum::body::Body;
use http::Request;
use serde_json::json;
use std::collections::BTreeMap;
use tieline::demo::OUR_NUMBER;
use tieline_access::Visit;
use tieline_domain::access::{Actor, Caller, Role, Scope};
use tieline_domain::contact::Fields;
use tieline_domain::conversation::Author;
use tieline_domain::event::Event;
use tieline_domain::id::ContactId;
use tieline_domain::job::JobKind;
use tieline_messaging::MessagingError;
use tieline_messaging::converse::{self, With};
use tieline_messaging::send::{Written, write};
use tieline_storage::{contact, event, inbox, job, staff};
use tieline_sync::create_contact;
use tieline_testkit::postgres::Database;
use tower::ServiceExt as _;

/// A mobile number in Spain and in France.
const TEXT: &str = "612 345 678";
const SPANISH: &str = "+34612345678";
const FRENCH: &str = "+33612345678";

/// The administrator changes the country over the API.
async fn move_to(world: &World, country: &str) {
    let everybody = staff::all(&mut world.hub.store.reader().await.unwrap()).await;
    let everybody = everybody.unwrap();
    let administrator = |it: &&staff::Staff| it.role == Role::SystemAdministrator;
    let priya = everybody.iter().find(administrator).unwrap().id;
    let access = &world.hub.access;
    let operator = Caller::operator();
    let link = access.sign_in_link(&operator, priya, 60_000).await.unwrap();
    let session = access.use_link(&link.token, &Visit::default()).await;
    let request = Request::patch("/api/v1/settings")
        .header("cookie", format!("tieline={}", session.unwrap()))
        .header("content-type", "application/json")
        .body(Body::from(json!({"default_country": country}).to_string()))
        .unwrap();
    let answer = world.hub.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
}

async fn somebody(world: &World) -> ContactId {
    let fields = [("last_name", "Pérez"), ("mobile_phone", TEXT)].into_iter();
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let fields: BTreeMap<String, String> = fields.collect();
    let made = create_contact(&world.hub.store, &Actor::system(), &fields).await;
    made.unwrap().id
}

async fn addresses(world: &World, id: ContactId) -> Vec<String> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let points = contact::list_points(&mut reader, &Scope::system(), &[id]).await;
    let points = points.unwrap().remove(&id).unwrap_or_default();
    points.into_iter().map(|it| it.address).collect()
}

/// Somebody at the desk writes to the contact; the code of the refusal.
async fn write_to(world: &World, id: ContactId) -> Result<(), &'static str> {
    let store = &world.hub.store;
    let mut reader = store.reader().await.unwrap();
    let inbox = inbox::all(&mut reader).await.unwrap().remove(0).id;
    let author = staff::all(&mut reader).await.unwrap().remove(0).id;
    drop(reader);
    let scope = Scope::system();
    let with = With {
        contact: Some(id),
        ..With::default()
    };
    let (listed, _) = converse::begin(store, &Actor::system(), &scope, inbox, with)
        .await
        .unwrap();
    let written = Written {
        conversation_id: listed.conversation.id,
        author: Author::Staff(author),
        text: "Hello".to_owned(),
        client_key: format!("to {}", listed.address),
        note: false,
    };
    match write(store, &Actor::system(), &scope, &written).await {
        Ok(_) => Ok(()),
        Err(MessagingError::Refused(refusal)) => Err(refusal.failure.code.as_str()),
        Err(error) => panic!("{error}"),
    }
}

async fn an_opt_out_holds(world: World) {
    move_to(&world, "España").await;
    world.pump().await;
    let contact = somebody(&world).await;
    assert_eq!(addresses(&world, contact).await, [SPANISH]);
    world.simulator.text_from_phone(SPANISH, OUR_NUMBER, "STOP");
    world.pump().await;
    assert_eq!(write_to(&world, contact).await, Err("opted_out"));
    let before = desk::contacts(&world.hub.store, 1_000).await;

    let mut reader = world.hub.store.reader().await.unwrap();
    let head = event::head(&mut reader).await.unwrap();
    move_to(&world, "FR").await;
    world.pump().await;
    assert_eq!(addresses(&world, contact).await, [FRENCH]);
    let heard = event::list_after(&mut reader, &Scope::system(), head, 100).await;
    let (heard, _) = heard.unwrap().unwrap();
    let told = heard.iter().any(|it| match &it.event {
        Event::Contacts { contact_ids } => contact_ids.contains(&contact),
        _ => false,
    });
    assert!(told, "screens hear of the other number");
    let jobs = job::count_by_state(&mut reader).await.unwrap();
    let mut left = jobs.iter().map(|(kind, _, _)| *kind);
    assert!(
        !left.any(|it| it == JobKind::ContactsReadAnew),
        "it is done"
    );
    drop(reader);
    assert_eq!(write_to(&world, contact).await, Err("opted_out"));
    world.pump().await;
    let texts = world.simulator.texts();
    assert!(texts.iter().all(|text| text.to != FRENCH));
    let after = desk::contacts(&world.hub.store, 1_000).await;
    let versions = |all: &[contact::Contact]| -> Vec<(Fields, i64)> {
        all.iter()
            .map(|it| (it.fields.clone(), it.version))
            .collect()
    };
    assert_eq!(versions(&after), versions(&before), "nothing else changed");
}

#[tokio::test]
async fn who_opted_out_is_not_texted_at_the_number_that_another_country_makes_of_the_text() {
    an_opt_out_holds(World::new(81).await).await;
    let database = Database::create().await;
    an_opt_out_holds(World::on_postgres(81, &database).await).await;
    database.remove().await;
}
