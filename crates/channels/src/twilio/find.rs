//! Finding a text whose sending was cut off, in what the carrier lists.
//!
//! Two things are not ours to trust. The carrier's clock: its answer says what it shows, and what it
//! lists is compared on that clock. And the address of the next page: only its query is taken over.

use super::Account;
use super::resource::{MessageResource, messages, read, request};
use crate::Transport;
use crate::error::CarrierError;
use crate::text::{CarrierText, Sought};
use bytes::Bytes;
use http::header::DATE;
use http::{Method, Response};
use jiff::fmt::rfc2822;
use serde::Deserialize;
use tieline_domain::time::Timestamp;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

/// Texts of a page.
const PAGE_TEXTS: &str = "200";
/// Pages that are looked through; a number that was texted more often since then is asked again later.
const PAGES_MAX: usize = 20;
/// Both clocks are told in whole seconds.
const ROUNDING_MS: i64 = 2_000;

#[derive(Deserialize)]
struct MessageList {
    messages: Vec<MessageResource>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

/// The texts that may be the one that is sought, the oldest first.
pub async fn find(
    transport: &Transport,
    account: &Account,
    sought: &Sought<'_>,
) -> Result<Vec<CarrierText>, CarrierError> {
    let mut query = Serializer::new(String::new())
        .append_pair("From", sought.from)
        .append_pair("To", sought.to)
        .append_pair("PageSize", PAGE_TEXTS)
        .finish();
    let mut found = Vec::new();
    for _ in 0..PAGES_MAX {
        let url = format!("{}?{query}", messages(account));
        let request = request(Method::GET, &url, account, String::new())?;
        let answer = transport.clone().oneshot(request).await;
        let response = answer.map_err(|error| CarrierError::transient(error.to_string()))?;
        let earliest = sought.not_before.0 - ROUNDING_MS + ahead_ms(&response, (sought.now)());
        let list: MessageList = read(&response)?;
        let is_older =
            |it: &MessageResource| created_at(it).is_some_and(|created_at| created_at.0 < earliest);
        // The newest come first: beyond one that is older all are.
        let whole = !list.messages.iter().any(is_older);
        let ours = list.messages.into_iter();
        found.extend(ours.filter(|it| it.body == sought.text && !is_older(it)));
        let next = list.next_page_uri.filter(|_| whole);
        match next.as_deref().and_then(|uri| uri.split_once('?')) {
            Some((_, next)) => query = next.to_owned(),
            None => break,
        }
    }
    found.reverse();
    Ok(found.into_iter().map(MessageResource::text).collect())
}

/// How far the carrier's clock is ahead of ours at least, which shows this after its answer; nothing where
/// it does not say.
fn ahead_ms(response: &Response<Bytes>, now: Timestamp) -> i64 {
    let given = response.headers().get(DATE).and_then(|it| it.to_str().ok());
    given.and_then(moment).map_or(0, |theirs| theirs.0 - now.0)
}

fn created_at(text: &MessageResource) -> Option<Timestamp> {
    text.date_created.as_deref().and_then(moment)
}

/// A time as in mails and as in HTTP, which writes a mail's.
fn moment(text: &str) -> Option<Timestamp> {
    let zoned = rfc2822::parse(text).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};
    use tower::util::BoxCloneSyncService;

    const NOW: Timestamp = Timestamp(1_795_788_000_000); // 27 November 2026, 14:00:00 UTC

    /// What was asked for, by a carrier that gives these pages and whose clock is ahead by so much.
    fn ask(pages: &[&str], ahead_ms: i64) -> (Vec<String>, Vec<String>) {
        ask_slow(pages, ahead_ms, 0)
    }

    /// The same, by one whose every answer takes so long.
    fn ask_slow(pages: &[&str], ahead_ms: i64, takes_ms: i64) -> (Vec<String>, Vec<String>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (pages, log): (Vec<String>, _) = (
            pages.iter().map(|page| page.to_string()).collect(),
            asked.clone(),
        );
        let date = jiff::Timestamp::from_millisecond(NOW.0 + takes_ms + ahead_ms).unwrap();
        let date = rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&date)
            .unwrap();
        let carrier = tower::service_fn(move |request: http::Request<Bytes>| {
            let mut asked = log.lock().unwrap();
            let page = pages[asked.len()].clone();
            asked.push(request.uri().to_string());
            let answer = Response::builder()
                .header(DATE, &date)
                .body(Bytes::from(page));
            std::future::ready(Ok::<_, Infallible>(answer.unwrap()))
        });
        let carrier =
            BoxCloneSyncService::new(tower::ServiceExt::map_err(carrier, |error| match error {}));
        let account = Account {
            url: "https://carrier.example".to_owned(),
            sid: "AC1".to_owned(),
            token: "t".to_owned(),
        };
        let sought = Sought {
            to: "+447700900317",
            from: "+447700900010",
            text: "Hello",
            not_before: Timestamp(NOW.0 - 10_000),
            now: &|| Timestamp(NOW.0 + takes_ms * asked.lock().unwrap().len() as i64),
        };
        let found = find(&carrier, &account, &sought)
            .now_or_never()
            .unwrap()
            .unwrap();
        let names = found.into_iter().map(|it| it.provider_id).collect();
        let asked = asked.lock().unwrap().clone();
        (names, asked)
    }

    fn text(sid: &str, body: &str, before_ms: i64) -> String {
        let at = jiff::Timestamp::from_millisecond(NOW.0 - before_ms).unwrap();
        let at = rfc2822::DateTimePrinter::new()
            .timestamp_to_string(&at)
            .unwrap();
        format!(r#"{{"sid":"{sid}","body":"{body}","status":"delivered","date_created":"{at}"}}"#)
    }

    fn page(texts: &[String], next: &str) -> String {
        format!(
            r#"{{"messages":[{}],"next_page_uri":{next}}}"#,
            texts.join(",")
        )
    }

    #[test]
    fn only_a_text_with_the_same_words_that_is_not_older_than_its_sending_is_found() {
        let texts = [
            text("SM5", "Hello", 1_000),
            text("SM4", "Goodbye", 2_000),
            text("SM3", "Hello", 9_000),
            text("SM2", "Hello", 60_000),
            text("SM1", "Hello", 86_400_000),
        ];
        let (found, asked) = ask(&[&page(&texts, "null")], 0);
        assert_eq!(found, ["SM3", "SM5"]);
        assert!(
            asked[0].contains("From=%2B447700900010&To=%2B447700900317"),
            "{asked:?}"
        );
    }

    #[test]
    fn the_carriers_own_clock_says_what_is_older() {
        for ahead in [-3_600_000, 3_600_000] {
            let texts = [
                text("SM2", "Hello", 5_000 - ahead),
                text("SM1", "Hello", 60_000 - ahead),
            ];
            assert_eq!(ask(&[&page(&texts, "null")], ahead).0, ["SM2"], "{ahead}");
        }
    }

    #[test]
    fn a_slow_answer_is_no_clock_that_goes_ahead() {
        let texts = page(&[text("SM1", "Hello", 9_000)], "null");
        assert_eq!(ask_slow(&[&texts], 0, 40_000).0, ["SM1"]);
    }

    #[test]
    fn a_carrier_whose_list_has_no_end_is_not_asked_without_end() {
        let next = r#""/2010-04-01/Accounts/AC1/Messages.json?Page=1""#;
        let more = page(&[text("SM1", "x", 1_000)], next);
        let pages = vec![more.as_str(); PAGES_MAX + 5];
        assert_eq!(ask(&pages, 0).1.len(), PAGES_MAX);
    }

    #[test]
    fn pages_are_followed_as_far_as_needed_and_only_at_the_carrier() {
        let far = r#""https://elsewhere.example/2010-04-01/Accounts/AC9/Messages.json?Page=1&PageToken=PT""#;
        let first = page(&[text("SM3", "x", 1_000)], far);
        let second = page(
            &[text("SM2", "Hello", 5_000), text("SM1", "x", 60_000)],
            far,
        );
        let (found, asked) = ask(&[&first, &second], 0);
        assert_eq!(found, ["SM2"]);
        let next =
            "https://carrier.example/2010-04-01/Accounts/AC1/Messages.json?Page=1&PageToken=PT";
        assert_eq!(asked[1..], [next]);
    }
}
