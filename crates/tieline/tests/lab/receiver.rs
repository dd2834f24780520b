//! The door for what comes in stays open, whatever taking something in leads to.

use super::desk;
use super::world::World;
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_domain::carrier::ProviderId;
use tieline_domain::receive::Inbound;
use tieline_messaging::receive::{Input, Receiver};
use tieline_storage::carrier_account;

#[tokio::test]
async fn a_text_whose_taking_in_panics_holds_neither_its_neighbour_nor_the_next() {
    let world = World::new(101).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let sender = carrier_account::senders(&mut reader)
        .await
        .unwrap()
        .remove(0);
    drop(reader);
    let receiver = Receiver::start(world.hub.messaging.clone());
    let take = async |name: &str| {
        let text = Inbound {
            inbox_id: sender.inbox_id.unwrap(),
            sender_id: sender.id,
            address: "+441134960791".to_owned(),
            text: name.to_owned(),
            provider_id: ProviderId {
                account_id: sender.account_id,
                name: name.to_owned(),
            },
        };
        receiver.receive(Input::Text(text)).await
    };
    // While somebody writes, one text is in hand and two wait, which will go together: the first panics,
    // then the two, then the first of the two by itself.
    let held = world.hub.store.begin(&Actor::system()).await.unwrap();
    world.computer.panic_over_ids(3);
    let later = |ms| tokio::time::sleep(Duration::from_millis(ms));
    let two = async {
        later(100).await;
        tokio::join!(take("second"), take("its neighbour"))
    };
    let go_on = async {
        later(200).await;
        drop(held);
    };
    let (first, (second, neighbour), ()) = tokio::join!(take("first"), two, go_on);
    for refused in [first, second] {
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("panicked"), "{why}");
    }
    neighbour.expect("one that panics holds no other");
    for name in ["the next", "first", "second", "its neighbour"] {
        take(name).await.expect("the door is open");
    }
    let stored = desk::messages(&world.hub.store).await;
    let stored: Vec<&str> = stored.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(stored, ["its neighbour", "the next", "first", "second"]);
}
