//! Attachments: bytes behind the trait, rows within a scope, orphans.

use super::conversations::Desk;
use super::harness::on_both;
use std::sync::Arc;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::attachment::{Attachment, AttachmentPlace, AttachmentState};
use tieline_domain::conversation::{Author, Kind};
use tieline_domain::id::{AttachmentId, Id as _, StaffId};
use tieline_domain::time::Timestamp;
use tieline_storage::attachment_store::{AttachmentStore, Folder, sweep};
use tieline_storage::{StorageError, attachment};

/// What every store keeps to.
async fn keeps_to_the_contract(files: &dyn AttachmentStore) {
    let [one, two] = [1, 2].map(AttachmentId::from_uuid);
    assert_eq!(files.get(one).await.unwrap(), None);
    assert_eq!(files.list().await.unwrap(), []);
    files.delete(one).await.unwrap();
    for bytes in [&b"first"[..], b"second, which is longer", b""] {
        files.put(one, bytes.to_vec()).await.unwrap();
        assert_eq!(files.get(one).await.unwrap().as_deref(), Some(bytes));
    }
    files.put(two, vec![0; 100_000]).await.unwrap();
    let mut ids: Vec<_> = files.list().await.unwrap();
    ids.sort();
    assert_eq!(ids.iter().map(|it| it.0).collect::<Vec<_>>(), [one, two]);
    assert!(ids.iter().all(|it| it.1 > Timestamp(0)));
    files.delete(one).await.unwrap();
    assert_eq!(files.get(one).await.unwrap(), None);
    assert_eq!(files.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_folder_keeps_to_the_contract_and_its_files_are_the_hubs_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("attachments");
    let files = Folder::at(&path);
    keeps_to_the_contract(&files).await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let two = path.join(AttachmentId::from_uuid(2).to_string());
    assert_eq!(mode(&two), 0o600);
    // Cut off while it was written: it is no file yet, and it is found and forgotten.
    let cut_off = AttachmentId::from_uuid(3);
    std::fs::write(path.join(format!("{cut_off}.new")), b"hal").unwrap();
    std::fs::write(path.join("somebody's own"), b"x").unwrap();
    assert_eq!(files.get(cut_off).await.unwrap(), None);
    assert_eq!(files.list().await.unwrap().len(), 2);
    files.delete(cut_off).await.unwrap();
    assert_eq!(files.list().await.unwrap().len(), 1);
    // Nor is anything of it behind what is put in its place.
    std::fs::write(path.join(format!("{cut_off}.new")), b"half of it").unwrap();
    files.put(cut_off, b"all".to_vec()).await.unwrap();
    assert_eq!(files.get(cut_off).await.unwrap(), Some(b"all".to_vec()));
}

fn of(id: u128, message_id: tieline_domain::id::MessageId, state: AttachmentState) -> Attachment {
    Attachment {
        id: AttachmentId::from_uuid(id),
        message_id,
        name: "Lease.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 5,
        sha256: vec![7; 32],
        place: AttachmentPlace::Folder,
        state,
        created_at: Timestamp(1),
    }
}

#[tokio::test]
async fn an_attachment_is_seen_by_whoever_sees_its_message_and_what_has_no_row_is_swept() {
    on_both(|at| async move {
        let desk = Desk::new(at).await;
        let conversation = desk.begin("+447700900317").await.id;
        let note = Author::Staff(desk.staff[0]);
        let message = desk.say(conversation, Kind::Note, note, "see this").await;
        let stored = of(1, message.id, AttachmentState::Stored);
        let gone = of(2, message.id, AttachmentState::Gone);
        let mut tx = desk.at.store.begin(&Actor::system()).await.unwrap();
        let both = [stored.clone(), gone.clone()];
        attachment::create_many(&mut tx, &both).await.unwrap();
        tx.commit().await.unwrap();
        let mut reader = desk.at.store.reader().await.unwrap();
        for scope in [Scope::system(), desk.scope(desk.staff[0])] {
            let found = attachment::get(&mut reader, &scope, stored.id).await;
            assert_eq!(found.unwrap(), stored);
        }
        let elsewhere = desk.scope_elsewhere(StaffId::from_uuid(5));
        let hidden = attachment::get(&mut reader, &elsewhere, stored.id).await;
        assert!(matches!(hidden, Err(StorageError::NotFound(_))));
        drop(reader);

        let folder = tempfile::tempdir().unwrap();
        let files: Arc<dyn AttachmentStore> = Arc::new(Folder::at(folder.path()));
        let orphan = AttachmentId::from_uuid(3);
        for id in [stored.id, gone.id, orphan] {
            files.put(id, b"bytes".to_vec()).await.unwrap();
        }
        let store = &desk.at.store;
        let young = sweep(store, &*files, Timestamp(1)).await.unwrap();
        assert_eq!(young, 0, "it may still get its row");
        let swept = sweep(store, &*files, Timestamp(i64::MAX)).await.unwrap();
        assert_eq!(swept, 2);
        assert!(files.get(stored.id).await.unwrap().is_some());
        assert!(files.get(orphan).await.unwrap().is_none());
    })
    .await;
}
