//! ManagedSubscribe: like Subscribe, but the org knows the topic and how far the subscriber came;
//! the subscriber tells by commits.

use tonic::server::StreamingService;
use tonic::{Request, Status, Streaming};

use super::door::{Caller, Door};
use super::errors::{COUNT_INVALID, REPLAY_CORRUPTED, SUBSCRIPTION_UNKNOWN, TOPIC_CHANGED};
use super::messages::{
    CommitReplayRequest, CommitReplayResponse, Error, ErrorCode, ManagedFetchRequest,
    ManagedFetchResponse,
};
use super::stream::{Answers, Said, Sender, Subscription, Turn, answered};
use super::topics::{Answering, find};
use crate::org::events::Start;

pub(super) struct ManagedSubscribe(pub Door);

impl StreamingService<ManagedFetchRequest> for ManagedSubscribe {
    type Response = ManagedFetchResponse;
    type ResponseStream = Answers<ManagedFetchResponse>;
    type Future = Answering<Self::ResponseStream>;

    fn call(&mut self, request: Request<Streaming<ManagedFetchRequest>>) -> Self::Future {
        let caller = self.0.enter("ManagedSubscribe", request.metadata());
        let requests = request.into_inner();
        answered(caller, |caller, sender| async move {
            run(caller, requests, &sender).await
        })
    }
}

async fn run(
    caller: Caller,
    mut requests: Streaming<ManagedFetchRequest>,
    sender: &Sender<ManagedFetchResponse>,
) -> Result<(), Status> {
    let Some(first) = requests.message().await? else {
        return Ok(());
    };
    let (mut open, name) = begin(caller, &first)?;
    loop {
        while let Some(said) = open.say()? {
            let response = response(Some(said), &open, None);
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
        if target(&more) != target(&first) && !target(&more).is_empty() {
            return Err(open.caller.fails(TOPIC_CHANGED));
        }
        if let Some(commit) = &more.commit_replay_id_request {
            let committed = commit_replay(&open.caller, &name, commit);
            let response = response(None, &open, Some(committed));
            if sender.send(Ok(response)).await.is_err() {
                return Ok(());
            }
        }
        // A request that only commits asks for no events.
        if more.num_requested != 0 || more.commit_replay_id_request.is_none() {
            open.ask(more.num_requested, &more.auth_refresh)?;
        }
    }
}

fn target(request: &ManagedFetchRequest) -> &str {
    match request.subscription_id.as_str() {
        "" => &request.developer_name,
        id => id,
    }
}

fn begin(caller: Caller, first: &ManagedFetchRequest) -> Result<(Subscription, String), Status> {
    let found = caller.org().managed_subscription(target(first));
    let found = found.map_err(|_| caller.fails(SUBSCRIPTION_UNKNOWN))?;
    let topic = find(&caller, &found.topic)?;
    if first.num_requested <= 0 {
        return Err(caller.fails(COUNT_INVALID));
    }
    let start = match (&found.committed, found.from_earliest) {
        (Some(replay), _) => Start::After(replay),
        (None, true) => Start::Earliest,
        (None, false) => Start::Latest,
    };
    let after = caller.org().event_start(&topic, &start);
    let after = after.map_err(|_| caller.fails(REPLAY_CORRUPTED))?;
    let mut open = Subscription::new(caller, topic, after);
    open.ask(first.num_requested, &first.auth_refresh)?;
    Ok((open, found.developer_name))
}

fn commit_replay(
    caller: &Caller,
    name: &str,
    commit: &CommitReplayRequest,
) -> CommitReplayResponse {
    let kept = caller.org().commit_replay(name, &commit.replay_id);
    let error = (!kept).then(|| Error {
        code: ErrorCode::Commit.into(),
        msg: "The Replay ID cannot be committed.".to_owned(),
    });
    CommitReplayResponse {
        commit_request_id: commit.commit_request_id.clone(),
        replay_id: commit.replay_id.clone(),
        error,
        process_time: caller.org().now_ms(),
    }
}

fn response(
    said: Option<Said>,
    open: &Subscription,
    commit_response: Option<CommitReplayResponse>,
) -> ManagedFetchResponse {
    let said = said.unwrap_or_else(|| open.state());
    ManagedFetchResponse {
        events: said.events,
        latest_replay_id: said.latest_replay_id,
        rpc_id: open.caller.rpc_id.clone(),
        pending_num_requested: said.pending,
        commit_response,
    }
}
