//! The migrations make the same tables on both databases: columns, nullability, keys and indexes.

use super::harness::{CountingIds, Fixture, TestClock, on_both, on_postgres, on_sqlite};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tieline_domain::access::Actor;
use tieline_storage::{Store, StoreOptions, args};
use tieline_testkit::postgres::Database;

/// Table, position, name, type, nullable, default.
type Column = (String, i64, String, String, bool, Option<String>);

/// Table, the name that the migration gave, unique, partial, columns in order.
type Index = (String, Option<String>, bool, bool, Vec<String>);

/// Table, column, table referred to.
type Reference = (String, String, String);

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Schema {
    columns: BTreeSet<Column>,
    indexes: BTreeSet<Index>,
    references: BTreeSet<Reference>,
}

struct Questions {
    columns: &'static str,
    indexes: &'static str,
    references: &'static str,
}

const SQLITE: Questions = Questions {
    columns: "select m.name as tab, c.cid + 1 as position, c.name as name, lower(c.type) as type, \
              1 - c.\"notnull\" as nullable, c.dflt_value as given from sqlite_master m \
              join pragma_table_info(m.name) c where m.type = 'table'",
    indexes: "select m.name as tab, l.name as name, case l.origin when 'c' then 1 else 0 end as named, \
              l.\"unique\" as is_unique, l.partial as partial, i.name as col from sqlite_master m \
              join pragma_index_list(m.name) l join pragma_index_info(l.name) i \
              where m.type = 'table' order by m.name, l.name, i.seqno",
    references: "select m.name as tab, f.\"from\" as col, f.\"table\" as target from sqlite_master m \
                 join pragma_foreign_key_list(m.name) f where m.type = 'table'",
};

const POSTGRES: Questions = Questions {
    columns: "select cast(table_name as text) as tab, cast(ordinal_position as bigint) as position, \
              cast(column_name as text) as name, cast(data_type as text) as type, \
              cast(case is_nullable when 'YES' then 1 else 0 end as bigint) as nullable, \
              cast(column_default as text) as given from information_schema.columns \
              where table_schema = 'public'",
    indexes: "select cast(t.relname as text) as tab, cast(i.relname as text) as name, \
              cast(case when exists (select 1 from pg_constraint c where c.conindid = x.indexrelid \
              and c.contype in ('p', 'u')) then 0 else 1 end as bigint) as named, \
              cast(case when x.indisunique then 1 else 0 end as bigint) as is_unique, \
              cast(case when x.indpred is null then 0 else 1 end as bigint) as partial, \
              cast(a.attname as text) as col from pg_index x join pg_class i on i.oid = x.indexrelid \
              join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace \
              cross join lateral unnest(x.indkey) with ordinality as k (attnum, n) \
              join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum \
              where n.nspname = 'public' order by t.relname, i.relname, k.n",
    references: "select cast(t.relname as text) as tab, cast(a.attname as text) as col, \
                 cast(f.relname as text) as target from pg_constraint c \
                 join pg_class t on t.oid = c.conrelid join pg_class f on f.oid = c.confrelid \
                 join pg_attribute a on a.attrelid = t.oid and a.attnum = any (c.conkey) \
                 where c.contype = 'f'",
};

async fn read(at: &Fixture, questions: &Questions) -> Schema {
    let mut conn = at.store.reader().await.unwrap();
    let mut schema = Schema::default();
    for row in conn.all(questions.columns, args![]).await.unwrap() {
        let type_name = row.text("type").unwrap().replace("bytea", "blob");
        schema.columns.insert((
            row.text("tab").unwrap(),
            row.int("position").unwrap(),
            row.text("name").unwrap(),
            type_name,
            row.bool("nullable").unwrap(),
            row.opt_text("given").unwrap(),
        ));
    }
    let mut indexes: BTreeMap<(String, String), Index> = BTreeMap::new();
    for row in conn.all(questions.indexes, args![]).await.unwrap() {
        let (tab, name) = (row.text("tab").unwrap(), row.text("name").unwrap());
        let index = indexes.entry((tab.clone(), name.clone())).or_insert((
            tab,
            row.bool("named").unwrap().then_some(name),
            row.bool("is_unique").unwrap(),
            row.bool("partial").unwrap(),
            Vec::new(),
        ));
        index.4.push(row.text("col").unwrap());
    }
    schema.indexes = indexes.into_values().collect();
    for row in conn.all(questions.references, args![]).await.unwrap() {
        schema.references.insert((
            row.text("tab").unwrap(),
            row.text("col").unwrap(),
            row.text("target").unwrap(),
        ));
    }
    schema
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_keys_and_indexes() {
    let [sqlite, postgres] = [Arc::<Mutex<Schema>>::default(), Arc::default()];
    on_sqlite(|at| {
        let found = sqlite.clone();
        async move { *found.lock().unwrap() = read(&at, &SQLITE).await }
    })
    .await;
    on_postgres(|at| {
        let found = postgres.clone();
        async move { *found.lock().unwrap() = read(&at, &POSTGRES).await }
    })
    .await;
    let (sqlite, postgres) = (sqlite.lock().unwrap(), postgres.lock().unwrap());
    assert!(
        sqlite.columns.len() > 100 && sqlite.indexes.len() > 30 && sqlite.references.len() > 10,
        "the questions find the schema"
    );
    agree("columns", &sqlite.columns, &postgres.columns);
    agree("indexes", &sqlite.indexes, &postgres.indexes);
    agree("references", &sqlite.references, &postgres.references);
}

fn agree<T: Ord + std::fmt::Debug>(what: &str, sqlite: &BTreeSet<T>, postgres: &BTreeSet<T>) {
    let only = |a: &BTreeSet<T>, b: &BTreeSet<T>| -> Vec<String> {
        a.difference(b).map(|item| format!("{item:?}")).collect()
    };
    let (left, right) = (only(sqlite, postgres), only(postgres, sqlite));
    assert!(
        left.is_empty() && right.is_empty(),
        "{what} differ; only SQLite has {left:#?}, only PostgreSQL has {right:#?}"
    );
}

#[tokio::test]
async fn nodes_that_start_at_once_on_an_empty_server_all_come_up() {
    let database = Database::create().await;
    let opened = || {
        Store::open(StoreOptions {
            url: database.url.clone(),
            clock: Arc::new(TestClock::default()),
            ids: Arc::new(CountingIds::default()),
        })
    };
    let (one, two, three) = tokio::join!(opened(), opened(), opened());
    let mut failed = Vec::new();
    for store in [one, two, three] {
        match store {
            Ok(store) => store.close().await,
            Err(error) => failed.push(error.to_string()),
        }
    }
    database.remove().await;
    assert_eq!(failed, [""; 0]);
}

#[tokio::test]
async fn opening_a_migrated_database_again_changes_nothing() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        tx.run(
            "insert into setting (key, value, updated_at) values ($1, $2, $3)",
            args!["colour", "green", at.store.now()],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        at.store.close().await;
        let again = at.second_hub().await;
        let row = again
            .store
            .reader()
            .await
            .unwrap()
            .one(
                "setting",
                "select value from setting where key = $1",
                args!["colour"],
            )
            .await
            .unwrap();
        assert_eq!(row.text("value").unwrap(), "green");
    })
    .await;
}
