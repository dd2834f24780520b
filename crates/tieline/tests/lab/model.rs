//! Whatever people do in whichever order, each sees in lists, counts and threads what a model of a few
//! lines says: whose turn it is, what is unread to whom, whose it is, what stands where.

use super::live::colleague;
use super::world::World;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tieline::demo::OUR_NUMBER;
use tieline_simulator::seeded::Seeded;
use tower::ServiceExt as _;

const PHONES: [&str; 4] = [
    "+441134960801",
    "+441134960802",
    "+441134960803",
    "+441134960804",
];
const STEPS: usize = 40;
const VIEWS: [&str; 4] = ["all", "mine", "nobody", "closed"];

/// A member of the inbox, or at last somebody who is none.
struct Person {
    id: String,
    session: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Said {
    id: String,
    words: String,
    theirs: bool,
}

/// A conversation as it should be.
#[derive(Debug)]
struct Talk {
    id: String,
    said: Vec<Said>,
    open: bool,
    ours: bool,
    assigned: Option<usize>,
    /// Rises with whatever is said in any.
    last: usize,
    /// How many of theirs each member has read.
    read: [usize; 2],
}

impl Talk {
    fn received(&self) -> usize {
        self.said.iter().filter(|it| it.theirs).count()
    }

    fn received_before(&self, place: usize) -> usize {
        self.said[..place].iter().filter(|it| it.theirs).count()
    }

    fn unread(&self, who: usize) -> usize {
        self.received() - self.read[who]
    }

    fn is_in(&self, view: &str, who: usize) -> bool {
        match view {
            "all" => self.open,
            "mine" => self.open && self.assigned == Some(who),
            "nobody" => self.open && self.assigned.is_none(),
            _ => !self.open,
        }
    }

    /// Sets a reader's mark back before a message; of another than theirs before the next of theirs, or
    /// else the last of theirs.
    fn unread_from(&mut self, who: usize, place: usize) {
        let next = (place..self.said.len()).find(|it| self.said[*it].theirs);
        match next {
            Some(next) => self.read[who] = self.received_before(next),
            None => self.unread_last(who),
        }
    }

    fn unread_last(&mut self, who: usize) {
        if self.unread(who) == 0 && self.received() > 0 {
            self.read[who] = self.received() - 1;
        }
    }
}

struct Desk {
    world: World,
    people: Vec<Person>,
    talks: Vec<Talk>,
    chance: Seeded,
    steps: usize,
}

impl Desk {
    async fn new(seed: u64) -> Desk {
        let world = World::new(seed).await;
        let mut people = Vec::new();
        for (name, is_member) in [("ann", true), ("bob", true), ("eve", false)] {
            let session = colleague(&world, name, is_member).await;
            let id = String::new();
            people.push(Person { id, session });
        }
        let mut desk = Desk {
            world,
            people,
            talks: Vec::new(),
            chance: Seeded::new(seed, "model"),
            steps: 0,
        };
        for who in 0..desk.people.len() {
            let me = desk.get(who, "/me").await;
            desk.people[who].id = me["staff"]["id"].as_str().unwrap().to_owned();
        }
        desk
    }

    async fn ask(
        &self,
        who: usize,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let cookie = format!("tieline={}", self.people[who].session);
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("cookie", cookie)
            .header("content-type", "application/json")
            .header("idempotency-key", format!("step-{}", self.steps))
            .body(body.map_or_else(Body::empty, |it| Body::from(it.to_string())));
        let answer = self.world.hub.router().oneshot(request.unwrap()).await;
        let answer = answer.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, who: usize, path: &str) -> Value {
        let (status, found) = self.ask(who, "GET", path, None).await;
        assert_eq!(status, StatusCode::OK, "{path} {found}");
        found
    }

    async fn act(&self, who: usize, method: &str, path: &str, body: Value) -> Value {
        let (status, found) = self.ask(who, method, path, Some(body)).await;
        assert!(status.is_success(), "{method} {path} {status} {found}");
        found
    }

    fn pick(&mut self, of: usize) -> usize {
        self.chance.below(of as u64) as usize
    }

    /// One thing happens.
    async fn step(&mut self) {
        self.steps += 1;
        self.world.wait(1_000);
        let who = self.pick(2);
        let what = self.pick(12);
        if what < 3 || self.talks.is_empty() {
            return self.text_comes_in().await;
        }
        let talk = self.pick(self.talks.len());
        match what {
            3 | 4 => self.write(who, talk, false).await,
            5 => self.write(who, talk, true).await,
            6 | 7 => self.open_or_close(who, talk).await,
            8 => self.assign(who, talk).await,
            9 => self.read(who, talk).await,
            _ => self.unread(who, talk).await,
        }
    }

    async fn text_comes_in(&mut self) {
        let phone = PHONES[self.pick(PHONES.len())];
        let words = match self.pick(4) {
            0 => "HELP".to_owned(),
            _ => format!("in {}", self.steps),
        };
        self.world
            .simulator
            .text_from_phone(phone, OUR_NUMBER, &words);
        self.world.pump().await;
        // Which conversation it came into is the hub's to say; what it holds is not.
        let path = format!("/conversations?view=all&q=%2B{}", &phone[1..]);
        let found = self.get(0, &path).await;
        let id = found["items"][0]["id"].as_str().unwrap().to_owned();
        let known = self.talks.iter().position(|it| it.id == id);
        let talk = known.unwrap_or(self.talks.len());
        if known.is_none() {
            self.talks.push(Talk {
                id,
                said: Vec::new(),
                open: true,
                ours: true,
                assigned: None,
                last: 0,
                read: [0, 0],
            });
        }
        let help = words == "HELP";
        let it = &mut self.talks[talk];
        (it.open, it.ours, it.last) = (true, true, self.steps);
        let said = |words: String, theirs| Said {
            id: String::new(),
            words,
            theirs,
        };
        it.said.push(said(words, true));
        if help {
            // The hub's own answer is nobody's turn and nobody's reading.
            let words = "Harrow & Vale: you are texting with our staff. Message and data rates may apply. Text STOP to end messages.";
            it.said.push(said(words.to_owned(), false));
        }
    }

    async fn write(&mut self, who: usize, talk: usize, note: bool) {
        let id = &self.talks[talk].id;
        let words = format!("{} {}", if note { "note" } else { "out" }, self.steps);
        let path = format!("/conversations/{id}/messages");
        let kind = if note { "note" } else { "message" };
        let body = json!({"text": words, "kind": kind});
        let made = self.act(who, "POST", &path, body).await;
        let it = &mut self.talks[talk];
        it.said.push(Said {
            id: made["id"].as_str().unwrap().to_owned(),
            words,
            theirs: false,
        });
        it.last = self.steps;
        it.read[who] = it.received();
        if !note {
            (it.open, it.ours) = (true, false);
        }
        self.world.pump().await;
    }

    async fn open_or_close(&mut self, who: usize, talk: usize) {
        let it = &mut self.talks[talk];
        it.open = !it.open;
        it.ours &= it.open;
        let status = if it.open { "open" } else { "closed" };
        let path = format!("/conversations/{}", it.id);
        self.act(who, "PATCH", &path, json!({"status": status}))
            .await;
    }

    async fn assign(&mut self, who: usize, talk: usize) {
        let to = Some(self.pick(3)).filter(|to| *to < 2);
        self.talks[talk].assigned = to;
        let path = format!("/conversations/{}", self.talks[talk].id);
        let staff = to.map(|to| self.people[to].id.clone());
        self.act(who, "PATCH", &path, json!({"assigned_to": staff}))
            .await;
    }

    async fn read(&mut self, who: usize, talk: usize) {
        let it = &mut self.talks[talk];
        it.read[who] = it.received();
        let path = format!("/conversations/{}/read", it.id);
        self.act(who, "POST", &path, json!({})).await;
    }

    async fn unread(&mut self, who: usize, talk: usize) {
        let path = format!("/conversations/{}/unread", self.talks[talk].id);
        let ids = self.thread(who, talk).await;
        let place = self.pick(ids.len() + 1);
        match ids.get(place) {
            Some(said) => {
                self.talks[talk].unread_from(who, place);
                let body = json!({"message_id": said.id});
                self.act(who, "POST", &path, body).await;
            }
            None => {
                self.talks[talk].unread_last(who);
                self.act(who, "POST", &path, json!({})).await;
            }
        }
    }

    /// A thread as a reader sees it, page by page from its end.
    async fn thread(&self, who: usize, talk: usize) -> Vec<Said> {
        let mut said = Vec::new();
        let mut before = String::new();
        loop {
            let id = &self.talks[talk].id;
            let path = format!("/conversations/{id}/messages?limit=3{before}");
            let page = self.get(who, &path).await;
            let items = page["items"].as_array().unwrap();
            let read = items.iter().map(|it| Said {
                id: it["id"].as_str().unwrap().to_owned(),
                words: it["text"].as_str().unwrap().to_owned(),
                theirs: it["direction"] == "in",
            });
            said.splice(0..0, read);
            match items.first() {
                Some(first) if items.len() == 3 => before = format!("&before_seq={}", first["seq"]),
                _ => return said,
            }
        }
    }

    /// A list as a reader sees it, two a page.
    async fn list(&self, who: usize, view: &str) -> (Vec<Value>, i64) {
        let (mut all, mut cursor, mut total) = (Vec::new(), String::new(), -1);
        loop {
            let path = format!("/conversations?view={view}&limit=2{cursor}");
            let page = self.get(who, &path).await;
            all.extend(page["items"].as_array().unwrap().clone());
            total = page["total"].as_i64().unwrap_or(total);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (all, total),
            }
        }
    }

    async fn check(&self) {
        for who in 0..2 {
            for view in VIEWS {
                self.check_list(who, view).await;
            }
            let open = || self.talks.iter().filter(|it| it.open);
            let expected = json!({
                "all": open().count(),
                "mine": open().filter(|it| it.assigned == Some(who)).count(),
                "nobody": open().filter(|it| it.assigned.is_none()).count(),
                "ours": open().filter(|it| it.ours).count(),
                "theirs": open().filter(|it| !it.ours).count(),
                "unread": open().filter(|it| it.unread(who) > 0).count(),
            });
            let me = self.get(who, "/me").await;
            assert_eq!(me["counts"], expected, "{}", self.steps);
        }
        for view in VIEWS {
            assert_eq!(self.list(2, view).await, (Vec::new(), 0), "{view}");
        }
    }

    async fn check_list(&self, who: usize, view: &str) {
        let mut talks: Vec<&Talk> = self.talks.iter().filter(|it| it.is_in(view, who)).collect();
        talks.sort_by_key(|it| (!it.ours, std::cmp::Reverse(it.last)));
        let (rows, total) = self.list(who, view).await;
        let step = self.steps;
        let ids: Vec<&str> = rows.iter().map(|it| it["id"].as_str().unwrap()).collect();
        let expected: Vec<&str> = talks.iter().map(|it| &*it.id).collect();
        assert_eq!(ids, expected, "{view} at {step}");
        assert_eq!(total, talks.len() as i64, "{view} at {step}");
        for (row, it) in rows.iter().zip(talks) {
            let status = if it.open { "open" } else { "closed" };
            let turn = if it.ours { "ours" } else { "theirs" };
            let assigned = it.assigned.map(|who| &*self.people[who].id);
            let last = it.said.last().map(|it| &*it.words);
            let seen = json!([
                row["status"],
                row["turn"],
                row["assigned_to"]["id"],
                row["unread"],
                row["last"]["text"]
            ]);
            let expected = json!([status, turn, assigned, it.unread(who), last]);
            assert_eq!(seen, expected, "{view} at {step}");
            let alone = self.get(who, &format!("/conversations/{}", it.id)).await;
            assert_eq!(alone, *row, "{view} at {step}");
        }
    }

    async fn check_threads(&self) {
        for talk in 0..self.talks.len() {
            let words = |said: &[Said]| -> Vec<(String, bool)> {
                said.iter()
                    .map(|it| (it.words.clone(), it.theirs))
                    .collect()
            };
            let thread = self.thread(0, talk).await;
            assert_eq!(words(&thread), words(&self.talks[talk].said));
            let id = &self.talks[talk].id;
            let (status, _) = self
                .ask(2, "GET", &format!("/conversations/{id}/messages"), None)
                .await;
            assert_eq!(status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn lists_counts_and_threads_are_as_a_model_says_whatever_people_do() {
    for seed in [301, 302] {
        let mut desk = Desk::new(seed).await;
        for _ in 0..STEPS {
            desk.step().await;
            desk.check().await;
        }
        desk.check_threads().await;
        assert!(desk.talks.len() > 2, "{seed}: it is worth looking at");
    }
}
