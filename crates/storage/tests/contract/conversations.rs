//! Conversations: who wrote, who has read how far, who takes part, and two that became one.

use super::harness::{Fixture, on_both};
use std::collections::BTreeSet;
use tieline_domain::access::{Actor, Participant, Principal, Role, Scope, StaffMember};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::channel::Channel;
use tieline_domain::conversation::{
    Author, Conversation, Draft, HubReason, Kind, Message, ParticipantRole, ReadMark, TakingPart,
};
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::id::{ApiKeyId, ContactId, ConversationId, Id as _, InboxId, PointId, StaffId};
use tieline_storage::conversation::{self, ConversationQuery, Listed, View};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::message::Part;
use tieline_storage::staff::{self, Staff};
use tieline_storage::{StorageError, contact, event, merge, message, participant, read_mark};

/// An inbox with two members, and who answers to a number.
pub struct Desk {
    pub at: Fixture,
    inbox: InboxId,
    pub staff: [StaffId; 2],
}

impl Desk {
    pub async fn new(at: Fixture) -> Desk {
        let inbox = new_inbox(&at);
        let staff = [hire(&at, "ann").await, hire(&at, "ben").await];
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        inbox::create(&mut tx, &inbox).await.unwrap();
        for member in staff {
            inbox::add_member(&mut tx, inbox.id, member).await.unwrap();
        }
        tx.commit().await.unwrap();
        Desk {
            at,
            inbox: inbox.id,
            staff,
        }
    }

    pub fn scope(&self, staff: StaffId) -> Scope {
        member_of(staff, self.inbox)
    }

    /// Of somebody who is a member of another inbox.
    pub fn scope_elsewhere(&self, staff: StaffId) -> Scope {
        member_of(staff, InboxId::from_uuid(!self.inbox.uuid()))
    }

    pub async fn begin(&self, address: &str) -> Conversation {
        self.begin_in(self.inbox, address).await
    }

    async fn begin_in(&self, inbox: InboxId, address: &str) -> Conversation {
        let mut tx = self.at.store.begin(&Actor::system()).await.unwrap();
        let address = address.to_owned();
        let points = contact::ensure_points(&mut tx, Channel::Sms, std::slice::from_ref(&address));
        let point = points.await.unwrap()[&address];
        let it = Conversation::begin(tx.new_id(), inbox, point, tx.now());
        conversation::save_many(&mut tx, std::slice::from_ref(&it))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        it
    }

    pub async fn say(&self, id: ConversationId, kind: Kind, author: Author, text: &str) -> Message {
        self.at.clock.advance(10);
        let mut tx = self.at.store.begin(&Actor::system()).await.unwrap();
        let found = conversation::load_by_ids(&mut tx, &[id]).await.unwrap();
        let mut it = found.into_values().next().unwrap();
        let message = it.add(Draft {
            id: tx.new_id(),
            kind,
            author,
            text: text.to_owned(),
            state: State::Received,
            sender_id: None,
            client_key: None,
            at: tx.now(),
        });
        conversation::save_many(&mut tx, &[it]).await.unwrap();
        message::create_many(&mut tx, std::slice::from_ref(&message))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        message
    }

    async fn came(&self, id: ConversationId, text: &str) -> Message {
        self.say(id, Kind::Message, Author::Contact, text).await
    }

    async fn mark(&self, id: ConversationId, reader: StaffId, unread: bool) {
        let mut tx = self.at.store.begin(&Actor::system()).await.unwrap();
        let found = conversation::load_by_ids(&mut tx, &[id]).await.unwrap();
        let known = read_mark::get(&mut tx, id, reader).await.unwrap();
        let last = message::last_received(&mut tx, id).await.unwrap();
        let mark = match unread {
            true => known.set_back(&found[&id], last),
            false => ReadMark::at_end(&found[&id]),
        };
        read_mark::set(&mut tx, &found[&id], reader, mark)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn get(&self, scope: &Scope, id: ConversationId) -> Result<Listed, StorageError> {
        let mut reader = self.at.store.reader().await.unwrap();
        conversation::get(&mut reader, scope, id).await
    }

    async fn unread(&self, id: ConversationId) -> [i64; 2] {
        let mut unread = [0; 2];
        for (n, staff) in self.staff.into_iter().enumerate() {
            unread[n] = self.get(&self.scope(staff), id).await.unwrap().unread;
        }
        unread
    }

    async fn texts(&self, scope: &Scope, id: ConversationId) -> Vec<(i64, String)> {
        let mut reader = self.at.store.reader().await.unwrap();
        let all = message::list(&mut reader, scope, id, Part::End, 50)
            .await
            .unwrap();
        all.into_iter().map(|it| (it.seq, it.text)).collect()
    }

    async fn take_part(&self, parts: &[TakingPart]) {
        let mut tx = self.at.store.begin(&Actor::system()).await.unwrap();
        participant::begin(&mut tx, parts).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn parts(&self, id: ConversationId) -> Vec<TakingPart> {
        let mut reader = self.at.store.reader().await.unwrap();
        let all = participant::list(&mut reader, &Scope::system(), id).await;
        all.unwrap()
    }
}

fn member_of(staff: StaffId, inbox: InboxId) -> Scope {
    let member = StaffMember {
        id: staff,
        role: Role::Staff,
        reviewer: false,
        inboxes: vec![inbox],
    };
    Principal::Staff(member).scope()
}

fn new_inbox(at: &Fixture) -> Inbox {
    Inbox {
        id: at.store.new_id(),
        channel: Channel::Sms,
        name: "Front desk".to_owned(),
        country: "GB".to_owned(),
    }
}

async fn hire(at: &Fixture, name: &str) -> StaffId {
    let staff = Staff {
        id: at.store.new_id(),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        role: Role::Staff,
        reviewer: false,
        password_hash: None,
        active: true,
    };
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    staff::create(&mut tx, &staff).await.unwrap();
    tx.commit().await.unwrap();
    staff.id
}

#[tokio::test]
async fn what_a_person_has_not_read_is_theirs_alone_and_can_be_set_back() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let [ann, _] = desk.staff;
        let id = desk.begin("+447700900317").await.id;
        for text in ["one", "two", "three"] {
            desk.came(id, text).await;
        }
        let us = Author::Hub(HubReason::Keyword);
        desk.say(id, Kind::Message, us, "by itself").await;
        assert_eq!(desk.unread(id).await, [3, 3]);
        let before = desk.get(&Scope::system(), id).await.unwrap().conversation;
        desk.mark(id, ann, false).await;
        assert_eq!(desk.unread(id).await, [0, 3]);
        desk.mark(id, ann, true).await;
        assert_eq!(desk.unread(id).await, [1, 3]);
        desk.mark(id, ann, true).await;
        assert_eq!(desk.unread(id).await, [1, 3], "it is unread already");
        desk.came(id, "four").await;
        assert_eq!(desk.unread(id).await, [2, 4]);
        let after = desk.get(&Scope::system(), id).await.unwrap().conversation;
        assert_eq!(
            after.version,
            before.version + 1,
            "only the text changed it"
        );
        assert_eq!(desk.parts(id).await, [], "who looks takes no part");
    })
    .await;
}

#[tokio::test]
async fn what_is_unread_is_counted_for_each_person_and_found_in_the_conversation() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let [ann, ben] = desk.staff;
        let texts = ["+447700900317", "+447700900318", "+447700900319"];
        let mut ids = Vec::new();
        for number in texts {
            ids.push(desk.begin(number).await.id);
        }
        for id in [ids[0], ids[1], ids[0]] {
            desk.came(id, "theirs").await;
        }
        let us = Author::Hub(HubReason::Keyword);
        desk.say(ids[2], Kind::Message, us, "ours alone").await;
        desk.say(ids[0], Kind::Message, us, "ours").await;
        desk.came(ids[0], "theirs again").await;
        desk.mark(ids[1], ann, false).await;
        desk.mark(ids[0], ben, false).await;
        desk.came(ids[0], "new").await;
        let mut reader = desk.at.store.reader().await.unwrap();
        let everybody = Scope::system();
        let counted = conversation::count_unread(&mut reader, &everybody, &[ann, ben]).await;
        let counted = counted.unwrap();
        for (staff, number) in [(ann, 1), (ben, 2)] {
            let views = conversation::count_views(&mut reader, &desk.scope(staff)).await;
            assert_eq!(views.unwrap().unread, number);
            assert_eq!(counted[&(desk.inbox, staff)], number);
        }
        // One that is closed waits for nobody, and takes nothing off the others.
        let mut closed = desk.get(&everybody, ids[1]).await.unwrap().conversation;
        closed.open = false;
        let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
        let saved = conversation::save_many(&mut tx, &[closed]).await;
        saved.unwrap();
        tx.commit().await.unwrap();
        let open = conversation::count_unread(&mut reader, &everybody, &[ann, ben]).await;
        let open = open.unwrap();
        for staff in [ann, ben] {
            let views = conversation::count_views(&mut reader, &desk.scope(staff)).await;
            assert_eq!(views.unwrap().unread, 1);
            assert_eq!(open[&(desk.inbox, staff)], 1);
        }
        let elsewhere = desk.scope_elsewhere(ann);
        let views = conversation::count_views(&mut reader, &elsewhere).await;
        assert_eq!(views.unwrap().unread, 0);
        let hidden = conversation::count_unread(&mut reader, &elsewhere, &[ann]).await;
        assert!(hidden.unwrap().is_empty());
        for (seq, wanted) in [
            (0, (4, Some(1))),
            (2, (3, Some(2))),
            (3, (2, Some(4))),
            (6, (0, None)),
        ] {
            let found = message::received_from(&mut reader, &everybody, ids[0], seq).await;
            assert_eq!(found.unwrap(), wanted, "from {seq}");
        }
    })
    .await;
}

#[tokio::test]
async fn to_a_new_member_and_to_one_who_comes_back_only_what_comes_from_then_on_is_unread() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let id = desk.begin("+447700900317").await.id;
        let new = hire(&desk.at, "cleo").await;
        let scope = desk.scope(new);
        for came in [1, 3] {
            desk.came(id, "before").await;
            let us = Author::Hub(HubReason::Keyword);
            desk.say(id, Kind::Message, us, "ours").await;
            let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
            inbox::add_member(&mut tx, desk.inbox, new).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(desk.get(&scope, id).await.unwrap().unread, 0);
            desk.came(id, "after").await;
            assert_eq!(desk.get(&scope, id).await.unwrap().unread, 1);
            let others = [came + 1, came + 1];
            assert_eq!(desk.unread(id).await, others, "members are as they were");
            let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
            inbox::remove_member(&mut tx, desk.inbox, new)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_reader_hears_of_reading_and_only_once() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let [ann, ben] = desk.staff;
        let id = desk.begin("+447700900317").await.id;
        desk.came(id, "one").await;
        desk.mark(id, ann, false).await;
        desk.mark(id, ann, false).await;
        let mut reader = desk.at.store.reader().await.unwrap();
        for (staff, heard) in [(ann, 1), (ben, 0)] {
            let events = event::list_after(&mut reader, &desk.scope(staff), 0, 100).await;
            let (events, _) = events.unwrap().unwrap();
            let reads = events
                .iter()
                .filter(|it| matches!(it.event, Event::Read { .. }));
            assert_eq!(reads.count(), heard);
        }
    })
    .await;
}

#[tokio::test]
async fn every_author_reads_back_as_itself_and_what_staff_say_among_them_stays_there() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let id = desk.begin("+447700900317").await.id;
        let mut authors = vec![
            Author::Staff(desk.staff[0]),
            Author::Contact,
            Author::Visitor,
            Author::ApiKey(ApiKeyId::from_uuid(5)),
        ];
        authors.extend(HubReason::ALL.iter().map(|reason| Author::Hub(*reason)));
        let mut said = Vec::new();
        for author in authors {
            for kind in Kind::ALL {
                let message = desk.say(id, *kind, author, "words").await;
                let last = desk.get(&Scope::system(), id).await.unwrap();
                let last = last.conversation.last.unwrap();
                assert_eq!((last.kind, last.author), (*kind, author));
                said.push(message);
            }
        }
        let mut reader = desk.at.store.reader().await.unwrap();
        let all = message::list(&mut reader, &Scope::system(), id, Part::End, 50).await;
        assert_eq!(all.unwrap(), said);
        let outside = ContactId::from_uuid(1);
        let part = TakingPart::begin(
            id,
            Participant::Contact(outside),
            ParticipantRole::Wrote,
            said[0].at,
        );
        drop(reader);
        desk.take_part(&[part]).await;
        let scope = tied_to(&desk, id, outside).await;
        let mut reader = desk.at.store.reader().await.unwrap();
        let seen = message::list(&mut reader, &scope, id, Part::End, 50)
            .await
            .unwrap();
        assert_eq!(seen.len(), said.len() / 3);
        let ids: Vec<_> = said.iter().map(|it| it.id).collect();
        let by_ids = message::list_by_ids(&mut reader, &scope, &ids)
            .await
            .unwrap();
        assert_eq!(by_ids.len(), seen.len());
        assert!(seen.iter().all(|it| it.kind == Kind::Message));
    })
    .await;
}

/// Says that a conversation is with somebody; the scope that they have at the portal.
async fn tied_to(desk: &Desk, id: ConversationId, contact: ContactId) -> Scope {
    let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
    if contact::load_by_ids(&mut tx, &[contact])
        .await
        .unwrap()
        .is_empty()
    {
        let person = contact::new(
            &Catalogue::first("GB"),
            contact,
            Default::default(),
            tx.now(),
        );
        contact::save_many(&mut tx, &[person], &Catalogue::first("GB"))
            .await
            .unwrap();
    }
    let found = conversation::load_by_ids(&mut tx, &[id]).await.unwrap();
    let mut it = found.into_values().next().unwrap();
    it.decide_tie(Some(contact));
    conversation::save_many(&mut tx, &[it]).await.unwrap();
    tx.commit().await.unwrap();
    Principal::Client(contact).scope()
}

#[tokio::test]
async fn who_takes_part_sees_from_when_they_came_and_nothing_once_that_is_over() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let id = desk.begin("+447700900317").await.id;
        desk.came(id, "somebody before them").await;
        let contact = ContactId::from_uuid(1);
        let scope = tied_to(&desk, id, contact).await;
        let stranger = desk.get(&scope, id).await;
        assert!(matches!(stranger, Err(StorageError::NotFound(_))));
        let theirs = desk.came(id, "it is me").await;
        let (who, role) = (Participant::Contact(contact), ParticipantRole::Wrote);
        let part = TakingPart::begin(id, who, role, theirs.at);
        desk.take_part(&[part, part]).await;
        let later = TakingPart::begin(id, who, role, theirs.at + 500);
        desk.take_part(&[later]).await;
        assert_eq!(desk.parts(id).await, [part], "a part begins once");
        assert_eq!(desk.texts(&scope, id).await, [(2, "it is me".to_owned())]);

        let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
        participant::end(&mut tx, id, who, role).await.unwrap();
        tx.commit().await.unwrap();
        assert!(desk.get(&scope, id).await.is_err());
        desk.take_part(&[later]).await;
        assert_eq!(desk.parts(id).await, [later], "and may begin again");
        assert_eq!(desk.texts(&scope, id).await, []);
    })
    .await;
}

#[tokio::test]
async fn two_conversations_become_one_that_answers_for_both() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let [ann, ben] = desk.staff;
        let one = desk.begin("+447700900317").await;
        let two = desk.begin("447700900317").await;
        let three = desk.begin("07700900317").await;
        desk.came(one.id, "a").await;
        desk.came(two.id, "b").await;
        desk.say(one.id, Kind::Message, Author::Staff(ann), "c")
            .await;
        desk.mark(one.id, ann, false).await;
        desk.mark(two.id, ben, false).await;
        desk.came(two.id, "d").await;
        let role = ParticipantRole::Wrote;
        for (id, staff) in [(one.id, ann), (two.id, ann), (two.id, ben)] {
            let now = desk.at.store.now();
            let part = TakingPart::begin(id, Participant::Staff(staff), role, now);
            desk.take_part(&[part]).await;
        }
        // What became part of the second before goes with it.
        for (kept, other) in [(two.id, three.id), (one.id, two.id)] {
            let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
            merge::conversations(&mut tx, kept, other).await.unwrap();
            tx.commit().await.unwrap();
        }

        let act = "Two conversations with the same person became this one.";
        let wanted = ["a", "b", "c", "d", act, act];
        for id in [one.id, two.id, three.id] {
            let found = desk.get(&Scope::system(), id).await.unwrap();
            assert_eq!(found.conversation.id, one.id);
            let texts = desk.texts(&Scope::system(), id).await;
            let (numbers, words): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
            assert_eq!(
                (words, numbers),
                (wanted.map(str::to_owned).into(), vec![1, 2, 3, 4, 5, 6])
            );
        }
        assert_eq!(
            desk.unread(one.id).await,
            [2, 3],
            "b and d; nothing was read of a"
        );
        let took: BTreeSet<_> = desk.parts(two.id).await.iter().map(|it| it.who).collect();
        assert_eq!(took, BTreeSet::from([ann, ben].map(Participant::Staff)));
        check_lists(&desk, one.id, two.point_id).await;
        let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
        let elsewhere = new_inbox(&desk.at);
        inbox::create(&mut tx, &elsewhere).await.unwrap();
        tx.commit().await.unwrap();
        let elsewhere = desk.begin_in(elsewhere.id, "+447700900317").await;
        for (kept, other) in [(one.id, two.id), (one.id, one.id), (one.id, elsewhere.id)] {
            let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
            let refused = merge::conversations(&mut tx, kept, other).await;
            assert!(
                matches!(refused, Err(StorageError::NotFound(_))),
                "{refused:?}"
            );
        }
    })
    .await;
}

/// Only what is kept is listed, and what comes in at another's place finds it.
async fn check_lists(desk: &Desk, kept: ConversationId, other: PointId) {
    let mut reader = desk.at.store.reader().await.unwrap();
    for (view, number) in [(View::All, 1), (View::Closed, 0)] {
        let query = ConversationQuery {
            view,
            limit: 10,
            ..ConversationQuery::default()
        };
        let rows = conversation::list(&mut reader, &Scope::system(), &query).await;
        assert_eq!(rows.unwrap().len(), number, "{view:?}");
    }
    let found = conversation::load_by_points(&mut reader, &[other])
        .await
        .unwrap();
    let all: BTreeSet<_> = found.values().map(|it| it.id).collect();
    assert_eq!((found.len(), all), (2, BTreeSet::from([kept])));
}

#[tokio::test]
async fn a_persons_word_follows_a_merge_of_contacts_and_goes_with_a_contact_who_is_deleted() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let decided = desk.begin("+447700900317").await;
        let derived = desk.begin("+447700900318").await;
        let [kept, other] = [1, 2].map(ContactId::from_uuid);
        let numbers = [(other, "+447700900318"), (kept, "+447700900319")];
        let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
        let people = numbers.map(|(id, number)| {
            let fields = [("mobile_phone".to_owned(), number.to_owned())];
            contact::new(
                &Catalogue::first("GB"),
                id,
                fields.into_iter().collect(),
                tx.now(),
            )
        });
        contact::save_many(&mut tx, &people, &Catalogue::first("GB"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        tied_to(&desk, decided.id, other).await;
        let who = Participant::Contact(other);
        let part = TakingPart::begin(decided.id, who, ParticipantRole::Wrote, desk.at.store.now());
        desk.take_part(&[part]).await;
        let ties = async || {
            let mut ties = Vec::new();
            for id in [decided.id, derived.id] {
                let found = desk.get(&Scope::system(), id).await.unwrap();
                ties.push(found.conversation.contact_id);
            }
            ties
        };
        assert_eq!(ties().await, [Some(other), Some(other)]);
        let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
        merge::contacts(&mut tx, kept, other).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ties().await, [Some(kept), Some(other)]);
        let moved = TakingPart {
            who: Participant::Contact(kept),
            ..part
        };
        assert_eq!(desk.parts(decided.id).await, [moved]);
        let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
        let mut hidden = contact::load_by_ids(&mut tx, &[kept]).await.unwrap();
        let mut hidden = hidden.remove(&kept).unwrap();
        hidden.deleted_at = Some(tx.now());
        contact::save_many(&mut tx, &[hidden], &Catalogue::first("GB"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ties().await, [None, Some(other)]);
    })
    .await;
}
