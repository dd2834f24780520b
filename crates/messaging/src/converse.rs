//! What staff do with a conversation: begin, assign, close, read, say who it is.

use crate::error::{MessagingError, Result};
use crate::{decided, take_part};
use tieline_domain::access::{Actor, By, Scope};
use tieline_domain::channel::Channel;
use tieline_domain::conversation::{Conversation, ReadMark, Tie};
use tieline_domain::event::Event;
use tieline_domain::id::{ContactId, ConversationId, InboxId, MessageId, StaffId};
use tieline_storage::contact::Point;
use tieline_storage::conversation::{self, Listed};
use tieline_storage::{
    StorageError, Store, Tx, contact, contact_field, inbox, message, read_mark, staff,
};

/// A change of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Open it, or close it.
    SetOpen(bool),
    /// Say whether we are to answer; one that is closed waits for nobody.
    SetOurTurn(bool),
    /// Give it to somebody, or to nobody.
    AssignTo(Option<StaffId>),
    /// Say who it is.
    TieTo(Option<ContactId>),
}

/// Changes a conversation.
pub async fn change(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    id: ConversationId,
    acts: &[Act],
) -> Result<Listed> {
    decided(|| change_once(store, actor, scope, id, acts)).await
}

async fn change_once(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    id: ConversationId,
    acts: &[Act],
) -> Result<Listed> {
    let mut tx = store.begin(actor).await?;
    let mut conversation = conversation::get(&mut tx, scope, id).await?.conversation;
    let before = conversation.clone();
    for act in acts {
        match *act {
            Act::SetOpen(open) => {
                conversation.open = open;
                conversation.our_turn &= open;
            }
            Act::SetOurTurn(ours) if ours && !conversation.open => {
                return Err(MessagingError::Invalid {
                    field: "turn",
                    problem: "a closed conversation waits for nobody; open it as well".to_owned(),
                });
            }
            Act::SetOurTurn(ours) => conversation.our_turn = ours,
            Act::AssignTo(staff) => {
                if let Some(staff) = staff.filter(|it| before.assigned_to != Some(*it)) {
                    works_there(&mut tx, &conversation, staff).await?;
                }
                conversation.assigned_to = staff;
            }
            Act::TieTo(contact) => {
                is_there(&mut tx, contact).await?;
                conversation.decide_tie(contact);
            }
        }
    }
    if conversation != before {
        save(&mut tx, &conversation).await?;
        take_part::handed(&mut tx, &conversation, before.assigned_to).await?;
    }
    let listed = conversation::get(&mut tx, scope, id).await?;
    tx.commit().await?;
    Ok(listed)
}

/// Refuses a contact who was deleted, perhaps just now.
async fn is_there(tx: &mut Tx, id: Option<ContactId>) -> Result<()> {
    match id {
        Some(id) if !contact::hold(tx, id).await? => Err(MessagingError::Invalid {
            field: "contact_id",
            problem: "there is no such contact; take one of /api/v1/contacts".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Refuses a colleague who could not even open it.
async fn works_there(tx: &mut Tx, conversation: &Conversation, id: StaffId) -> Result<()> {
    let refused = |problem: &str| MessagingError::Invalid {
        field: "assigned_to",
        problem: problem.to_owned(),
    };
    match staff::by_id(tx, id).await {
        Ok(staff) if staff.active => {}
        Ok(_) | Err(StorageError::NotFound(_)) => {
            return Err(refused(
                "there is no such colleague; take one of staff_list in /api/v1/me",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    if inbox::members(tx, conversation.inbox_id)
        .await?
        .contains(&id)
    {
        return Ok(());
    }
    Err(refused(
        "they are no member of this inbox; make them one first, or take a colleague who is",
    ))
}

/// How far a person has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// To the end.
    Read,
    /// At most to before the last message that came in.
    Unread,
    /// To before a message that came in; of another one, to before the first that came in since, or
    /// else the last before it.
    UnreadFrom(MessageId),
}

/// Sets a person's mark. For nobody else does anything change.
pub async fn mark(
    store: &Store,
    scope: &Scope,
    id: ConversationId,
    reader: StaffId,
    mark: Mark,
) -> Result<Listed> {
    let mut tx = store.begin(&By::Staff(reader).at(None)).await?;
    let conversation = conversation::get(&mut tx, scope, id).await?.conversation;
    let mark = match mark {
        Mark::Read => ReadMark::at_end(&conversation),
        Mark::Unread => {
            let last = message::last_received(&mut tx, conversation.id).await?;
            let known = read_mark::get(&mut tx, conversation.id, reader).await?;
            known.set_back(&conversation, last)
        }
        Mark::UnreadFrom(message) => unread_from(&mut tx, scope, &conversation, message).await?,
    };
    read_mark::set(&mut tx, &conversation, reader, mark).await?;
    let listed = conversation::get(&mut tx, scope, id).await?;
    tx.commit().await?;
    Ok(listed)
}

async fn unread_from(
    tx: &mut Tx,
    scope: &Scope,
    conversation: &Conversation,
    id: MessageId,
) -> Result<ReadMark> {
    let found = message::list_by_ids(tx, scope, &[id]).await?;
    let message = found
        .get(&id)
        .filter(|it| it.conversation_id == conversation.id)
        .ok_or_else(|| MessagingError::Invalid {
            field: "message_id",
            problem: "it is no message of this conversation".to_owned(),
        })?;
    let (number, first) = message::received_from(tx, scope, conversation.id, message.seq).await?;
    if let Some(seq) = first {
        return Ok(ReadMark::before(conversation, seq, number));
    }
    let last = message::last_received(tx, conversation.id).await?;
    Ok(ReadMark::at_end(conversation).set_back(conversation, last))
}

/// With whom a conversation is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct With<'a> {
    /// Whom it is tied to, unless their number tells so or a person said otherwise; their first number,
    /// where no address is given.
    pub contact: Option<ContactId>,
    /// The number, in E.164.
    pub address: Option<&'a str>,
}

/// Opens the conversation of an inbox with a contact's number, or finds it; whether it is new.
pub async fn begin(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    inbox: InboxId,
    with: With<'_>,
) -> Result<(Listed, bool)> {
    decided(|| begin_once(store, actor, scope, inbox, with)).await
}

async fn begin_once(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    inbox: InboxId,
    with: With<'_>,
) -> Result<(Listed, bool)> {
    let With { contact, address } = with;
    if !scope.sees_inbox(inbox) {
        return Err(StorageError::NotFound("inbox").into());
    }
    let mut tx = store.begin(actor).await?;
    is_there(&mut tx, contact).await?;
    let address = match (address, contact) {
        (Some(address), _) => address.to_owned(),
        (None, Some(id)) => first_number(&mut tx, scope, id).await?,
        (None, None) => {
            let problem = "say with whom: give a contact_id or an address".to_owned();
            return Err(MessagingError::Invalid {
                field: "contact_id",
                problem,
            });
        }
    };
    let points =
        contact::ensure_points(&mut tx, Channel::Sms, std::slice::from_ref(&address)).await?;
    let point = points[&address];
    let known = conversation::load_by_points(&mut tx, &[point])
        .await?
        .remove(&(inbox, point));
    let is_new = known.is_none();
    let mut conversation = match known {
        Some(conversation) => conversation,
        None => Conversation::begin(tx.new_id(), inbox, point, tx.now()),
    };
    let before = conversation.clone();
    conversation.open = true;
    if is_new {
        let address = std::slice::from_ref(&address);
        let holders = contact::load_holders(&mut tx, Channel::Sms, address).await?;
        conversation.derive_tie(holders.values().next());
    }
    // Whom a person said it is with, it stays with; whom the number itself tells needs nobody's word.
    let stays = conversation.tie == Tie::Decided && conversation.contact_id.is_some();
    if contact.is_some() && !stays && conversation.contact_id != contact {
        conversation.decide_tie(contact);
    }
    if is_new || conversation != before {
        save(&mut tx, &conversation).await?;
    }
    let listed = conversation::get(&mut tx, scope, conversation.id).await?;
    tx.commit().await?;
    Ok((listed, is_new))
}

async fn save(tx: &mut Tx, conversation: &Conversation) -> Result<()> {
    conversation::save_many(tx, std::slice::from_ref(conversation)).await?;
    tx.emit(Event::Conversation {
        inbox_id: conversation.inbox_id,
        conversation_id: conversation.id,
    });
    Ok(())
}

async fn first_number(tx: &mut Tx, scope: &Scope, id: ContactId) -> Result<String> {
    let person = contact::get(tx, scope, id).await?;
    let points = contact::load_points(tx, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let catalogue = contact_field::load(tx).await?;
    let doubtful = catalogue.doubtful(&person.fields);
    let invalid = |field, problem: &str| MessagingError::Invalid {
        field,
        problem: problem.to_owned(),
    };
    let mut points = points
        .into_iter()
        .filter(|point| point.channel == Channel::Sms);
    let Some(first) = points.next() else {
        let problem = "this contact has no phone number that can be read; add one first";
        return Err(invalid("contact_id", problem));
    };
    let certain = |point: &Point| !doubtful.contains(&point.field.as_str());
    if certain(&first) {
        return Ok(first.address);
    }
    let other = points.find(certain).map(|point| point.address);
    other.ok_or_else(|| {
        let problem = "the contact's number is one in the organisation's country and not in their own; \
                       ask, and give the number if it is right";
        invalid("address", problem)
    })
}
