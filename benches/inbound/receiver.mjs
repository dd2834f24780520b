// The peer of the hub in benches/inbound.rs: takes a signed text, stores it once, acknowledges it when it is
// durable. Texts that come while a commit is under way go together in the next one.

import { createHmac, timingSafeEqual } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";

const token = "the token of the receiver";
const db = new Database(join(mkdtempSync(join(tmpdir(), "receiver-")), "texts.db"));
db.exec("pragma journal_mode = wal; pragma synchronous = full; create table message (sid text primary key, sender text, body text, at integer)");
const insert = db.prepare("insert into message values (?, ?, ?, ?) on conflict do nothing");
let waiting = [];

function commit() {
  const batch = waiting;
  waiting = [];
  db.exec("begin immediate");
  for (const { form } of batch) insert.run(form.get("MessageSid"), form.get("From"), form.get("Body"), Date.now());
  db.exec("commit");
  for (const { answer } of batch) answer.writeHead(200, { "content-type": "text/xml", "content-length": 11 }).end("<Response/>");
}

const server = createServer((request, answer) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const form = new URLSearchParams(body);
    const fields = [...form].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => name + value);
    const signed = createHmac("sha1", token).update(`http://127.0.0.1:${server.address().port}${request.url}${fields.join("")}`).digest();
    const given = Buffer.from(request.headers["x-twilio-signature"] ?? "", "base64");
    if (given.length !== signed.length || !timingSafeEqual(given, signed)) return answer.writeHead(403, { "content-length": 0 }).end();
    if (waiting.push({ form, answer }) === 1) setImmediate(commit);
  });
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ address: `127.0.0.1:${server.address().port}`, path: "/", account: "AC00000000000000000000000000000001", token })));
