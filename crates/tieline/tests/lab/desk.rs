//! What somebody at the desk does and sees, straight on the hub's store.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::conversation::{Author, Message};
use tieline_messaging::MessagingError;
use tieline_messaging::converse::{self, With};
use tieline_messaging::send::{Written, write};
use tieline_storage::contact::{self, Contact, ContactQuery};
use tieline_storage::conversation::{self, ConversationQuery};
use tieline_storage::{Store, inbox, message, staff};
use tieline_sync::{ContactEdit, edit_contact};

/// Up to so many contacts.
pub async fn contacts(store: &Store, limit: i64) -> Vec<Contact> {
    let mut reader = store.reader().await.unwrap();
    let query = ContactQuery {
        limit,
        ..ContactQuery::default()
    };
    contact::list(&mut reader, &Scope::system(), &query)
        .await
        .unwrap()
}

/// Sets one attribute of a contact.
pub async fn edit(store: &Store, contact: &Contact, attribute: &str, value: &str) {
    let edit = ContactEdit {
        id: contact.id,
        version: contact.version,
        fields: BTreeMap::from([(attribute.to_owned(), value.to_owned())]),
    };
    edit_contact(store, &Actor::system(), &Scope::system(), edit)
        .await
        .unwrap();
}

/// Writes a text to a number; its words are its key, so that the same words again are one message.
pub async fn text(store: &Store, to: &str, words: &str) -> Message {
    try_text(store, to, words).await.unwrap()
}

/// The same, which the gate may refuse.
pub async fn try_text(store: &Store, to: &str, words: &str) -> Result<Message, MessagingError> {
    let mut reader = store.reader().await.unwrap();
    let inbox = inbox::all(&mut reader).await.unwrap().remove(0);
    let author = staff::all(&mut reader).await.unwrap().remove(0).id;
    drop(reader);
    let scope = Scope::system();
    let with = With {
        address: Some(to),
        ..With::default()
    };
    let (listed, _) = converse::begin(store, &Actor::system(), &scope, inbox.id, with)
        .await
        .unwrap();
    let written = Written {
        conversation_id: listed.conversation.id,
        author: Author::Staff(author),
        text: words.to_owned(),
        client_key: words.to_owned(),
        note: false,
    };
    write(store, &Actor::system(), &scope, &written).await
}

/// All messages of all conversations.
pub async fn messages(store: &Store) -> Vec<Message> {
    let mut reader = store.reader().await.unwrap();
    let scope = Scope::system();
    let query = ConversationQuery {
        limit: 100,
        ..ConversationQuery::default()
    };
    let mut all = Vec::new();
    for row in conversation::list(&mut reader, &scope, &query)
        .await
        .unwrap()
    {
        let id = row.conversation.id;
        all.extend(
            message::list(&mut reader, &scope, id, message::Part::End, 1_000)
                .await
                .unwrap(),
        );
    }
    all
}
