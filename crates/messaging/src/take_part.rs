//! What follows for a person from writing or from being given a conversation.

use crate::error::Result;
use tieline_domain::access::Participant;
use tieline_domain::conversation::{
    Author, Conversation, Message, ParticipantRole, ReadMark, TakingPart,
};
use tieline_domain::id::StaffId;
use tieline_storage::{Tx, participant, read_mark};

/// Who writes takes part; a user who writes has read what stands above.
pub(crate) async fn wrote(
    tx: &mut Tx,
    conversation: &Conversation,
    message: &Message,
) -> Result<()> {
    let part = part_of(conversation, message);
    participant::begin(tx, part.as_slice()).await?;
    if let Author::Staff(writer) = message.author {
        let mark = ReadMark::at_end(conversation);
        read_mark::set(tx, conversation, writer, mark).await?;
    }
    Ok(())
}

/// The part that the author of a message takes in its conversation, where it is known who that is.
pub(crate) fn part_of(conversation: &Conversation, message: &Message) -> Option<TakingPart> {
    let who = match message.author {
        Author::Staff(id) => Participant::Staff(id),
        Author::Contact => Participant::Contact(conversation.contact_id?),
        Author::Visitor | Author::ApiKey(_) | Author::Hub(_) => return None,
    };
    let role = ParticipantRole::Wrote;
    Some(TakingPart::begin(conversation.id, who, role, message.at))
}

/// A conversation was handed from one user to another.
pub(crate) async fn handed(
    tx: &mut Tx,
    conversation: &Conversation,
    from: Option<StaffId>,
) -> Result<()> {
    let (id, to, role) = (
        conversation.id,
        conversation.assigned_to,
        ParticipantRole::Assigned,
    );
    if from == to {
        return Ok(());
    }
    if let Some(from) = from {
        participant::end(tx, id, Participant::Staff(from), role).await?;
    }
    if let Some(to) = to {
        let part = TakingPart::begin(id, Participant::Staff(to), role, tx.now());
        participant::begin(tx, &[part]).await?;
    }
    Ok(())
}
