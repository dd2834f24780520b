//! A text that is sent again: what a carrier says of the first attempt is never taken for the second.

use super::desk;
use super::waits::plan;
use super::world::World;
use tieline_channels::twilio::status::StatusReport;
use tieline_domain::access::Scope;
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_messaging::receive::Input;
use tieline_messaging::send;
use tieline_simulator::Mishap;

async fn look(world: &World, message: &Message) -> Message {
    let all = desk::messages(&world.hub.store).await;
    all.into_iter().find(|it| it.id == message.id).unwrap()
}

/// The carrier says that it could not deliver what it calls `provider_id`.
async fn undelivered(world: &World, message: &Message, attempt: Option<i64>, provider_id: &str) {
    let report = StatusReport {
        provider_id: provider_id.to_owned(),
        state: State::Undelivered,
        error_code: Some("30003".to_owned()),
    };
    let input = Input::Status(message.id, attempt, report);
    world.hub.messaging.take_in(&[input]).await.unwrap();
}

#[tokio::test]
async fn a_repeated_report_of_the_first_attempt_says_nothing_of_the_second() {
    // An address of today carries the number of the attempt, one of yesterday none.
    for number in [Some(1), None] {
        let world = World::new(81).await;
        let message = desk::text(&world.hub.store, "+441134960701", "Are you there?").await;
        world.hub.worker().work_off().await;
        let first = look(&world, &message)
            .await
            .provider_id
            .expect("the carrier took it");
        undelivered(&world, &message, number, &first).await;
        assert_eq!(look(&world, &message).await.state, State::Undelivered);

        let lost = plan(&world, "POST", "/Messages.json", 1, Mishap::CutAfterCommit);
        send::retry(&world.hub.store, &Scope::system(), message.id)
            .await
            .unwrap();
        world.hub.worker().work_off().await;
        assert_eq!(
            world.simulator.fired(lost),
            1,
            "the answer to the second was lost"
        );
        assert_eq!(look(&world, &message).await.state, State::Uncertain);

        undelivered(&world, &message, number, &first).await;
        assert_eq!(
            look(&world, &message).await.state,
            State::Uncertain,
            "{number:?}"
        );
        world.live(30).await;
        assert_eq!(look(&world, &message).await.state, State::Delivered);
        let texts = world.simulator.texts().into_iter();
        let ours = texts.filter(|it| it.body == "Are you there?").count();
        assert_eq!(ours, 2, "one an attempt");
    }
}
