//! What an incoming text makes true: who it is from, where it goes, what it asks for.
//!
//! The driver loads the state of a whole batch, folds the texts in order through [`receive`], and
//! writes what came of it. A text that was received before changes nothing.

use crate::address::can_be_answered;
use crate::carrier::ProviderId;
use crate::consent::ConsentState;
use crate::conversation::{Author, Conversation, Draft, HubReason, Kind, Message};
use crate::delivery::State;
use crate::id::{
    CarrierAccountId, ContactId, ConversationId, InboxId, MessageId, PointId, SenderId,
};
use crate::keyword::{Keyword, keyword};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A text as the carrier handed it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The inbox of the number that it came to.
    pub inbox_id: InboxId,
    /// Which of our numbers it came to.
    pub sender_id: SenderId,
    /// Who sent it, as [`crate::address::of_sender`] keeps it.
    pub address: String,
    /// What it says.
    pub text: String,
    /// The carrier's name for it.
    pub provider_id: ProviderId,
}

/// A signed text for an account or number that no inbox has, as the carrier handed it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unassigned {
    /// The carrier's name for the account.
    pub account: String,
    /// The carrier's name for the text.
    pub provider_id: String,
    pub sender: String,
    pub addressee: String,
    pub text: String,
}

impl Unassigned {
    /// Whether its sender wishes for no more messages, or for them again; whichever number of ours it is
    /// told, it holds for all.
    pub fn wish(&self) -> Option<ConsentState> {
        match keyword(&self.text, true)? {
            Keyword::Stop => Some(ConsentState::OptedOut),
            Keyword::Start => Some(ConsentState::OptedIn),
            Keyword::Help => None,
        }
    }
}

/// Ids that the driver made for one text, in case they are needed.
#[derive(Debug, Clone, Copy)]
pub struct FreshIds {
    /// For a new conversation.
    pub conversation: ConversationId,
    /// For the text.
    pub message: MessageId,
    /// For a reply by the hub.
    pub reply: MessageId,
}

/// What is known before, and changed by each text.
#[derive(Debug, Default)]
pub struct ReceiveState {
    /// The carriers' names of texts that were received before.
    pub received: BTreeSet<ProviderId>,
    /// Points by address.
    pub points: BTreeMap<String, PointId>,
    /// Since when a point wants no messages.
    pub opted_out: BTreeMap<PointId, Timestamp>,
    /// Who answers to an address.
    pub holders: BTreeMap<String, BTreeSet<ContactId>>,
    /// Conversations by inbox and point; one that became part of another stands there too, as the
    /// other one, and only what stands at its own place changes.
    pub conversations: BTreeMap<(InboxId, PointId), Conversation>,
}

/// What is to be written and done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A text came in, by this name.
    Received(Message, ProviderId),
    /// A text is to be sent by the hub itself, with the account that it answers.
    Reply(Message, CarrierAccountId),
    /// The point wants no messages from now on.
    OptOut(PointId, MessageId),
    /// The point wants messages again.
    OptIn(PointId, MessageId),
}

/// The organisation as it names itself to those it texts.
pub struct Sender<'a> {
    /// The organisation's name.
    pub organisation: &'a str,
}

/// Takes one text in.
pub fn receive(
    state: &mut ReceiveState,
    inbound: &Inbound,
    ids: FreshIds,
    sender: &Sender<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(point) = state.points.get(&inbound.address).copied() else {
        return Vec::new();
    };
    if !state.received.insert(inbound.provider_id.clone()) {
        return Vec::new();
    }
    let holders = state.holders.get(&inbound.address);
    let asked = (inbound.inbox_id, point);
    // It may have become part of another one.
    let known = state.conversations.get(&asked);
    let place = known.map_or(asked, Conversation::place);
    let conversation = state
        .conversations
        .entry(place)
        .or_insert_with(|| Conversation::begin(ids.conversation, inbound.inbox_id, point, now));
    conversation.derive_tie(holders);
    let message = conversation.add(Draft {
        id: ids.message,
        kind: Kind::Message,
        author: Author::Contact,
        text: inbound.text.clone(),
        state: State::Received,
        sender_id: Some(inbound.sender_id),
        client_key: None,
        at: now,
    });
    let mut effects = vec![Effect::Received(message, inbound.provider_id.clone())];
    let was_out = state.opted_out.contains_key(&point);
    let mut reply = |text: String| {
        let message = conversation.add(Draft {
            id: ids.reply,
            kind: Kind::Message,
            author: Author::Hub(HubReason::Keyword),
            text,
            state: State::Queued,
            sender_id: Some(inbound.sender_id),
            client_key: None,
            at: now,
        });
        Effect::Reply(message, inbound.provider_id.account_id)
    };
    let said = keyword(&inbound.text, was_out);
    match said {
        Some(Keyword::Stop) if !was_out => {
            state.opted_out.insert(point, now);
            effects.push(Effect::OptOut(point, ids.message));
        }
        Some(Keyword::Start) if was_out => {
            state.opted_out.remove(&point);
            effects.push(Effect::OptIn(point, ids.message));
        }
        Some(Keyword::Help) => {}
        // Who is out already gets no second confirmation; who is in already asks for nothing.
        Some(Keyword::Stop | Keyword::Start) | None => return effects,
    }
    // A machine that asks for help gets no answer either: it would come back to no one.
    let said = said.filter(|_| can_be_answered(&inbound.address));
    effects.extend(said.map(|word| reply(words_for(word, sender.organisation))));
    effects
}

/// The one answer to a keyword: who we are, what happens, what they can do.
fn words_for(word: Keyword, name: &str) -> String {
    match word {
        Keyword::Stop => {
            format!("{name}: you will get no more messages. Text START to get them again.")
        }
        Keyword::Start => format!("{name}: you will get messages again. Text STOP to end them."),
        Keyword::Help => format!(
            "{name}: you are texting with our staff. Message and data rates may apply. Text STOP to end messages."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    const ADDRESS: &str = "+447700900317";

    fn state(holders: &[u128]) -> ReceiveState {
        let mut state = ReceiveState::default();
        state
            .points
            .insert(ADDRESS.to_owned(), PointId::from_uuid(1));
        state.holders.insert(
            ADDRESS.to_owned(),
            holders.iter().map(|id| ContactId::from_uuid(*id)).collect(),
        );
        state
    }

    fn provider_id(number: u128) -> ProviderId {
        ProviderId {
            account_id: CarrierAccountId::from_uuid(1),
            name: format!("SM{number}"),
        }
    }

    fn text(state: &mut ReceiveState, number: u128, text: &str) -> Vec<Effect> {
        take(state, number, inbound(number, text))
    }

    fn inbound(number: u128, text: &str) -> Inbound {
        Inbound {
            inbox_id: InboxId::from_uuid(1),
            address: ADDRESS.to_owned(),
            text: text.to_owned(),
            sender_id: SenderId::from_uuid(1),
            provider_id: provider_id(number),
        }
    }

    fn take(state: &mut ReceiveState, number: u128, inbound: Inbound) -> Vec<Effect> {
        let ids = FreshIds {
            conversation: ConversationId::from_uuid(number),
            message: MessageId::from_uuid(number * 2),
            reply: MessageId::from_uuid(number * 2 + 1),
        };
        receive(
            state,
            &inbound,
            ids,
            &Sender {
                organisation: "Acme",
            },
            Timestamp(number as i64),
        )
    }

    #[test]
    fn a_text_received_twice_is_one_message() {
        let mut state = state(&[7]);
        assert_eq!(text(&mut state, 1, "Hello").len(), 1);
        assert_eq!(text(&mut state, 1, "Hello").len(), 0);
        let conversation = state.conversations.values().next().unwrap();
        assert_eq!(
            (
                conversation.last_seq,
                conversation.received,
                conversation.our_turn
            ),
            (1, 1, true)
        );
        assert_eq!(conversation.contact_id, Some(ContactId::from_uuid(7)));
    }

    #[test]
    fn two_accounts_may_give_one_name_to_two_texts() {
        let mut state = state(&[7]);
        let mut elsewhere = inbound(1, "And I");
        elsewhere.provider_id.account_id = CarrierAccountId::from_uuid(2);
        assert_eq!(text(&mut state, 1, "Hello").len(), 1);
        for (effects, again) in [(1, "the first time"), (0, "repeated")] {
            let taken = take(&mut state, 2, elsewhere.clone());
            assert_eq!(taken.len(), effects, "{again}");
        }
    }

    #[test]
    fn who_texts_two_inboxes_is_heard_in_each_and_each_has_its_own_words() {
        let mut state = state(&[7]);
        let other = InboxId::from_uuid(2);
        let to_other = |number| Inbound {
            inbox_id: other,
            ..inbound(number, "To the other")
        };
        text(&mut state, 1, "To the first");
        take(&mut state, 2, to_other(2));
        text(&mut state, 3, "To the first again");
        take(&mut state, 4, to_other(4));
        take(&mut state, 5, to_other(5));
        let point = PointId::from_uuid(1);
        for (inbox, id, received) in [(InboxId::from_uuid(1), 1, 2), (other, 2, 3)] {
            let it = &state.conversations[&(inbox, point)];
            let found = (it.id, it.inbox_id, it.received);
            assert_eq!(found, (ConversationId::from_uuid(id), inbox, received));
        }
    }

    #[test]
    fn each_answer_of_the_hub_says_what_was_done() {
        for (word, out, said) in [
            ("stop", false, "Acme: you will get no more messages."),
            ("start", true, "Acme: you will get messages again."),
            ("help", false, "Acme: you are texting with our staff."),
            ("help", true, "Acme: you are texting with our staff."),
        ] {
            let mut state = state(&[7]);
            let since = (PointId::from_uuid(1), Timestamp(0));
            state.opted_out.extend(out.then_some(since));
            let effects = text(&mut state, 1, word);
            let Some(Effect::Reply(reply, _)) = effects.last() else {
                panic!("{word}: {effects:?}");
            };
            assert!(reply.text.starts_with(said), "{word}: {}", reply.text);
        }
    }

    #[test]
    fn a_shared_number_is_nobodys_until_somebody_says() {
        let mut state = state(&[7, 8]);
        text(&mut state, 1, "Hello");
        assert_eq!(
            state.conversations.values().next().unwrap().contact_id,
            None
        );
    }

    #[test]
    fn what_the_hub_says_by_itself_leaves_turn_and_unread_alone() {
        for word in ["help", "STOP", "START"] {
            let mut state = state(&[7]);
            state
                .opted_out
                .extend((word == "START").then_some((PointId::from_uuid(1), Timestamp(0))));
            text(&mut state, 1, "Where is my parcel?");
            let effects = text(&mut state, 2, word);
            assert!(matches!(effects.last(), Some(Effect::Reply(..))), "{word}");
            let it = state.conversations.values().next().unwrap();
            assert_eq!((it.received, it.our_turn), (2, true), "{word}");
        }
    }

    #[test]
    fn a_short_code_gets_no_reply_of_the_hub() {
        let mut state = ReceiveState::default();
        state
            .points
            .insert("60999".to_owned(), PointId::from_uuid(1));
        let inbound = Inbound {
            inbox_id: InboxId::from_uuid(1),
            address: "60999".to_owned(),
            text: "HELP".to_owned(),
            sender_id: SenderId::from_uuid(1),
            provider_id: provider_id(1),
        };
        let ids = FreshIds {
            conversation: ConversationId::from_uuid(1),
            message: MessageId::from_uuid(2),
            reply: MessageId::from_uuid(3),
        };
        let sender = Sender {
            organisation: "Acme",
        };
        let effects = receive(&mut state, &inbound, ids, &sender, Timestamp(1));
        assert!(matches!(effects[..], [Effect::Received(..)]), "{effects:?}");
    }

    #[test]
    fn a_number_that_moves_takes_its_conversation_along_unless_a_person_said_who_it_is() {
        let (one, other) = (ContactId::from_uuid(7), ContactId::from_uuid(8));
        for (decided, holders, tied) in [
            (false, &[8][..], Some(other)),
            (false, &[], None),
            (false, &[7, 8], None),
            (true, &[8], Some(one)),
            (true, &[], Some(one)),
        ] {
            let mut now = state(&[7]);
            text(&mut now, 1, "Hello");
            let mut conversations = std::mem::take(&mut now.conversations);
            for it in conversations.values_mut().filter(|_| decided) {
                it.decide_tie(Some(one));
            }
            let mut later = state(&holders.iter().map(|id| *id as u128).collect::<Vec<_>>());
            later.conversations = conversations;
            text(&mut later, 2, "It is me");
            let it = later.conversations.values().next().unwrap();
            assert_eq!(it.contact_id, tied, "{decided} {holders:?}");
        }
    }

    #[test]
    fn stop_is_confirmed_once_and_start_undoes_it() {
        let mut state = state(&[7, 8]);
        let point = PointId::from_uuid(1);
        let effects = text(&mut state, 1, "STOP");
        assert!(
            matches!(effects[..], [Effect::Received(..), Effect::OptOut(out, by), Effect::Reply(..)] if (out, by) == (point, MessageId::from_uuid(2)))
        );
        assert_eq!(
            text(&mut state, 2, "stop").len(),
            1,
            "no second confirmation"
        );
        let effects = text(&mut state, 3, "yes");
        assert!(
            matches!(effects[..], [Effect::Received(..), Effect::OptIn(again, by), Effect::Reply(..)] if (again, by) == (point, MessageId::from_uuid(6)))
        );
        assert_eq!(
            text(&mut state, 4, "yes").len(),
            1,
            "now it is an ordinary answer"
        );
        assert_eq!(text(&mut state, 5, "HELP").len(), 2);
        assert_eq!(text(&mut state, 6, "START").len(), 1, "nobody is out");
    }
}
