// jsforce uses the pretend org as it would use a real one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import jsforce from "jsforce";

const info = JSON.parse(process.env.TIELINE_SIMULATOR);
const org = info.orgs[0];
const connect = (accessToken = org.access_token) =>
  new jsforce.Connection({ instanceUrl: info.base_url, accessToken, version: "62.0" });
const oauth2 = { loginUrl: info.base_url, clientId: org.consumer_key, clientSecret: org.consumer_secret };
const codeOf = (work) => work.then(() => "no error", (error) => error.errorCode ?? error.name);

test("signs in by password and by client credentials; a wrong password is refused", async () => {
  const byPassword = new jsforce.Connection({ oauth2, version: "62.0" });
  const user = await byPassword.loginByOAuth2(org.username, org.password + org.security_token);
  assert.equal(user.organizationId.slice(0, 15), org.org_id.slice(0, 15));
  assert.equal((await byPassword.identity()).username, org.username);

  const byApp = new jsforce.Connection({ oauth2, instanceUrl: info.base_url, version: "62.0" });
  await byApp.authorize({ grant_type: "client_credentials" });
  assert.ok((await byApp.query("SELECT Id FROM Account LIMIT 1")).totalSize > 0);

  const wrong = new jsforce.Connection({ oauth2, version: "62.0" });
  assert.equal(await codeOf(wrong.loginByOAuth2(org.username, "wrong")), "invalid_grant");
});

test("a made-up session is invalid", async () => {
  assert.equal(await codeOf(connect("00D!none").query("SELECT Id FROM Contact")), "INVALID_SESSION_ID");
});

test("describes the org and its objects", async () => {
  const names = (await connect().describeGlobal()).sobjects.map((found) => found.name);
  for (const name of ["Account", "Contact", "Lead", "Task", "User"]) assert.ok(names.includes(name), name);
  const contact = await connect().sobject("Contact").describe();
  assert.equal(contact.keyPrefix, "003");
  assert.ok(contact.fields.find((field) => field.name === "Email" && field.type === "email"));
});

test("a record lives from create to delete", async () => {
  const contacts = connect().sobject("Contact");
  const made = await contacts.create({ LastName: "Bjørnstad", Email: "Liv@Example.com" });
  assert.ok(made.success);
  assert.ok((await contacts.update({ Id: made.id, Title: "Head of Ops" })).success);
  const found = await contacts.retrieve(made.id);
  assert.deepEqual([found.Title, found.Email], ["Head of Ops", "liv@example.com"]);
  assert.ok((await contacts.destroy(made.id)).success);
  assert.equal(await codeOf(contacts.retrieve(made.id)), "ENTITY_IS_DELETED");
});

test("upserts by external id", async () => {
  const contacts = connect().sobject("Contact");
  const key = (await contacts.describe()).fields.find((field) => field.externalId).name;
  assert.ok((await contacts.upsert({ [key]: "js-1", LastName: "First" }, key)).success);
  assert.ok((await contacts.upsert({ [key]: "js-1", LastName: "Second" }, key)).success);
  const found = await contacts.find({ [key]: "js-1" }, ["LastName"]);
  assert.deepEqual(found.map((row) => row.LastName), ["Second"]);
});

test("reads a query of several pages to its end", async () => {
  const total = (await connect().query("SELECT COUNT() FROM Contact")).totalSize;
  const first = await connect().query("SELECT Id FROM Contact ORDER BY Id");
  assert.deepEqual([first.done, first.records.length], [false, 2000]);
  const ids = new Set();
  await new Promise((resolve, reject) => {
    connect().query("SELECT Id FROM Contact").on("record", (row) => ids.add(row.Id)).on("end", resolve).on("error", reject)
      .run({ autoFetch: true, maxFetch: 100_000 });
  });
  assert.equal(ids.size, total);
});

test("writes collections, and each row says how it went", async () => {
  const contacts = connect().sobject("Contact");
  const rows = [...Array(150).keys()].map((n) => ({ LastName: `Row ${n}` }));
  const made = await contacts.create([...rows, { Title: "no name" }], { allOrNone: false });
  assert.equal(made.filter((row) => row.success).length, 150);
  assert.equal(made[150].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
  const ids = made.filter((row) => row.success).map((row) => row.id);
  const changed = await contacts.update(ids.map((Id) => ({ Id, Title: "Row" })));
  assert.ok(changed.every((row) => row.success));
  assert.equal((await contacts.retrieve(ids)).length, 150);
  assert.ok((await contacts.destroy(ids)).every((row) => row.success));
});

test("loads and reads in bulk, one page of results", async () => {
  const conn = connect();
  const options = { object: "Contact", pollTimeout: 20_000, pollInterval: 50 };
  const input = [...Array(120).keys()].map((n) => ({ LastName: `Load ${n}`, Description: n % 2 ? 'said "no", then\nleft' : null }));
  const done = await conn.bulk2.loadAndWaitForResults({ ...options, operation: "insert", input });
  assert.deepEqual([done.successfulResults.length, done.failedResults.length, done.unprocessedRecords.length], [120, 0, 0]);
  const rows = await (await conn.bulk2.query("SELECT Id, LastName, Description FROM Contact WHERE LastName LIKE 'Load %'")).toArray();
  assert.equal(rows.length, 120);
  assert.equal(rows.filter((row) => row.Description === 'said "no", then\nleft').length, 60);
  const gone = await conn.bulk2.loadAndWaitForResults({ ...options, operation: "delete", input: rows.map(({ Id }) => ({ Id })) });
  assert.equal(gone.successfulResults.length, 120);
});

test("a composite hands ids on, and takes everything back when one part fails", async () => {
  const base = "/services/data/v62.0";
  const part = (referenceId, object, body) => ({ method: "POST", url: `${base}/sobjects/${object}`, referenceId, body });
  const post = async (...compositeRequest) =>
    (await connect().requestPost(`${base}/composite`, { allOrNone: true, compositeRequest })).compositeResponse;
  const account = part("account", "Account", { Name: "Lumen" });
  const good = await post(account, part("contact", "Contact", { LastName: "Ito", AccountId: "@{account.id}" }));
  assert.deepEqual(good.map((answer) => answer.httpStatusCode), [201, 201]);
  const bad = await post(account, part("contact", "Contact", { Title: "no name" }));
  assert.equal(bad[0].body[0].errorCode, "PROCESSING_HALTED");
  assert.equal(bad[1].body[0].errorCode, "REQUIRED_FIELD_MISSING");
});

test("goes through pages by hand", async () => {
  let page = await connect().query("SELECT Id FROM Contact");
  let count = page.records.length;
  while (!page.done) {
    page = await connect().queryMore(page.nextRecordsUrl);
    count += page.records.length;
  }
  assert.equal(count, page.totalSize);
});

test("lists views, their columns and their rows", async () => {
  const contacts = connect().sobject("Contact");
  const { listviews } = await contacts.listviews();
  const all = listviews.find((view) => view.developerName === "AllContacts");
  const described = await contacts.listview(all.id).describe();
  assert.ok((await connect().query(described.query)).totalSize > 0);
  const results = await contacts.listview(all.id).results();
  assert.equal(results.size, results.records.length);
  assert.equal(typeof results.records[0].columns[0].fieldNameOrPath, "string");
});

test("describes once when asked through the cache", async () => {
  const conn = connect();
  const first = await conn.describe$("Account");
  const used = conn.limitInfo.apiUsage.used;
  assert.deepEqual(await conn.describe$("Account"), first);
  assert.equal(conn.limitInfo.apiUsage.used, used);
});

test("searches, and lists what changed and what was viewed", async () => {
  const conn = connect();
  const made = await conn.sobject("Contact").create({ LastName: "Thistlewood" });
  const found = await conn.search("FIND {Thistlewood} RETURNING Contact(Id, LastName)");
  assert.deepEqual(found.searchRecords.map((row) => row.Id), [made.id]);
  const now = Date.now();
  const span = [new Date(now - 300_000).toISOString(), new Date(now + 120_000).toISOString()];
  assert.ok((await conn.sobject("Contact").updated(...span)).ids.includes(made.id));
  assert.ok(Array.isArray((await conn.sobject("Contact").deleted(...span)).deletedRecords));
  assert.ok((await conn.recent()).some((row) => row.Id === made.id));
});

test("errors carry the org's codes", async () => {
  assert.equal(await codeOf(connect().query("SELECT Nope FROM Contact")), "INVALID_FIELD");
  assert.equal(await codeOf(connect().query("SELECT FROM")), "MALFORMED_QUERY");
  assert.equal(await codeOf(connect().sobject("Contact").create({ Title: "x" })), "REQUIRED_FIELD_MISSING");
  assert.equal(await codeOf(connect().sobject("Nope__c").describe()), "NOT_FOUND");
});

test("limits and usage are told", async () => {
  const conn = connect();
  assert.ok((await conn.limits()).DailyApiRequests.Max > 0);
  assert.ok(conn.limitInfo.apiUsage.used > 0);
  assert.ok(readFileSync(org.jwt_key_file, "utf8").includes("PRIVATE KEY"));
});
