//! The command line of the operator: beside a hub that runs, over its socket, and without one, under
//! the lock of the database. Each verb is the program itself, as a person starts it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tieline::real::RealWorld;
use tieline_access::{Access, NewKey, NewStaff, Visit};
use tieline_domain::access::{Actor, Caller, Reach, Right, Rights, Role};
use tieline_domain::carrier::CarrierKind;
use tieline_domain::channel::Channel;
use tieline_domain::job::{InHand, JobKind, JobState};
use tieline_domain::time::Clock as _;
use tieline_org::{Place, Vault};
use tieline_storage::carrier_account::{self, CarrierAccount};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::job::{self, NewJob};
use tieline_storage::{Store, StoreOptions};
use tieline_testkit::postgres::Database;

const PATIENCE: Duration = Duration::from_secs(60);
const ADMINISTRATOR: &str = "ann@example.com";

struct Machine {
    folder: TempDir,
    hub: Option<Child>,
}

/// What a verb said.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Machine {
    /// With a hub that runs, and its first administrator.
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let mut machine = Machine { folder, hub: None };
        machine.start();
        machine
    }

    /// With a database that no hub serves.
    async fn at_rest() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { folder, hub: None };
        machine.within(async |_: &Store| ()).await;
        machine
    }

    /// Does something in the database, which no verb has meanwhile.
    async fn within<T>(&self, act: impl AsyncFnOnce(&Store) -> T) -> T {
        let world = Arc::new(RealWorld);
        let database = self.folder.path().join("tieline.db");
        let store = Store::open(StoreOptions {
            url: format!("sqlite:{}", database.display()),
            clock: world.clone(),
            ids: world,
        });
        let store = store.await.unwrap();
        let done = act(&store).await;
        store.close().await;
        done
    }

    /// Inboxes of these names.
    async fn add_inboxes(&self, names: &[&str]) {
        let add = async |store: &Store| {
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            for name in names {
                let inbox = Inbox {
                    id: tx.new_id(),
                    channel: Channel::Sms,
                    name: (*name).to_owned(),
                    country: "GB".to_owned(),
                };
                inbox::create(&mut tx, &inbox).await.unwrap();
            }
            tx.commit().await.unwrap();
        };
        self.within(add).await;
    }

    /// What a verb says that is done.
    fn done(&self, words: &str) -> Said {
        let said = self.say(words);
        assert_eq!(said.code, 0, "{words}: {said:?}");
        said
    }

    /// A field of all items that a verb lists.
    fn listed(&self, words: &str, field: &str) -> Vec<String> {
        let list = self.done(&format!("{words} --json")).json();
        let items = list["items"].as_array().unwrap().iter();
        let fields = items.map(|it| it[field].as_str().unwrap().to_owned());
        fields.collect()
    }

    fn start(&mut self) {
        let hub = self
            .program()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--administrator", ADMINISTRATOR])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.hub = Some(hub);
        let began = Instant::now();
        while !self.is_heard() {
            assert!(began.elapsed() < PATIENCE, "the socket opens");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_heard(&self) -> bool {
        std::os::unix::net::UnixStream::connect(self.socket()).is_ok()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("tieline.db.operator/socket")
    }

    fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_tieline"));
        for name in ["TIELINE_DATABASE", "TIELINE_SOCKET", "TIELINE_PUBLIC_URL"] {
            program.env_remove(name);
        }
        program.current_dir(self.folder.path());
        program
    }

    /// What a verb says, its words told apart by blanks.
    fn say(&self, words: &str) -> Said {
        self.say_each(&words.split(' ').collect::<Vec<_>>())
    }

    fn say_each(&self, words: &[&str]) -> Said {
        let program = self.program().args(words).stdin(Stdio::null()).output();
        program.unwrap().into()
    }

    fn kill(&mut self) {
        let mut hub = self.hub.take().unwrap();
        hub.kill().unwrap();
        hub.wait().unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.hub.is_some() {
            self.kill();
        }
    }
}

/// The life of a user, told by verbs; each act is audited as the operator's.
fn life_of_a_user(machine: &Machine, email: &str) {
    let added = machine.say_each(&[
        "staff", "add", email, "--name", "Bo Berg", "--link", "--json",
    ]);
    assert_eq!(added.code, 0, "{added:?}");
    let told = added.json();
    let url = told["sign_in_link"]["url"].as_str().unwrap();
    assert!(url.contains("/sign-in/"), "{url}");
    let id = told["id"].as_str().unwrap().to_owned();
    for (words, shown) in [
        (
            format!("staff role {email} user_administrator"),
            "is user_administrator",
        ),
        (format!("staff deactivate {id}"), "deactivated"),
        (format!("staff activate {}", email.to_uppercase()), "active"),
        (
            format!("staff password {email} --generate"),
            "shown only here",
        ),
        (format!("session end {email} --all"), "ended"),
        ("staff list".to_owned(), email),
        (format!("session list {email}"), "signed in nowhere"),
        ("jobs list".to_owned(), "No work gave up"),
        ("inbox list".to_owned(), "no inboxes"),
    ] {
        let said = machine.say(&words);
        assert_eq!(said.code, 0, "{words}: {said:?}");
        assert!(said.out.contains(shown), "{words}: {said:?}");
    }
    let audit = machine.say("audit --limit 200 --json").json();
    let lines = audit["items"].as_array().unwrap();
    let of_bo: Vec<&Value> = lines
        .iter()
        .filter(|it| it["target"] == id.as_str())
        .collect();
    let acts: Vec<&str> = of_bo.iter().map(|it| it["act"].as_str().unwrap()).collect();
    let expected = [
        "end_sessions",
        "set_password",
        "change_staff",
        "change_staff",
        "change_staff",
        "make_sign_in_link",
        "add_staff",
    ];
    assert_eq!(acts, expected);
    let own = fs::metadata(machine.folder.path()).unwrap().uid();
    for line in of_bo {
        assert_eq!(line["by"], "operator");
        let from = line["address"].as_str().unwrap();
        assert!(from.contains(&format!("uid {own}")), "{from}");
    }
}

#[test]
fn the_operator_manages_users_beside_a_hub_that_runs_and_after_it_was_killed() {
    let mut machine = Machine::new();
    life_of_a_user(&machine, "bo@example.com");
    machine.kill();
    assert!(machine.socket().exists(), "it left its socket");
    life_of_a_user(&machine, "bea@example.com");
    // The socket that the dead process left is replaced, and all is as it was left.
    machine.start();
    let said = machine.say("staff list");
    for email in [ADMINISTRATOR, "bo@example.com", "bea@example.com"] {
        assert!(said.out.contains(email), "{said:?}");
    }
}

#[test]
fn the_socket_and_its_folder_are_for_their_owner_alone_and_go_with_the_hub() {
    let mut machine = Machine::new();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&machine.socket()), 0o600);
    assert_eq!(mode(machine.socket().parent().unwrap()), 0o700);
    // It answers, so it also hears that it is asked to end.
    assert_eq!(machine.say("staff list").code, 0);
    let mut hub = machine.hub.take().unwrap();
    let told = Command::new("kill").arg(hub.id().to_string()).status();
    assert!(told.unwrap().success());
    assert!(hub.wait().unwrap().success());
    assert!(!machine.socket().exists());
    // Whoever made the folder open to others is told, before anything is sent there.
    let folder = machine.socket().parent().unwrap().to_owned();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let said = machine.say("staff list");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("chmod 700"), "{said:?}");
}

#[test]
fn what_cannot_be_done_is_told_with_the_argument_the_fix_and_its_exit_code() {
    let machine = Machine::new();
    let inbox = "inbox member add nowhere ann@example.com";
    for (words, code, told) in [
        (
            "staff add ann@example.com --name Ann",
            1,
            &["error: Email: ", "exists"][..],
        ),
        (
            "staff add nonsense --name Ann",
            1,
            &["error: Email: ", "ann@example.com"],
        ),
        (
            "staff deactivate ann@example.com",
            1,
            &["last active system administrator"],
        ),
        (
            "staff link nobody@example.com",
            2,
            &["<USER>", "nobody@example.com", "staff list"],
        ),
        (
            "staff role ann@example.com boss",
            2,
            &["user_administrator"],
        ),
        (
            "staff add bo@example.com --name Bo --inbox nowhere",
            2,
            &["<INBOX>", "inbox list"],
        ),
        (inbox, 2, &["<INBOX>", "nowhere"]),
        (
            "jobs retry job_00000000000000000000000000000001",
            1,
            &["dead job"],
        ),
        ("jobs retry ../keys", 2, &["error: <ID>: "]),
        ("jobs retry job_x", 1, &["error: Id: \"job_x\" is"]),
        ("key add ci --right converse", 1, &["inboxes"]),
        ("key add ci --right everything", 2, &["read_contacts"]),
        ("key revoke ci", 2, &["<KEY>", "key list"]),
        ("session end ann@example.com", 2, &["--all"]),
        ("staff password ann@example.com", 2, &["--generate"]),
        (
            "staff list --database sqlite:typo.db",
            3,
            &["typo.db", "--database"],
        ),
        (
            "staff list --database mysql://x:secret@y",
            3,
            &["postgres://"],
        ),
    ] {
        let said = machine.say(words);
        assert_eq!(said.code, code, "{words}: {said:?}");
        for part in told {
            assert!(said.err.contains(part), "{words}: {part:?} in {said:?}");
        }
        assert!(
            said.out.is_empty() && !said.err.contains("secret"),
            "{words}: {said:?}"
        );
    }
    assert!(
        !machine.folder.path().join("typo.db").exists(),
        "no database is begun by a slip"
    );
    let added = machine.say("staff list --json").json();
    assert_eq!(
        added["items"].as_array().unwrap().len(),
        1,
        "a slip leaves no half behind"
    );
    let refused = machine.say("staff add nonsense --name Ann --json");
    let problem: Value = serde_json::from_str(&refused.err).unwrap();
    assert_eq!(
        (problem["field"].as_str(), refused.code),
        (Some("email"), 1)
    );
}

#[tokio::test]
async fn a_verb_on_a_server_without_a_hub_says_so_and_speaks_of_no_key() {
    let machine = Machine::at_rest().await;
    let database = Database::create().await;
    let said = machine.say(&format!("staff list --database {}", database.url));
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.contains("--database") && said.err.contains("tieline serve"),
        "{said:?}"
    );
    assert!(!said.err.contains("key"), "{said:?}");
    database.remove().await;
}

#[test]
fn a_hub_without_a_socket_is_not_gone_around() {
    let mut machine = Machine::new();
    machine.kill();
    let hub = machine
        .program()
        .args(["serve", "--listen", "127.0.0.1:0", "--socket", "off"])
        .stdout(Stdio::null())
        .spawn();
    machine.hub = Some(hub.unwrap());
    let lock = machine.folder.path().join("tieline.db.lock");
    let process = machine.hub.as_ref().unwrap().id().to_string();
    let began = Instant::now();
    while fs::read_to_string(&lock).unwrap_or_default() != process {
        assert!(began.elapsed() < PATIENCE, "the hub takes the lock");
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = machine.say("staff list");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.contains(&format!("in use by process {process}")),
        "{said:?}"
    );
}

/// What a hub says of signing in as it starts.
fn way_in(machine: &mut Machine) -> String {
    let mut hub = machine
        .program()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--administrator", ADMINISTRATOR])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(hub.stdout.take().unwrap()).lines();
    let line = told.find_map(|line| line.unwrap().strip_prefix("Sign in:").map(str::to_owned));
    machine.hub = Some(hub);
    machine.kill();
    line.expect("it says so")
}

#[test]
fn an_administrator_gets_a_link_at_each_start_until_there_is_another_way_in() {
    let mut machine = Machine::new();
    machine.kill();
    for _ in 0..2 {
        let line = way_in(&mut machine);
        assert!(line.contains("/sign-in/"), "{line}");
    }
    let set = format!("staff password {ADMINISTRATOR} --generate");
    assert_eq!(machine.say(&set).code, 0);
    let line = way_in(&mut machine);
    assert!(!line.contains("/sign-in/"), "{line}");
    assert!(line.contains(ADMINISTRATOR), "{line}");
}

#[test]
fn who_is_named_as_administrator_and_was_demoted_or_deactivated_is_told_how_to_be_one() {
    let mut machine = Machine::new();
    machine.kill();
    way_in(&mut machine);
    assert_eq!(
        machine
            .say("staff add other@example.com --name Other --role system_administrator")
            .code,
        0
    );
    for (act, advice) in [
        (
            "staff role {} user_administrator",
            "tieline staff role {} system_administrator",
        ),
        ("staff deactivate {}", "tieline staff activate {}"),
    ] {
        let said = machine.say(&act.replace("{}", ADMINISTRATOR));
        assert_eq!(said.code, 0, "{said:?}");
        let line = way_in(&mut machine);
        assert!(
            line.contains(&advice.replace("{}", ADMINISTRATOR)),
            "{line}"
        );
        assert!(!line.contains("/sign-in/"), "{line}");
    }
}

#[tokio::test]
async fn users_become_members_of_the_inboxes_that_are_named_and_leave_them_one_by_one() {
    let machine = Machine::at_rest().await;
    machine.add_inboxes(&["Care", "Sales"]).await;
    let members = || {
        let list = machine.done("inbox list --json").json();
        let mut all = BTreeMap::new();
        for inbox in list["items"].as_array().unwrap() {
            let members = inbox["members"].as_array().unwrap().iter();
            let names = members.map(|it| it["name"].as_str().unwrap().to_owned());
            let mut names: Vec<String> = names.collect();
            names.sort();
            all.insert(inbox["name"].as_str().unwrap().to_owned(), names);
        }
        [all["Care"].clone(), all["Sales"].clone()]
    };
    let (bo, bea) = ("bo@example.com", "bea@example.com");
    for (words, care, sales) in [
        (
            format!("staff add {bo} --name Bo --inbox care --inbox Sales"),
            &["Bo"][..],
            &["Bo"][..],
        ),
        (format!("staff add {bea} --name Bea"), &["Bo"], &["Bo"]),
        (
            format!("inbox member add Sales {bea}"),
            &["Bo"],
            &["Bea", "Bo"],
        ),
        (format!("inbox member remove Sales {bo}"), &["Bo"], &["Bea"]),
        (format!("inbox member remove Care {bo}"), &[], &["Bea"]),
    ] {
        machine.done(&words);
        assert_eq!(members(), [care, sales], "{words}");
    }
}

#[tokio::test]
async fn of_two_inboxes_of_one_name_the_one_is_meant_that_is_named_by_its_id() {
    let machine = Machine::at_rest().await;
    machine.add_inboxes(&["Care", "Care", "Sales"]).await;
    machine.done("staff add bo@example.com --name Bo");
    let said = machine.say("inbox member add care bo@example.com");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("several inboxes"), "{said:?}");
    let inboxes = machine.done("inbox list --json").json();
    let ids = inboxes["items"].as_array().unwrap().iter();
    let mut ids = ids.filter(|it| it["name"] == "Care").map(|it| &it["id"]);
    let last = ids.next_back().unwrap();
    machine.done(&format!(
        "inbox member add {} bo@example.com",
        last.as_str().unwrap()
    ));
    let inboxes = machine.done("inbox list --json").json();
    for inbox in inboxes["items"].as_array().unwrap() {
        let members = inbox["members"].as_array().unwrap().len();
        assert_eq!(members, usize::from(inbox["id"] == *last), "{inbox}");
    }
}

#[tokio::test]
async fn a_password_that_was_read_or_made_is_the_one_that_signs_in() {
    let machine = Machine::at_rest().await;
    machine.done("staff add bo@example.com --name Bo");
    let mut verb = machine
        .program()
        .args(["staff", "password", "bo@example.com"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let typed = "correct horse battery";
    writeln!(verb.stdin.take().unwrap(), "{typed}").unwrap();
    assert!(verb.wait().unwrap().success());
    let signs_in = async |password: &str| {
        let sign_in = async |store: &Store| {
            let access = Access::new(store.clone());
            let visit = Visit::default();
            access
                .sign_in("bo@example.com", password, &visit)
                .await
                .is_ok()
        };
        machine.within(sign_in).await
    };
    assert!(signs_in(typed).await);
    let made = machine.done("staff password bo@example.com --generate --json");
    let made = made.json()["password"].as_str().unwrap().to_owned();
    assert!(signs_in(&made).await);
    assert!(!signs_in(typed).await, "the one before is over");
}

#[tokio::test]
async fn who_may_read_beyond_their_inboxes_may_until_it_is_said_otherwise() {
    let machine = Machine::at_rest().await;
    for (words, shown) in [
        ("staff add bo@example.com --name Bo", "Added Bo"),
        (
            "staff role bo@example.com staff --reviewer yes",
            "is staff, reviewer, active.",
        ),
        (
            "staff role bo@example.com user_administrator",
            "is user_administrator, reviewer, active.",
        ),
        (
            "staff role bo@example.com staff --reviewer no",
            "is staff, active.",
        ),
    ] {
        let said = machine.done(words);
        assert!(said.out.contains(shown), "{words}: {said:?}");
    }
}

#[tokio::test]
async fn a_key_is_good_as_long_as_it_was_said_and_the_one_that_lives_is_revoked() {
    const DAY_MS: i64 = 86_400_000;
    let machine = Machine::at_rest().await;
    machine.add_inboxes(&["Care", "Sales"]).await;
    let inboxes = machine.done("inbox list --json").json();
    let mut all = inboxes["items"].as_array().unwrap().iter();
    let care = &all.find(|it| it["name"] == "Care").unwrap()["id"];
    let began = RealWorld.now().0;
    let add = "key add ci --right read_conversations --inbox Care --days 30 --json";
    let told = machine.done(add).json();
    let key = &told["key"];
    assert_eq!(key["rights"], json!(["read_conversations"]));
    assert_eq!(key["inboxes"], json!([care]));
    assert_eq!(key["all_inboxes"], false);
    let lives_ms = key["expires_at"].as_i64().unwrap() - began;
    let about = 30 * DAY_MS..30 * DAY_MS + 60_000;
    assert!(about.contains(&lives_ms), "{lives_ms}");
    let ever = machine.done("key add ever --right read_contacts --forever --json");
    assert_eq!(ever.json()["key"]["expires_at"], Value::Null);
    let names = |words: &str| {
        let mut names = machine.listed(words, "name");
        names.sort();
        names
    };
    for _ in 0..2 {
        assert_eq!(names("key list"), ["ci", "ever"]);
        machine.done("key revoke ci");
        assert_eq!(names("key list"), ["ever"]);
        machine.done(add);
    }
    machine.done("key revoke ci");
    assert_eq!(names("key list --all"), ["ci", "ci", "ci", "ever"]);
    assert_eq!(machine.say("key revoke ci").code, 2, "none of them lives");
}

#[tokio::test]
async fn the_key_of_an_id_is_revoked_though_another_is_called_like_that() {
    let machine = Machine::at_rest().await;
    let add = |name: &str| format!("key add {name} --right read_contacts --forever --json");
    let leaked = machine.done(&add("leaked")).json();
    let id = leaked["key"]["id"].as_str().unwrap();
    let refused = machine.say(&add(id));
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("\"field\":\"name\""), "{refused:?}");
    // One of before that was refused.
    let called_like_it = NewKey {
        name: id.to_owned(),
        rights: Rights::of(&[Right::ReadContacts]),
        inboxes: Reach::only([]),
        expires_at: None,
    };
    let add = async |store: &Store| {
        let access = Access::new(store.clone());
        access
            .add_key(&Caller::operator(), called_like_it)
            .await
            .unwrap();
    };
    machine.within(add).await;
    machine.done(&format!("key revoke {id}"));
    assert_eq!(machine.listed("key list", "name"), [id]);
}

/// The administrator signs in, so many times.
async fn sign_in(store: &Store, times: usize) {
    let (access, operator) = (Access::new(store.clone()), Caller::operator());
    let ann = NewStaff {
        name: "Ann".to_owned(),
        email: ADMINISTRATOR.to_owned(),
        role: Role::SystemAdministrator,
    };
    let id = access.add_staff(&operator, &ann).await.unwrap().id;
    for _ in 0..times {
        let link = access.sign_in_link(&operator, id, 60_000).await.unwrap();
        let used = access.use_link(&link.token, &Visit::default()).await;
        used.unwrap();
    }
}

#[tokio::test]
async fn an_administrator_who_is_signed_in_somewhere_gets_no_link_at_a_start() {
    let mut machine = Machine::at_rest().await;
    machine
        .within(async |store: &Store| sign_in(store, 1).await)
        .await;
    let line = way_in(&mut machine);
    assert!(!line.contains("/sign-in/"), "{line}");
    machine.done(&format!("session end {ADMINISTRATOR} --all"));
    let line = way_in(&mut machine);
    assert!(line.contains("/sign-in/"), "{line}");
}

#[tokio::test]
async fn one_session_is_ended_and_the_others_go_on() {
    let machine = Machine::at_rest().await;
    machine
        .within(async |store: &Store| sign_in(store, 3).await)
        .await;
    let sessions = || machine.listed(&format!("session list {ADMINISTRATOR}"), "id");
    let mut left = sessions();
    assert_eq!(left.len(), 3);
    let ended = left.remove(1);
    machine.done(&format!("session end {ADMINISTRATOR} {ended}"));
    assert_eq!(sessions(), left);
    machine.done(&format!("session end {ADMINISTRATOR} --all"));
    assert_eq!(sessions(), Vec::<String>::new());
}

#[tokio::test]
async fn a_hub_that_starts_seals_anew_with_the_first_key_of_its_file() {
    let mut machine = Machine::at_rest().await;
    let (old, new) = ([7; Vault::KEY_BYTES], [8; Vault::KEY_BYTES]);
    let line = |key: [u8; Vault::KEY_BYTES]| key.map(|byte| format!("{byte:02x}")).concat();
    let file = machine.folder.path().join("tieline.key");
    fs::write(&file, format!("{}\n{}\n", line(new), line(old))).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let add = async |store: &Store| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let id = tx.new_id();
        let account = CarrierAccount {
            id,
            carrier: CarrierKind::Twilio,
            account: "AC1".to_owned(),
            url: "https://carrier.example".to_owned(),
            secret: Vault::new(&old).seal(Place::of_carrier_secret(id), b"secret"),
            held_until: None,
        };
        carrier_account::create(&mut tx, &account).await.unwrap();
        tx.commit().await.unwrap();
    };
    machine.within(add).await;
    way_in(&mut machine);
    let kept = async |store: &Store| {
        let mut reader = store.reader().await.unwrap();
        carrier_account::all(&mut reader).await.unwrap().remove(0)
    };
    let kept = machine.within(kept).await;
    let place = Place::of_carrier_secret(kept.id);
    let opened = Vault::new(&new).open(place, &kept.secret);
    assert_eq!(opened.unwrap(), b"secret");
}

/// Work that gave up, so many times.
async fn give_up(store: &Store, number: usize) {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let run_at = tx.now();
    for _ in 0..number {
        let new = NewJob {
            kind: JobKind::SyncSoon,
            party: None,
            key: None,
            in_line: None,
            payload: 7,
            run_at,
        };
        job::enqueue(&mut tx, new).await.unwrap();
    }
    let mut hand = InHand::of(JobKind::SyncSoon.lane());
    for claimed in job::claim(&mut tx, &mut hand).await.unwrap() {
        job::bury(&mut tx, &claimed, "no way").await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The work that waits.
async fn ready(store: &Store) -> Vec<String> {
    let mut reader = store.reader().await.unwrap();
    let ready = job::list(&mut reader, JobState::Ready, None, 10).await;
    let ids = ready.unwrap().into_iter().map(|it| it.id.to_string());
    ids.collect()
}

#[tokio::test]
async fn work_that_gave_up_is_tried_again_or_dropped_each_that_is_named_and_audited() {
    let machine = Machine::at_rest().await;
    let began = RealWorld.now().0;
    machine
        .within(async |store: &Store| give_up(store, 4).await)
        .await;
    let list = machine.done("jobs list --json").json();
    let gave_up_at = list["items"][0]["gave_up_at"].as_i64().unwrap();
    assert!((began..began + 60_000).contains(&gave_up_at));
    let ids = machine.listed("jobs list", "id");
    assert_eq!(ids.len(), 4);
    // Page by page they are the same.
    assert_eq!(machine.listed("jobs list --limit 3", "id"), ids[..3]);
    let rest = format!("jobs list --limit 3 --after {}", ids[2]);
    assert_eq!(machine.listed(&rest, "id"), ids[3..]);
    machine.done(&format!("jobs retry {} {}", ids[0], ids[1]));
    assert_eq!(machine.listed("jobs list", "id"), ids[2..]);
    assert_eq!(
        machine.within(async |it: &Store| ready(it).await).await,
        ids[..2]
    );
    machine.done(&format!("jobs drop {} {}", ids[2], ids[3]));
    let said = machine.done("jobs list");
    assert!(said.out.contains("No work gave up"), "{said:?}");
    assert_eq!(
        machine.within(async |it: &Store| ready(it).await).await,
        ids[..2]
    );
    let sorted = |field: &str| {
        let mut all = machine.listed("audit", field);
        all.sort();
        all
    };
    let all = machine.listed("audit", "target");
    let first = machine.done("audit --limit 3 --json").json();
    let next = first["next_cursor"].as_str().unwrap();
    let rest = format!("audit --limit 3 --after {next}");
    assert_eq!(machine.listed(&rest, "target"), all[3..]);
    let mut targets = ids.clone();
    targets.sort();
    assert_eq!(sorted("target"), targets);
    let acts = ["drop_job", "drop_job", "retry_job", "retry_job"];
    assert_eq!(sorted("act"), acts);
    assert_eq!(sorted("by"), ["operator"; 4]);
}
