// salesforce-pubsub-api-client hears the pretend org's changes as it would a real one's.

import assert from "node:assert/strict";
import { test } from "node:test";
import jsforce from "jsforce";
import PubSubApiClient from "salesforce-pubsub-api-client";

const info = JSON.parse(process.env.TIELINE_SIMULATOR);
const org = info.orgs[0];
const topic = "/data/ContactChangeEvent";
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const contacts = new jsforce.Connection({ instanceUrl: info.base_url, accessToken: org.access_token, version: "62.0" })
  .sobject("Contact");

const connected = async () => {
  const client = new PubSubApiClient(
    {
      authType: "oauth-client-credentials",
      loginUrl: info.base_url,
      clientId: org.consumer_key,
      clientSecret: org.consumer_secret,
      pubSubEndpoint: info.pubsub_endpoint,
      rejectUnauthorizedSsl: false,
    },
    quiet,
  );
  await client.connect();
  return client;
};

// Collects events until `enough` says so; an error of the stream rejects.
const collect = (subscribe, enough) =>
  new Promise((resolve, reject) => {
    const events = [];
    subscribe((_subscription, type, data) => {
      if (type === "error") reject(data);
      if (type === "event") {
        events.push(data);
        if (enough(data, events)) resolve(events);
      }
    });
  });

const named = (name) => (event) => event.payload.Name?.LastName === name;

test("hears a change, with its fields decoded from the bitmaps", async () => {
  const client = await connected();
  try {
    const made = await contacts.create({ LastName: "Pubsub", Title: "First" });
    const heard = collect(
      (callback) => client.subscribe(topic, callback),
      (event) => event.payload.ChangeEventHeader.changeType === "UPDATE",
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await contacts.update({ Id: made.id, Title: "Second", FirstName: "Liv" });
    const { payload } = (await heard).at(-1);
    const header = payload.ChangeEventHeader;
    assert.deepEqual(header.recordIds, [made.id]);
    assert.deepEqual([...header.changedFields].sort(), ["LastModifiedDate", "Name.FirstName", "Title"]);
    assert.equal(payload.Title, "Second");
    assert.match(header.changeOrigin, /^com\/salesforce\/api\/rest\/62\.0/);
  } finally {
    client.close();
  }
});

test("replays from the earliest event and from a stored replay id", async () => {
  await contacts.create({ LastName: "Replay one" });
  await contacts.create({ LastName: "Replay two" });
  const client = await connected();
  let first;
  try {
    const all = await collect((callback) => client.subscribeFromEarliestEvent(topic, callback), named("Replay two"));
    first = all.find(named("Replay one"));
    assert.ok(first);
  } finally {
    client.close();
  }
  const again = await connected();
  try {
    const rest = await collect(
      (callback) => again.subscribeFromReplayId(topic, callback, null, first.replayId),
      named("Replay two"),
    );
    assert.ok(!rest.some(named("Replay one")), "strictly after the stored id");
  } finally {
    again.close();
  }
});

test("a stored replay id expires with the retention", async () => {
  const control = (body) => fetch(`${info.control_url}/events`, {
    method: "POST", body: JSON.stringify(body), headers: { authorization: `Bearer ${info.control_token}`, "content-type": "application/json" },
  });
  await contacts.create({ LastName: "Expires" });
  const client = await connected();
  const [stored] = await collect((callback) => client.subscribeFromEarliestEvent(topic, callback), named("Expires"));
  client.close();
  assert.equal((await control({ retention_ms: 300 })).ok, true);
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const late = await connected();
    const refused = collect((callback) => late.subscribeFromReplayId(topic, callback, null, stored.replayId), () => true);
    await assert.rejects(refused, (error) => error.metadata.get("error-code")[0].endsWith("replayid.corrupted"));
    late.close();
  } finally {
    await control({ retention_ms: 259_200_000 });
  }
});

test("a replay id that is not retained is an error with Salesforce's code", async () => {
  const client = await connected();
  try {
    const refused = collect((callback) => client.subscribeFromReplayId(topic, callback, 5, 1), () => true);
    await assert.rejects(refused, (error) => {
      assert.equal(error.code, 3);
      const code = error.metadata.get("error-code")[0];
      assert.equal(code, "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted");
      return true;
    });
  } finally {
    client.close();
  }
});
