//! Subscribe: the first request names the topic and where to start, each request asks for more.

use tonic::server::StreamingService;
use tonic::{Request, Status, Streaming};

use super::door::{Caller, Door};
use super::errors::{COUNT_INVALID, REPLAY_CORRUPTED, REPLAY_MISSING, TOPIC_CHANGED};
use super::messages::{FetchRequest, FetchResponse, ReplayPreset};
use super::stream::{Answers, Said, Sender, Subscription, Turn, answered};
use super::topics::{Answering, find};
use crate::org::events::Start;

pub(super) struct Subscribe(pub Door);

impl StreamingService<FetchRequest> for Subscribe {
    type Response = FetchResponse;
    type ResponseStream = Answers<FetchResponse>;
    type Future = Answering<Self::ResponseStream>;

    fn call(&mut self, request: Request<Streaming<FetchRequest>>) -> Self::Future {
        let caller = self.0.enter("Subscribe", request.metadata());
        let requests = request.into_inner();
        answered(caller, |caller, sender| async move {
            run(caller, requests, &sender).await
        })
    }
}

async fn run(
    caller: Caller,
    mut requests: Streaming<FetchRequest>,
    sender: &Sender<FetchResponse>,
) -> Result<(), Status> {
    let Some(first) = requests.message().await? else {
        return Ok(());
    };
    let mut open = begin(caller, &first)?;
    loop {
        while let Some(said) = open.say()? {
            let response = response(said, &open.caller.rpc_id);
            if sender.send(Ok(response)).await.is_err() {
                return Ok(());
            }
        }
        let request = tokio::select! {
            request = requests.message() => request?,
            turn = open.wait() => match turn {
                Turn::Look => continue,
                Turn::Close => return Ok(()),
            },
            () = sender.closed() => return Ok(()),
        };
        let Some(more) = request else {
            return Ok(());
        };
        if !more.topic_name.is_empty() && more.topic_name != first.topic_name {
            return Err(open.caller.fails(TOPIC_CHANGED));
        }
        open.ask(more.num_requested, &more.auth_refresh)?;
    }
}

fn begin(caller: Caller, first: &FetchRequest) -> Result<Subscription, Status> {
    let topic = find(&caller, &first.topic_name)?;
    if first.num_requested <= 0 {
        return Err(caller.fails(COUNT_INVALID));
    }
    let start = match ReplayPreset::try_from(first.replay_preset) {
        Ok(ReplayPreset::Latest) => Start::Latest,
        Ok(ReplayPreset::Earliest) => Start::Earliest,
        Ok(ReplayPreset::Custom) if !first.replay_id.is_empty() => Start::After(&first.replay_id),
        _ => return Err(caller.fails(REPLAY_MISSING)),
    };
    let after = caller.org().event_start(&topic, &start);
    let after = after.map_err(|_| caller.fails(REPLAY_CORRUPTED))?;
    let mut open = Subscription::new(caller, topic, after);
    open.ask(first.num_requested, &first.auth_refresh)?;
    Ok(open)
}

fn response(said: Said, rpc_id: &str) -> FetchResponse {
    FetchResponse {
        events: said.events,
        latest_replay_id: said.latest_replay_id,
        rpc_id: rpc_id.to_owned(),
        pending_num_requested: said.pending,
    }
}
