//! A hub with a signed-in administrator, and people to try things on.

use crate::corpus::Probe;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tieline::demo::{Demo, DemoOptions};
use tieline_access::{NewKey, NewStaff, StaffChange, Visit};
use tieline_domain::access::{Actor, Caller, Reach, Right, Rights, Role, Scope};
use tieline_domain::attachment::{Attachment, AttachmentPlace, AttachmentState};
use tieline_domain::channel::Channel;
use tieline_domain::id::{InboxId, StaffId};
use tieline_domain::job::JobKind;
use tieline_edge::ClientAddress;
use tieline_storage::inbox::Inbox;
use tieline_storage::job::{self, NewJob};
use tieline_storage::staff::Staff;
use tieline_storage::{
    Tx, attachment, carrier_account, contact_field, inbox, mapping, merge, participant, staff,
    sync_run,
};
use tower::ServiceExt as _;

pub struct World {
    demo: Demo,
    made: AtomicU32,
    _folder: TempDir,
}

/// What may be named in a request, by the names that the description gives to ids.
pub struct Known {
    pub ids: BTreeMap<&'static str, String>,
    pub session: String,
}

fn named<'a>(everybody: &'a [Staff], name: &str) -> &'a Staff {
    everybody
        .iter()
        .find(|it| it.email.starts_with(name))
        .unwrap()
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl World {
    pub async fn start(database: Option<String>) -> World {
        let folder = tempfile::tempdir().unwrap();
        let options = DemoOptions {
            data: Some(folder.path().to_path_buf()),
            database,
            contacts: 5,
            leads: 2,
            port: 0,
            seed: 3,
        };
        World {
            demo: Demo::start(options).await.unwrap(),
            made: AtomicU32::new(0),
            _folder: folder,
        }
    }

    pub async fn stop(self) {
        self.demo.stop().await;
    }

    /// A new session, and people nobody did anything to yet.
    pub async fn people(&self) -> Known {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let hub = &self.demo.hub;
        let mut reader = hub.store.reader().await.unwrap();
        let everybody = staff::all(&mut reader).await.unwrap();
        let priya = named(&everybody, "priya");
        let inbox = inbox::all(&mut reader).await.unwrap().remove(0);
        let account = carrier_account::all(&mut reader).await.unwrap().remove(0);
        let mapping = mapping::all(&mut reader, self.demo.connection)
            .await
            .unwrap()
            .remove(0);
        let runs = sync_run::history(&mut reader, self.demo.connection, None, 1)
            .await
            .unwrap();
        // Whoever is made later must give one anyway.
        let catalogue = contact_field::load(&mut reader).await.unwrap();
        let last_name = catalogue.field("last_name").unwrap().id;
        drop(reader);
        // A request before may have taken her out of it.
        let mut tx = hub.store.begin(&Actor::system()).await.unwrap();
        inbox::add_member(&mut tx, inbox.id, priya.id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let session = self.session_of(priya).await;
        let mut known = Known {
            ids: BTreeMap::from([
                ("StaffId", priya.id.to_string()),
                ("InboxId", inbox.id.to_string()),
                ("CarrierAccountId", account.id.to_string()),
                ("ObjectMappingId", mapping.id.to_string()),
                ("ConnectionId", self.demo.connection.to_string()),
                ("ContactFieldId", last_name.to_string()),
            ]),
            session,
        };
        if let Some(run) = runs.first() {
            known.ids.insert("SyncRunId", run.id.to_string());
        }
        let phone = format!("+4477009{:05}", number);
        let fields = json!({"fields": {"last_name": "Okafor", "mobile_phone": phone}});
        let contact = self.made(&known, "/api/v1/contacts", fields).await;
        known.ids.insert("ContactId", contact.clone());
        let with = json!({"contact_id": contact});
        let conversation = self.made(&known, "/api/v1/conversations", with).await;
        let messages = format!("/api/v1/conversations/{conversation}/messages");
        known.ids.insert("ConversationId", conversation);
        let message = self.made(&known, &messages, json!({"text": "Hello"})).await;
        let attachment = self.attach(&message, "Lease 1.pdf", "text/html").await;
        known.ids.insert("MessageId", message);
        known.ids.insert("AttachmentId", attachment);
        let fields = json!({"name": format!("Key {number}"), "rights": ["read_contacts"]});
        let key = self.made(&known, "/api/v1/keys", fields).await;
        known.ids.insert("ApiKeyId", key);
        known
    }

    /// Somebody else, who is no administrator.
    pub async fn colleague(&self) -> Known {
        let mut reader = self.demo.hub.store.reader().await.unwrap();
        let everybody = staff::all(&mut reader).await.unwrap();
        drop(reader);
        Known {
            ids: BTreeMap::new(),
            session: self.session_of(named(&everybody, "tom")).await,
        }
    }

    /// Somebody new, who is a member of no inbox.
    pub async fn newcomer(&self) -> StaffId {
        let new = NewStaff {
            name: "Nora Newcomer".to_owned(),
            email: "nora@harrow-vale.example".to_owned(),
            role: Role::Staff,
        };
        let access = &self.demo.hub.access;
        access
            .add_staff(&Caller::operator(), &new)
            .await
            .unwrap()
            .id
    }

    /// Lets a user read beyond their own inboxes.
    pub async fn make_reviewer(&self, name: &str) {
        let change = StaffChange {
            reviewer: Some(true),
            ..StaffChange::default()
        };
        self.change_staff(name, change).await;
    }

    /// Changes a user, on the operator's word.
    pub async fn change_staff(&self, name: &str, change: StaffChange) {
        let access = &self.demo.hub.access;
        let id = self.staff(name).await.id;
        let operator = Caller::operator();
        access.change_staff(&operator, id, &change).await.unwrap();
    }

    /// Gives a user a password, on the operator's word.
    pub async fn set_password(&self, name: &str, password: &str) {
        let (access, operator) = (&self.demo.hub.access, Caller::operator());
        let id = self.staff(name).await.id;
        access.set_password(&operator, id, password).await.unwrap();
    }

    /// Takes a user out of all inboxes.
    pub async fn take_out_of_inboxes(&self, name: &str) {
        let id = self.staff(name).await.id;
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        for it in inbox::of_member(&mut tx, id).await.unwrap() {
            inbox::remove_member(&mut tx, it, id).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// A user by how their address begins.
    pub async fn staff(&self, name: &str) -> Staff {
        let mut reader = self.demo.hub.store.reader().await.unwrap();
        let everybody = staff::all(&mut reader).await.unwrap();
        named(&everybody, name).clone()
    }

    /// Where the hub is.
    pub fn url(&self) -> String {
        self.demo.url.clone()
    }

    async fn session_of(&self, staff: &Staff) -> String {
        let access = &self.demo.hub.access;
        let operator = Caller::operator();
        let link = access
            .sign_in_link(&operator, staff.id, 60_000)
            .await
            .unwrap();
        let visit = Visit::default();
        access.use_link(&link.token, &visit).await.unwrap()
    }

    async fn made(&self, known: &Known, path: &str, body: Value) -> String {
        let mut probe = Probe::new("post", path);
        probe.body = Some(body.to_string().into_bytes());
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        probe.key = Some(format!("made {number}").into_bytes());
        let answer = self.send(known, &probe).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        let made: Value = serde_json::from_str(&answer.body).unwrap();
        // What comes with a secret stands beside it.
        let id = made["id"].as_str().or(made["key"]["id"].as_str());
        id.unwrap().to_owned()
    }

    pub async fn send(&self, known: &Known, probe: &Probe) -> Answer {
        self.answer(request(known, probe)).await
    }

    /// A request with another body.
    pub async fn send_body(&self, known: &Known, probe: &Probe, body: Body) -> Answer {
        self.answer(request(known, probe).map(|_| body)).await
    }

    /// A request that takes answers packed in this way.
    pub async fn send_taking(&self, known: &Known, probe: &Probe, encodings: &str) -> Answer {
        let mut request = request(known, probe);
        let value = HeaderValue::from_str(encodings).unwrap();
        request.headers_mut().insert("accept-encoding", value);
        self.answer(request).await
    }

    /// A request of a program by its key, for a user if one is named.
    pub async fn send_with_key(
        &self,
        secret: &str,
        on_behalf_of: Option<&str>,
        probe: &Probe,
    ) -> Answer {
        let nobody = Known {
            ids: BTreeMap::new(),
            session: String::new(),
        };
        let mut request = request(&nobody, probe);
        let headers = request.headers_mut();
        headers.remove("cookie");
        let bearer = format!("Bearer {secret}").parse().unwrap();
        headers.insert("authorization", bearer);
        if let Some(staff) = on_behalf_of {
            headers.insert("on-behalf-of", staff.parse().unwrap());
        }
        self.answer(request).await
    }

    /// A request with these headers and no others.
    pub async fn send_bare(&self, probe: &Probe, headers: &[(&'static str, &str)]) -> Answer {
        self.answer(bare(probe, headers)).await
    }

    /// The same from a network address; its status and the headers of its answer.
    pub async fn send_from(
        &self,
        address: &str,
        probe: &Probe,
        headers: &[(&'static str, &str)],
    ) -> (u16, HeaderMap) {
        let mut request = bare(probe, headers);
        let address = ClientAddress(address.parse().unwrap());
        request.extensions_mut().insert(address);
        let answer = self.demo.hub.router().oneshot(request).await.unwrap();
        (answer.status().as_u16(), answer.headers().clone())
    }

    /// Has the database refuse lines of the audit, or no more.
    pub async fn refuse_audit(&self, refuse: bool) {
        self.run(match refuse {
            true => {
                "create trigger no_audit before insert on audit \
                 begin select raise(abort, 'no line of it'); end"
            }
            false => "drop trigger no_audit",
        })
        .await;
    }

    /// A key with these rights, for no inbox or for all.
    pub async fn key(&self, name: &str, rights: Rights) -> String {
        let of_inboxes = [
            Right::ReadConversations,
            Right::Converse,
            Right::Review,
            Right::ManageInboxes,
        ];
        let new = NewKey {
            name: name.to_owned(),
            rights,
            inboxes: match of_inboxes.iter().any(|right| rights.has(*right)) {
                true => Reach::All,
                false => Reach::only([]),
            },
            expires_at: None,
        };
        let operator = Caller::operator();
        let made = self.demo.hub.access.add_key(&operator, new).await;
        made.unwrap().1
    }

    /// What a person's browser gets at an address.
    pub async fn look(&self, path: &str) -> Answer {
        let request = Request::get(path).header("accept", "text/html,*/*;q=0.8");
        self.answer(request.body(Body::empty()).unwrap()).await
    }

    /// The headers of an answer.
    pub async fn headers(&self, known: &Known, probe: &Probe) -> HeaderMap {
        let request = request(known, probe);
        let answer = self.demo.hub.router().oneshot(request).await.unwrap();
        answer.headers().clone()
    }

    /// Lets the keys of requests grow old.
    pub async fn forget_keys(&self) {
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        tx.run("update idempotency set taken_at = 0", Vec::new())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Lets the database refuse a message by the carrier's name for it.
    pub async fn refuse_to_store(&self, provider_id: &str) {
        let sql = format!(
            "create trigger refuse before insert on receipt when new.provider_id = '{provider_id}' \
             begin select raise(abort, 'refused'); end"
        );
        self.run(&sql).await;
    }

    /// Ends [`World::refuse_to_store`].
    pub async fn store_again(&self) {
        self.run("drop trigger refuse").await;
    }

    /// Leaves the database no room to grow.
    pub async fn fill_the_disk(&self) {
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        let pages = tx.all("pragma page_count", Vec::new()).await.unwrap();
        let pages = pages[0].int("page_count").unwrap();
        let sql = format!("pragma max_page_count = {}", pages + 1);
        tx.all(&sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Ends [`World::fill_the_disk`].
    pub async fn make_room_on_the_disk(&self) {
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        let sql = "pragma max_page_count = 1000000";
        tx.all(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// How many messages are stored.
    pub async fn stored_texts(&self) -> i64 {
        let mut reader = self.demo.hub.store.reader().await.unwrap();
        let sql = "select count(*) as n from message";
        let rows = reader.all(sql, Vec::new()).await.unwrap();
        rows[0].int("n").unwrap()
    }

    /// Has the database fail whoever signs in by a link, or no more.
    pub async fn fail_links(&self, fail: bool) {
        self.run(match fail {
            true => "alter table sign_in_link rename to sign_in_link_away",
            false => "alter table sign_in_link_away rename to sign_in_link",
        })
        .await;
    }

    /// A link that signs a user in, as the path of its page.
    pub async fn link_of(&self, name: &str) -> String {
        let (access, operator) = (&self.demo.hub.access, Caller::operator());
        let id = self.staff(name).await.id;
        let link = access.sign_in_link(&operator, id, 60_000).await.unwrap();
        format!("/sign-in/{}", link.token)
    }

    /// Holds the catalogue of contact fields: whoever changes it waits until this is dropped. PostgreSQL
    /// alone lets others write meanwhile.
    pub async fn hold_fields(&self) -> Tx {
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        contact_field::load_to_change(&mut tx).await.unwrap();
        tx
    }

    /// How many keys of requests are known.
    pub async fn keys_taken(&self) -> i64 {
        let sql = "select count(*) as number from idempotency";
        let mut reader = self.demo.hub.store.reader().await.unwrap();
        let rows = reader.all(sql, Vec::new()).await.unwrap();
        rows[0].int("number").unwrap()
    }

    async fn run(&self, sql: &str) {
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        tx.run(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Gives a message a file.
    pub async fn attach(&self, message: &str, name: &str, media_type: &str) -> String {
        let store = &self.demo.hub.store;
        let attachment = Attachment {
            id: store.new_id(),
            message_id: message.parse().unwrap(),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size_bytes: 5,
            sha256: vec![0; 32],
            place: AttachmentPlace::Folder,
            state: AttachmentState::Stored,
            created_at: store.now(),
        };
        let put = self
            .demo
            .hub
            .attachments
            .put(attachment.id, b"bytes".to_vec());
        put.await.unwrap();
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        attachment::create_many(&mut tx, std::slice::from_ref(&attachment))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        attachment.id.to_string()
    }

    /// Says of all files that they were deleted.
    pub async fn lose_files(&self) {
        self.run("update attachment set state = 'gone'").await;
    }

    /// How many parts are taken in a conversation.
    pub async fn parts(&self, conversation: &str) -> usize {
        let mut reader = self.demo.hub.store.reader().await.unwrap();
        let id = conversation.parse().unwrap();
        let parts = participant::list(&mut reader, &Scope::system(), id).await;
        parts.unwrap().len()
    }

    /// Makes one conversation part of another, as when their numbers turn out to be the same.
    pub async fn merge(&self, kept: &str, other: &str) {
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        let (kept, other) = (kept.parse().unwrap(), other.parse().unwrap());
        merge::conversations(&mut tx, kept, other).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Leaves work that its handler cannot read.
    pub async fn add_broken_job(&self) {
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        let broken = NewJob {
            kind: JobKind::SyncSoon,
            party: None,
            key: None,
            in_line: None,
            payload: "nonsense",
            run_at: tx.now(),
        };
        job::enqueue(&mut tx, broken).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Lets the handler read what it could not: what gave up asks for a run now.
    pub async fn mend_broken_jobs(&self) {
        let connection = self.demo.connection;
        let payload = format!(r#"{{"connection_id":"{connection}","by_clock":false}}"#);
        self.run(&format!(
            "update job set payload = '{payload}' where state = 'dead'"
        ))
        .await;
    }

    /// A second inbox, with one member.
    pub async fn second_inbox(&self, member: &str) -> InboxId {
        let member = self.staff(member).await.id;
        let mut tx = self.demo.hub.store.begin(&Actor::system()).await.unwrap();
        let second = Inbox {
            id: tx.new_id(),
            channel: Channel::Sms,
            name: "Second".to_owned(),
            country: "GB".to_owned(),
        };
        inbox::create(&mut tx, &second).await.unwrap();
        inbox::add_member(&mut tx, second.id, member).await.unwrap();
        tx.commit().await.unwrap();
        second.id
    }

    /// The form of a text or a report with one field changed, signed as the carrier signs.
    pub async fn signed_form(&self, field: &str, value: &str, status: bool) -> Answer {
        self.signed_fields(&[(field, value)], status).await
    }

    /// The same with several fields changed.
    pub async fn signed_fields(&self, fields: &[(&str, &str)], status: bool) -> Answer {
        let mut reader = self.demo.hub.store.reader().await.unwrap();
        let account = carrier_account::all(&mut reader).await.unwrap().remove(0);
        drop(reader);
        let mut form = BTreeMap::from([
            ("MessageSid", "SM1"),
            ("From", "+447700900555"),
            ("To", tieline::demo::OUR_NUMBER),
            ("Body", "Hello"),
            ("MessageStatus", "delivered"),
        ]);
        form.extend(fields.iter().copied());
        let query = if status {
            "/status?message=msg_00000000000000000000000000000001"
        } else {
            ""
        };
        let target = format!("/hooks/twilio/accounts/{}{query}", account.id);
        let mut signed = format!("{}{target}", self.demo.url);
        for (name, value) in &form {
            signed.push_str(name);
            signed.push_str(value);
        }
        let token = self.demo.running.simulator.carrier_access().auth_token;
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
        use base64::Engine as _;
        let signature = base64::engine::general_purpose::STANDARD
            .encode(ring::hmac::sign(&key, signed.as_bytes()));
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(target)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", signature)
            .body(Body::from(body))
            .unwrap();
        self.answer(request).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.demo.hub.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let content_type = response
            .headers()
            .get("content-type")
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        // The live stream has no end.
        let body = if content_type == "text/event-stream" {
            String::new()
        } else {
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Answer {
            status,
            content_type,
            body,
        }
    }
}

fn bare(probe: &Probe, headers: &[(&'static str, &str)]) -> Request<Body> {
    let nobody = Known {
        ids: BTreeMap::new(),
        session: String::new(),
    };
    let mut request = request(&nobody, probe);
    request.headers_mut().remove("cookie");
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().insert(*name, value);
    }
    request
}

fn request(known: &Known, probe: &Probe) -> Request<Body> {
    let mut request = Request::builder()
        .method(probe.method.to_uppercase().as_str())
        .uri(&probe.target)
        .header("cookie", format!("tieline={}", known.session));
    if let Some(kind) = probe.content_type {
        request = request.header("content-type", kind);
    }
    if let Some(key) = &probe.key {
        let key = HeaderValue::from_bytes(key).unwrap();
        request = request.header("idempotency-key", key);
    }
    let body = probe.body.clone().map_or_else(Body::empty, Body::from);
    request.body(body).unwrap()
}
