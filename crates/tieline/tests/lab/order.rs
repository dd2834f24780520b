//! The order in which texts to one person leave: as they stand in the thread, whatever the carrier does.

use super::desk;
use super::waits::plan;
use super::world::World;
use tieline::demo::OUR_NUMBER;
use tieline_simulator::Mishap;

/// Taken by nobody, and not said for how long.
const AWAY: Mishap = Mishap::Busy {
    status: 429,
    retry_after_seconds: 0,
};
const THEIRS: &str = "+441134960711";
const ANOTHERS: &str = "+441134960712";

/// What the carrier has, oldest first, for a number.
fn left_to(world: &World, to: &str) -> Vec<String> {
    let texts = world.simulator.texts().into_iter();
    let theirs = texts.filter(|it| it.to == to && it.from == OUR_NUMBER);
    theirs.map(|it| it.body).collect()
}

async fn write(world: &World, to: &str, words: &[&str]) {
    for words in words {
        desk::text(&world.hub.store, to, words).await;
    }
}

#[tokio::test]
async fn a_text_that_the_carrier_put_off_is_overtaken_by_none_of_its_conversation() {
    for at_once in [false, true] {
        let world = match at_once {
            true => World::side_by_side(161, Default::default()).await,
            false => World::new(161).await,
        };
        let busy = Mishap::Busy {
            status: 429,
            retry_after_seconds: 6,
        };
        let put_off = plan(&world, "POST", "/Messages", 1, busy);
        write(&world, THEIRS, &["one", "two"]).await;
        world.pump().await;
        assert_eq!(world.simulator.fired(put_off), 1);
        write(&world, THEIRS, &["three", "four"]).await;
        world.live(1).await;
        write(&world, THEIRS, &["five"]).await;
        world.live(30).await;
        let left = left_to(&world, THEIRS);
        assert_eq!(left, ["one", "two", "three", "four", "five"], "{at_once}");
    }
}

#[tokio::test]
async fn what_is_written_once_the_carrier_is_back_waits_for_what_was_written_while_it_was_away() {
    let world = World::new(162).await;
    let away = plan(&world, "POST", "/Messages", 3, AWAY);
    write(&world, THEIRS, &["old one", "old two"]).await;
    world.live(20).await;
    assert!(world.simulator.fired(away) >= 3, "it was away");
    assert!(left_to(&world, THEIRS).is_empty());
    write(&world, THEIRS, &["new"]).await;
    // Another conversation waits for none of it.
    write(&world, ANOTHERS, &["elsewhere", "elsewhere too"]).await;
    world.live(2).await;
    let there = left_to(&world, ANOTHERS);
    assert_eq!(there, ["elsewhere", "elsewhere too"]);
    assert!(left_to(&world, THEIRS).is_empty(), "their turn is to come");
    world.live(120).await;
    assert_eq!(left_to(&world, THEIRS), ["old one", "old two", "new"]);
}

#[tokio::test]
async fn the_last_answer_to_a_keyword_is_that_to_the_last_keyword() {
    for words in [["STOP", "START"], ["START", "STOP"]] {
        let world = World::side_by_side(164, Default::default()).await;
        world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "Hello");
        world.live(1).await;
        let before = if words[0] == "START" { "STOP" } else { "START" };
        world.simulator.text_from_phone(THEIRS, OUR_NUMBER, before);
        world.live(30).await;
        let busy = Mishap::Busy {
            status: 429,
            retry_after_seconds: 3,
        };
        let held = plan(&world, "POST", "/Messages", 1, busy);
        for word in words {
            world.simulator.text_from_phone(THEIRS, OUR_NUMBER, word);
            world.live(1).await;
        }
        world.live(60).await;
        assert_eq!(world.simulator.fired(held), 1);
        let last = left_to(&world, THEIRS).pop().unwrap();
        let is_out = last.contains("no more messages");
        assert_eq!(is_out, words[1] == "STOP", "{words:?}: {last}");
    }
}

#[tokio::test]
async fn the_answer_to_a_keyword_waits_for_no_text() {
    let world = World::new(163).await;
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "Hello");
    world.live(1).await;
    let away = plan(&world, "POST", "/Messages", 1, AWAY);
    write(&world, THEIRS, &["a text"]).await;
    world.pump().await;
    assert_eq!(world.simulator.fired(away), 1);
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "STOP");
    world.live(1).await;
    let left = left_to(&world, THEIRS);
    assert!(
        left.len() == 1 && left[0].starts_with("Harrow & Vale: you will get no more messages."),
        "{left:?}"
    );
    world.live(60).await;
    assert_eq!(left_to(&world, THEIRS).len(), 1, "and the text is refused");
}
