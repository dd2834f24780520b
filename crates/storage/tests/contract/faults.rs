//! A database that fails once: the fault is seen, and once its cause is gone the next write succeeds.

use super::harness::{CountingIds, Fixture, TestClock, on_both, on_postgres, on_sqlite, open};
use futures_util::FutureExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_domain::event::Event;
use tieline_storage::{Conn, Result, Row, StorageError, Store, StoreOptions, Tx, args, setting};
use tieline_testkit::postgres::Database;

async fn write(store: &Store, key: &str, value: &str) -> Result<()> {
    let mut tx = store.begin(&Actor::system()).await?;
    setting::set(&mut tx, key, &value).await?;
    tx.commit().await
}

async fn count(at: &Fixture) -> i64 {
    let mut conn = at.store.reader().await.unwrap();
    let sql = "select count(*) as n from setting";
    let row: Row = conn.one("count", sql, args![]).await.unwrap();
    row.int("n").unwrap()
}

#[tokio::test]
async fn after_a_full_disk_the_next_write_succeeds() {
    on_sqlite(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let pages = tx.opt("pragma page_count", args![]).await.unwrap().unwrap();
        let limit = pages.int("page_count").unwrap() + 1;
        let sql = format!("pragma max_page_count = {limit}");
        tx.all(&sql, args![]).await.unwrap();
        setting::set(&mut tx, "first", &"small").await.unwrap();
        let large = "x".repeat(100_000);
        let full = setting::set(&mut tx, "second", &large).await.unwrap_err();
        assert!(
            matches!(&full, StorageError::Unavailable(words) if words.contains("full")),
            "{full}"
        );
        assert!(!full.is_permanent(), "it is worth another try");
        let late = setting::set(&mut tx, "third", &"small").await;
        assert!(
            late.is_err(),
            "nothing more is written outside of the transaction"
        );
        assert!(tx.commit().await.is_err(), "a part is not committed");
        for round in 0..3 {
            write(&at.store, &format!("after {round}"), &large)
                .await
                .unwrap();
        }
        assert_eq!(count(&at).await, 3, "nothing of the failed change was kept");
    })
    .await;
}

#[tokio::test]
async fn a_trial_finds_a_full_disk_and_leaves_nothing() {
    on_both(|at| async move {
        for _ in 0..2 {
            at.store.try_writing().await.unwrap();
        }
        assert_eq!(count(&at).await, 0);
    })
    .await;
    on_sqlite(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let pages = tx.opt("pragma page_count", args![]).await.unwrap().unwrap();
        let sql = format!(
            "pragma max_page_count = {}",
            pages.int("page_count").unwrap()
        );
        tx.all(&sql, args![]).await.unwrap();
        tx.commit().await.unwrap();
        let full = at.store.try_writing().await.unwrap_err();
        assert!(full.to_string().contains("full"), "{full}");
        at.store.try_writing().await.expect("there is room again");
    })
    .await;
}

#[tokio::test]
async fn work_on_site_is_done_to_its_end_and_a_panic_there_leaves_the_database_to_others() {
    async fn add(mut tx: Tx, key: &str) -> Result<()> {
        setting::set(&mut tx, key, &"small").await?;
        tx.commit().await
    }
    on_both(|at| async move {
        let tx = at.store.begin(&Actor::system()).await.unwrap();
        let done = tx.on_site(|tx| async { add(tx, "first").await }).await;
        done.unwrap().unwrap();
        let tx = at.store.begin(&Actor::system()).await.unwrap();
        let panics = tx.on_site(|mut tx| async move {
            setting::set(&mut tx, "lost", &"small").await.unwrap();
            panic!("as a test asked for");
        });
        let ended: std::thread::Result<Result<()>> = AssertUnwindSafe(panics).catch_unwind().await;
        assert!(ended.is_err(), "who waits for it hears of the panic");
        write(&at.store, "second", "small").await.unwrap();
        assert_eq!(count(&at).await, 2);
    })
    .await;
    on_sqlite(|at| async move {
        let tx = at.store.begin(&Actor::system()).await.unwrap();
        let given_up = tx.on_site(|tx| async { add(tx, "first").await });
        assert!(given_up.now_or_never().is_none(), "it is another thread");
        write(&at.store, "second", "small").await.unwrap();
        assert_eq!(count(&at).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_failed_while_it_read_is_not_used_again() {
    on_sqlite(|at| async move {
        // What is set on one connection tells it from the others.
        let mark = async |reader: &mut Conn| {
            let row = reader.one("mark", "pragma cache_size", args![]).await;
            row.unwrap().int("cache_size").unwrap()
        };
        let mut reader = at.store.reader().await.unwrap();
        let set = reader.all("pragma cache_size = 77", args![]).await;
        set.unwrap();
        drop(reader);
        let mut reader = at.store.reader().await.unwrap();
        assert_eq!(mark(&mut reader).await, 77, "a good one is used again");
        for sql in ["pragma query_only = off", "pragma temp.max_page_count = 1"] {
            reader.all(sql, args![]).await.unwrap();
        }
        let sql = "create temp table large as select zeroblob(100000) as it";
        let full = reader.all(sql, args![]).await.map(|rows| rows.len());
        let full = full.unwrap_err();
        assert!(matches!(full, StorageError::Unavailable(_)), "{full}");
        drop(reader);
        let mut reader = at.store.reader().await.unwrap();
        assert_ne!(mark(&mut reader).await, 77);
    })
    .await;
}

#[tokio::test]
async fn who_gives_up_reading_has_the_database_stop() {
    const NEVER_ENDS: &str = "with recursive endless (n) as (select 1 union all select n + 1 from endless) \
                              select count(*) as n from endless";
    on_sqlite(|at| async move {
        for _ in 0..20 {
            let mut reader = at.store.reader().await.unwrap();
            let wait = Duration::from_millis(20);
            let looked = tokio::time::timeout(wait, reader.one("count", NEVER_ENDS, args![]));
            assert!(looked.await.is_err(), "it has no end");
        }
        let patience = at.store.patient(Duration::from_secs(2));
        let mut reader = patience.reader().await.unwrap();
        let answer = reader.one("count", "select 1 as n", args![]);
        let answer = tokio::time::timeout(Duration::from_secs(2), answer).await;
        assert_eq!(answer.unwrap().unwrap().int("n").unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn after_a_failed_statement_no_database_keeps_a_part_of_the_transaction() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        setting::set(&mut tx, "first", &"small").await.unwrap();
        assert!(
            tx.run("insert into nowhere values (1)", args![])
                .await
                .is_err()
        );
        assert!(setting::set(&mut tx, "second", &"small").await.is_err());
        let _ = tx.commit().await;
        assert_eq!(count(&at).await, 0);
        write(&at.store, "after", "small").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_commit_is_on_the_disk_and_names_what_there_is_whichever_connection_is_asked() {
    on_sqlite(|at| async move {
        let set = async |conn: &mut Conn, name: &str| {
            let sql = format!("pragma {name}");
            let row = conn.one("setting", &sql, args![]).await;
            row.unwrap().int(name).unwrap()
        };
        let mut reader = at.store.reader().await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        // 2 is full: each commit waits for the disk.
        for (name, wanted) in [("synchronous", 2), ("foreign_keys", 1)] {
            assert_eq!(set(&mut reader, name).await, wanted, "{name}");
            assert_eq!(set(&mut tx, name).await, wanted, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_waits_for_ever_in_postgresql() {
    on_postgres(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        for name in [
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
        ] {
            let row = tx.one("limit", &format!("show {name}"), args![]).await;
            assert_ne!(row.unwrap().text(name).unwrap(), "0", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_may_be_over_in_a_while_is_worth_another_try_and_nothing_else_is() {
    on_postgres(|at| async move {
        for (code, passes) in [
            ("08006", true),
            ("53300", true),
            ("57P01", true),
            ("57P02", true),
            ("57P03", true),
            ("57014", true),
            ("25P03", true),
            ("55P03", true),
            ("40001", true),
            ("40P01", true),
            ("22012", false),
            ("42501", false),
        ] {
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            let sql = format!("do $$ begin raise exception using errcode = '{code}'; end $$");
            let said = tx.run_script(&sql).await.unwrap_err();
            assert_eq!(said.is_permanent(), !passes, "{code}: {said}");
        }
    })
    .await;
}

/// The words with which a store is refused.
async fn refused(url: &str, existing: bool) -> String {
    let options = StoreOptions {
        url: url.to_owned(),
        clock: Arc::new(TestClock::default()),
        ids: Arc::new(CountingIds::default()),
    };
    let opened = match existing {
        true => Store::open_existing(options).await,
        false => Store::open(options).await,
    };
    match opened.err() {
        Some(StorageError::Settings(words)) => words,
        Some(missing @ StorageError::Missing(_)) => missing.to_string(),
        Some(other) => panic!("refused, but not in words: {other:?}"),
        None => String::new(),
    }
}

#[tokio::test]
async fn one_process_works_on_a_file_and_another_is_told_who_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tieline.db");
    let url = format!("sqlite:{}", path.display());
    let first = open(&url).await;
    let words = refused(&url, false).await;
    assert!(
        words.contains("in use") && words.contains(&std::process::id().to_string()),
        "{words}"
    );
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let words = refused(&format!("sqlite:{}", link.display()), false).await;
    assert!(
        words.contains("in use"),
        "the same file by another name: {words}"
    );
    // A hard link does not lead to the lock: it is refused by whichever name, until it is gone.
    let elsewhere = tempfile::tempdir().unwrap();
    let hard = elsewhere.path().join("tieline.db");
    std::fs::hard_link(&path, &hard).unwrap();
    let words = refused(&format!("sqlite:{}", hard.display()), false).await;
    assert!(words.contains("hard link"), "{words}");
    let beside = elsewhere.path().read_dir().unwrap();
    assert_eq!(beside.count(), 1, "nothing is made beside it");
    write(&first.store, "still", "works").await.unwrap();
    first.store.close().await;
    let words = refused(&url, true).await;
    assert!(words.contains("hard link"), "{words}");
    std::fs::remove_file(&hard).unwrap();
    let second = open(&url).await;
    assert_eq!(count(&second).await, 1);
}

#[tokio::test]
async fn whichever_statement_fails_nothing_is_kept_and_nothing_is_told() {
    on_both(|at| async move {
        let change = async || {
            let mut tx = at.store.begin(&Actor::system()).await?;
            setting::set(&mut tx, "first", &"small").await?;
            tx.emit(Event::Contacts {
                contact_ids: vec![tx.new_id()],
            });
            setting::set(&mut tx, "second", &"small").await?;
            tx.commit().await
        };
        for number in 1.. {
            at.store.faults().fail_at(number);
            let changed = change().await;
            if !at.store.faults().take_back() {
                changed.unwrap();
                assert!(
                    number > 4,
                    "two settings, the event and the commit: {number}"
                );
                break;
            }
            assert!(
                matches!(changed, Err(StorageError::Unavailable(_))),
                "{number}: {changed:?}"
            );
            assert_eq!(
                (count(&at).await, *at.store.head().borrow()),
                (0, 0),
                "{number}"
            );
        }
        assert_eq!((count(&at).await, *at.store.head().borrow()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn files_of_a_database_are_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = open(&format!(
        "sqlite:{}",
        folder.path().join("tieline.db").display()
    ))
    .await;
    write(&at.store, "a", "text").await.unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
        seen += 1;
    }
    assert!(seen >= 3, "the file, its log and its lock");
}

#[tokio::test]
async fn a_database_that_is_missing_or_emptied_beside_its_key_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tieline.db");
    let url = format!("sqlite:{}", path.display());
    assert!(refused(&url, true).await.contains("missing or empty"));
    assert!(!path.exists(), "nothing was made");
    std::fs::write(&path, b"").unwrap();
    assert!(refused(&url, true).await.contains("missing or empty"));
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    let database = Database::create().await;
    let words = refused(&database.url, true).await;
    assert!(words.contains("missing or empty"), "{words}");
    database.remove().await;
}

#[tokio::test]
async fn a_damaged_page_is_noticed_at_the_start() {
    const PAGE: usize = 4096;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tieline.db");
    let url = format!("sqlite:{}", path.display());
    let at = open(&url).await;
    for number in 0..200 {
        write(&at.store, &format!("{number}"), &"x".repeat(200))
            .await
            .unwrap();
    }
    at.store.close().await;
    let sound = std::fs::read(&path).unwrap();
    let pages = sound.len() / PAGE;
    assert!(pages > 60, "there are pages to damage: {pages}");
    for page in (0..pages).step_by(7) {
        let mut damaged = sound.clone();
        damaged[page * PAGE..(page + 1) * PAGE].fill(0x5a);
        std::fs::write(&path, &damaged).unwrap();
        let words = refused(&url, false).await;
        assert!(words.contains("damaged"), "page {page}: {words:?}");
    }
    std::fs::write(&path, &sound).unwrap();
    assert_eq!(refused(&url, false).await, "");
}

#[tokio::test]
async fn a_database_of_another_build_is_refused_in_words_and_left_as_it_is() {
    for (edit, whose) in [
        (
            "update schema_migration set checksum = '0123456789abcdef'",
            "another build",
        ),
        (
            "alter table schema_migration drop column checksum",
            "another build",
        ),
        (
            "insert into schema_migration (number, checksum) values (1000, '')",
            "newer",
        ),
    ] {
        on_both(|at| async move {
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            tx.run_script(edit).await.unwrap();
            setting::set(&mut tx, "kept", &"as it was").await.unwrap();
            tx.commit().await.unwrap();
            at.store.close().await;
            let bytes = || {
                at.url
                    .strip_prefix("sqlite:")
                    .map(|path| std::fs::read(path).unwrap())
            };
            let before = bytes();
            for existing in [true, false] {
                let words = refused(&at.url, existing).await;
                assert!(words.contains(whose), "{edit}: {words:?}");
            }
            assert!(bytes() == before, "{edit}: the file was touched");
        })
        .await;
    }
}

/// Ends every connection that listens, for a while; how many were ended.
async fn cut_listeners(by: &Fixture, rounds: usize) -> i64 {
    let mut cut = 0;
    for _ in 0..rounds {
        let mut conn = by.store.reader().await.unwrap();
        let sql = "select cast(count(*) filter (where pg_terminate_backend(pid)) as bigint) as n \
                   from pg_stat_activity where datname = current_database() \
                   and pid <> pg_backend_pid() and query ilike 'listen%'";
        cut += conn
            .one("count", sql, args![])
            .await
            .unwrap()
            .int("n")
            .unwrap();
        drop(conn);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cut
}

#[tokio::test]
async fn a_hub_whose_listening_connection_is_cut_hears_of_the_others_again() {
    on_postgres(|at| async move {
        let other = at.second_hub().await;
        let mut head = at.store.head();
        let cut = cut_listeners(&other, 20).await;
        assert!(cut >= 2, "the fault fired {cut} times");
        for round in 0..2 {
            let mut tx = other.store.begin(&Actor::system()).await.unwrap();
            let id = tx.new_id();
            tx.emit(Event::Contacts {
                contact_ids: vec![id],
            });
            let cutting = cut_listeners(&other, 2).await;
            tx.commit().await.unwrap();
            let heard = head.wait_for(|seq| *seq == round + 1);
            let heard = tokio::time::timeout(Duration::from_secs(10), heard).await;
            assert!(heard.is_ok(), "round {round}, cut {cutting}");
        }
    })
    .await;
}
