//! Who takes part sees what is said to them, and every reader says the same, whoever else takes part.

use super::harness::{Fixture, on_both};
use super::people::{Said, contact, draft, inbox, talk, theirs, writing};
use tieline_domain::access::{Participant, Principal, Scope};
use tieline_domain::attachment::{Attachment, AttachmentPlace, AttachmentState};
use tieline_domain::conversation::{
    Author, Conversation, Kind, Message, ParticipantRole, SeesFrom, TakingPart,
};
use tieline_domain::id::{ContactId, ConversationId, Id as _, MessageId, StaffId};
use tieline_storage::conversation::{self, ConversationQuery};
use tieline_storage::message::{self, Part};
use tieline_storage::{Tx, attachment, participant};

/// A conversation of a contact with an attachment at each message: two texts of theirs with a note
/// between them, and after ten milliseconds the same again.
struct Talk {
    row: Conversation,
    said: Vec<Message>,
    files: Vec<Attachment>,
}

async fn begin(at: &Fixture, number: &str, who: ContactId) -> Talk {
    let note: Said<'_> = (Kind::Note, Author::Contact, "word");
    let desk = inbox(at, number).await.id;
    let (mut row, mut said) = talk(at, desk, number, &[theirs("word"), note]).await;
    at.clock.advance(10);
    row.decide_tie(Some(who));
    let more = [
        row.add(draft(at, theirs("word"))),
        row.add(draft(at, note)),
        row.add(draft(at, theirs("other"))),
    ];
    let mut tx = writing(at).await;
    conversation::save_many(&mut tx, std::slice::from_ref(&row))
        .await
        .unwrap();
    message::create_many(&mut tx, &more).await.unwrap();
    said.extend(more);
    let files: Vec<Attachment> = said.iter().map(|it| file(at, it.id)).collect();
    attachment::create_many(&mut tx, &files).await.unwrap();
    tx.commit().await.unwrap();
    row.version += 1;
    Talk { row, said, files }
}

fn file(at: &Fixture, message_id: MessageId) -> Attachment {
    Attachment {
        id: at.store.new_id(),
        message_id,
        name: "Lease.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 5,
        sha256: vec![7; 32],
        place: AttachmentPlace::Folder,
        state: AttachmentState::Stored,
        created_at: at.store.now(),
    }
}

/// Which of its messages every reader shows to a scope; none where the conversation is not shown.
async fn check(tx: &mut Tx, scope: &Scope, all: &[Talk], it: &Talk, wanted: &[i64]) {
    let id = it.row.id;
    let is_shown = !wanted.is_empty();
    assert_eq!(conversation::get(tx, scope, id).await.is_ok(), is_shown);
    let listed = conversation::list_by_ids(tx, scope, &[id]).await.unwrap();
    assert_eq!(listed.len(), usize::from(is_shown));
    let parts = participant::list(tx, scope, id).await;
    assert_eq!(parts.is_ok(), is_shown);
    for part in [Part::End, Part::Before(99), Part::After(0)] {
        let found = message::list(tx, scope, id, part, 9).await;
        let found: Vec<i64> = found.unwrap_or_default().iter().map(|it| it.seq).collect();
        assert_eq!(found, wanted, "{part:?}");
    }
    let came = message::received_from(tx, scope, id, 0).await.unwrap();
    if it
        .row
        .contact_id
        .is_some_and(|who| scope.contacts().holds(who))
    {
        assert_eq!(came, (wanted.len() as i64, wanted.first().copied()));
    }
    let ids: Vec<MessageId> = it.said.iter().map(|it| it.id).collect();
    let found = message::list_by_ids(tx, scope, &ids).await.unwrap();
    let mut found: Vec<i64> = found.values().map(|it| it.seq).collect();
    found.sort_unstable();
    assert_eq!(found, wanted, "by ids");
    let mut found = Vec::new();
    for (file, said) in it.files.iter().zip(&it.said) {
        let shown = attachment::get(tx, scope, file.id).await;
        found.extend(shown.is_ok().then_some(said.seq));
    }
    assert_eq!(found, wanted, "attachments");
    let both: Vec<ConversationId> = all.iter().map(|it| it.row.id).collect();
    let hits = message::list_hits(tx, scope, "word", &both).await.unwrap();
    let hits: Vec<i64> = hits
        .iter()
        .filter(|hit| hit.message.conversation_id == id)
        .map(|hit| hit.message.seq)
        .collect();
    let last = wanted.iter().filter(|seq| **seq < 5).max();
    assert_eq!(hits, last.into_iter().copied().collect::<Vec<_>>());
}

#[tokio::test]
async fn who_takes_part_now_sees_what_was_said_since_and_nobody_in_their_place() {
    use ParticipantRole::{Assigned, Wrote};
    on_both(|at| async move {
        let ann = contact(&at, "Ann", "").await.id;
        let bob = contact(&at, "Bob", "").await.id;
        let mut all = Vec::new();
        for number in 0..8 {
            let who = if number == 6 { bob } else { ann };
            all.push(begin(&at, &format!("+44770090010{number}"), who).await);
        }
        let hers = Participant::Contact(ann);
        let his = Participant::Contact(bob);
        let namesake = Participant::Staff(StaffId::from_uuid(ann.uuid()));
        let part =
            |n: usize, who, role| TakingPart::begin(all[n].row.id, who, role, all[n].said[0].at);
        let since = |n: usize, it: TakingPart| TakingPart {
            since: all[n].said[2].at,
            ..it
        };
        let over = |it: TakingPart| TakingPart {
            until: Some(at.store.now()),
            ..it
        };
        let parts = [
            // Hers since she came.
            since(0, part(0, hers, Wrote)),
            // No longer hers, or only somebody else's.
            over(part(1, hers, Wrote)),
            TakingPart {
                sees_from: SeesFrom::Joined,
                ..part(2, namesake, Wrote)
            },
            part(3, his, Wrote),
            // With others who saw more, and with a part that is over.
            since(5, part(5, hers, Wrote)),
            over(part(5, hers, Assigned)),
            part(5, namesake, Wrote),
            part(5, his, Wrote),
            // It is with another by now.
            part(6, hers, Wrote),
            TakingPart {
                sees_from: SeesFrom::Start,
                ..since(7, part(7, hers, Wrote))
            },
        ];
        let mut tx = writing(&at).await;
        participant::begin(&mut tx, &parts).await.unwrap();
        let scope = Principal::Client(ann).scope();
        let shown: [&[i64]; 8] = [&[3, 5], &[], &[], &[], &[], &[3, 5], &[], &[1, 3, 5]];
        for (it, wanted) in all.iter().zip(shown) {
            check(&mut tx, &scope, &all, it, wanted).await;
        }
        let query = ConversationQuery {
            limit: 9,
            ..ConversationQuery::default()
        };
        let listed = conversation::list(&mut tx, &scope, &query).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|it| it.conversation.id).collect();
        assert_eq!(listed, [7, 5, 0].map(|n: usize| all[n].row.id));
        let count = conversation::count(&mut tx, &scope, &query).await;
        assert_eq!(count.unwrap(), 3);
        let counts = conversation::count_views(&mut tx, &scope).await.unwrap();
        assert_eq!((counts.all, counts.nobodys), (3, 3));
        let groups = conversation::count_groups(&mut tx, &scope).await.unwrap();
        assert_eq!(groups.iter().map(|it| it.number).sum::<i64>(), 3);
    })
    .await;
}
