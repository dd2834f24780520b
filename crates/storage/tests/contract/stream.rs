//! Events: numbered by commit, without gaps, read within a scope.

use super::harness::on_both;
use tieline_domain::access::{Inboxes, Scope};
use tieline_domain::event::Event;
use tieline_domain::id::{ConversationId, Id, InboxId, SyncRunId};
use tieline_storage::event;

#[tokio::test]
async fn events_are_committed_with_the_change_or_not_at_all() {
    on_both(|at| async move {
        let run = Event::SyncRun {
            run_id: SyncRunId::from_uuid(1),
        };
        let mut lost = at.store.begin().await.unwrap();
        lost.emit(run.clone());
        drop(lost);
        let mut kept = at.store.begin().await.unwrap();
        kept.emit(run.clone());
        kept.emit(run.clone());
        kept.commit().await.unwrap();
        assert_eq!(
            *at.store.head().borrow(),
            1,
            "the same fact is told once a commit"
        );
        let mut reader = at.store.reader().await.unwrap();
        let (events, looked) = event::list_after(&mut reader, &Scope::system(), 0, 10)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((events.len(), looked), (1, 1));
        assert_eq!(events[0].event, run);
    })
    .await;
}

#[tokio::test]
async fn an_event_of_a_foreign_inbox_is_passed_over() {
    on_both(|at| async move {
        let mut tx = at.store.begin().await.unwrap();
        let conversation_id = ConversationId::from_uuid(9);
        for inbox in 1..=2 {
            tx.emit(Event::Conversation {
                inbox_id: InboxId::from_uuid(inbox),
                conversation_id,
            });
        }
        tx.commit().await.unwrap();
        let scope = Scope {
            inboxes: Inboxes::Some(vec![InboxId::from_uuid(2)]),
            staff: None,
        };
        let mut reader = at.store.reader().await.unwrap();
        let (events, looked) = event::list_after(&mut reader, &scope, 0, 10)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(looked, 2);
        assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [2]);
    })
    .await;
}

#[tokio::test]
async fn a_reader_from_before_the_window_or_from_the_future_starts_afresh() {
    on_both(|at| async move {
        for id in 1..=3 {
            let mut tx = at.store.begin().await.unwrap();
            tx.emit(Event::SyncRun {
                run_id: SyncRunId::from_uuid(id),
            });
            tx.commit().await.unwrap();
            at.clock.advance(1000);
        }
        let mut tx = at.store.begin().await.unwrap();
        let window = tx.now() - 1500;
        assert_eq!(event::forget_before(&mut tx, window).await.unwrap(), 2);
        tx.commit().await.unwrap();
        let mut reader = at.store.reader().await.unwrap();
        for (seq, known) in [(0, false), (1, false), (2, true), (3, true), (4, false)] {
            let answer = event::list_after(&mut reader, &Scope::system(), seq, 10)
                .await
                .unwrap();
            assert_eq!(answer.is_some(), known, "after {seq}");
        }
    })
    .await;
}
