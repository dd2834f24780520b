// Every part of the kit in each of its states, for looking at: /app/parts of a demo.

import { Ban, Check, CircleAlert, Search } from "lucide-preact";
import { useState } from "preact/hooks";
import { Value } from "../contacts/fields";
import { sayNumber } from "../contacts/number";
import { Standing } from "../contacts/standing";
import { count } from "../format";
import { Linked } from "../inbox/linked";
import { Problem } from "../problem";
import { say } from "../state/toasts";
import type { Attribute, ContactRow, NumberRead } from "../types";
import { words } from "../words/parts";
import { Dialog } from "./dialog";
import { Avatar, Empty, Mark, Skeleton, StaffAvatar, Waiting } from "./ground";
import { Link } from "./link";
import { VirtualList } from "./virtual_list";

const NAMES = ["Eleanor Whitcombe", "Łukasz Żółć", "مريم حداد", "李小龍", "O’Neil-Smythe", "+44"];
const KINDS: Attribute["type"][] = [
  "text",
  "long_text",
  "phone",
  "email",
  "url",
  "date",
  "number",
  "bool",
  "choice",
];
const STANDINGS: ContactRow["sync"][] = ["in_step", "waiting", "conflict", "not_linked"];
const READ: NumberRead = {
  number: "+447700900317",
  display: "+44 7700 900317",
  country: "GB",
  kind: "mobile",
  doubtful: false,
  reason: null,
};
const NUMBERS: NumberRead[] = [
  READ,
  { ...READ, country: null },
  { ...READ, doubtful: true },
  { ...READ, kind: "landline" },
  { ...READ, number: null, reason: "several" },
];
const MANY = 20_000;
const ROW = 40;
const BARS = { rows: 2, height: 44 };
const again = () => {};

const field = (type: Attribute["type"]): Attribute => ({
  id: type,
  name: type,
  label: type,
  type,
  options: ["One", "Two"],
  max_length: 200,
  own: false,
  position: 1,
  read_only: false,
  required: false,
  section: "person",
});

export default function Parts() {
  return (
    <section class="narrow parts">
      <h1>{words.title}</h1>
      <Buttons />
      <Marks />
      <Tags />
      <Fields />
      <Numbers />
      <Said />
      <Dialogs />
      <Grounds />
      <Tabs />
      <Figures />
      <Long />
    </section>
  );
}

const Buttons = () => (
  <div class="card">
    <h2>{words.buttons}</h2>
    <p class="inline">
      <button class="primary">
        {words.act} <kbd>Ctrl ↵</kbd>
      </button>
      <button>{words.act}</button>
      <button class="danger">{words.act}</button>
      <button class="link">{words.act}</button>
      <button class="icon" aria-label={words.act}>
        <Search size={16} />
      </button>
    </p>
    <p class="inline">
      <button class="primary" disabled>
        {words.off}
      </button>
      <button disabled>{words.off}</button>
      <button class="danger" disabled>
        {words.off}
      </button>
      <Link to="parts">{words.link}</Link>
    </p>
  </div>
);

const Marks = () => (
  <div class="card">
    <h2>{words.marks}</h2>
    <p class="inline">
      <Mark size={20} /> <Mark size={16} /> <Mark size={12} />
      {[40, 32, 28, 24, 20].map((size, i) => (
        <Avatar key={size} id={`ct_${i}`} name={NAMES[i]!} size={size} />
      ))}
      {[32, 24, 20].map((size) => (
        <StaffAvatar key={size} name="Priya Nair" size={size} />
      ))}
    </p>
    {NAMES.map((name) => (
      <p key={name} class="person">
        <Avatar id={name} name={name} size={28} />
        <span dir="auto">{name}</span>
      </p>
    ))}
  </div>
);

const Tags = () => (
  <div class="card">
    <h2>{words.tags}</h2>
    <p class="inline">
      {["", "well", "warn", "bad"].map((kind) => (
        <span key={kind} class={`tag ${kind}`}>
          {kind || words.plain}
        </span>
      ))}
      {STANDINGS.map((state) => (
        <Standing key={state} state={state} />
      ))}
      <b class="count">7</b>
    </p>
    <p>
      <Check size={16} class="teal" /> <CircleAlert size={16} class="amber" /> <Ban size={16} class="red" />
    </p>
    <p class="problem">{words.problem}</p>
    <p class="reason">{words.reason}</p>
    <p class="quiet">{words.quiet}</p>
    <progress max={3} value={2} aria-label={words.progress} />
    <progress aria-label={words.progress} />
  </div>
);

const Fields = () => (
  <div class="card">
    <h2>{words.fields}</h2>
    <div class="fields">
      {KINDS.map((type) => (
        <div key={type} class="field">
          <label for={`part-${type}`}>{type}</label>
          <Value attribute={field(type)} id={`part-${type}`} placeholder={words.add} />
        </div>
      ))}
      <div class="field dirty">
        <label for="part-dirty">{words.changed}</label>
        <Value attribute={field("text")} id="part-dirty" value="Lond" />
        <div class="told">
          <p class="theirs">{words.theirs}</p>
        </div>
      </div>
      <div class="field">
        <label for="part-refused">{words.refused}</label>
        <Value attribute={field("text")} id="part-refused" value="not an address" aria-invalid />
        <div class="told">
          <p class="problem">{words.problem}</p>
        </div>
      </div>
      <div class="field">
        <label for="part-off">{words.off}</label>
        <Value attribute={field("text")} id="part-off" value="Only Salesforce changes this" disabled />
      </div>
    </div>
    <label class="check">
      <input type="checkbox" checked /> {words.check}
    </label>
    <label class="search">
      <Search size={16} aria-hidden="true" />
      <input type="search" placeholder={words.search} aria-label={words.search} />
    </label>
  </div>
);

const Numbers = () => (
  <div class="card">
    <h2>{words.numbers}</h2>
    {NUMBERS.map(sayNumber).map(({ text, isWarning }) => (
      <p key={text} class={isWarning ? "reason" : "quiet"}>
        {text}
      </p>
    ))}
  </div>
);

const Said = () => (
  <div class="card">
    <h2>{words.said}</h2>
    <div class="said in first">
      <p class="bubble" dir="auto">
        <Linked text={words.text} />
      </p>
      <p class="bubble" dir="auto">
        مرحبا، هل يمكننا التحدث غدا؟
      </p>
    </div>
    <div class="said out first">
      <div class="line">
        <p class="bubble">{words.text}</p>
      </div>
      <p class="state">{words.state}</p>
    </div>
    <div class="note">{words.text}</div>
    <p class="day fresh">
      <span>{words.divider}</span>
    </p>
  </div>
);

function Dialogs() {
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="card">
      <h2>{words.dialogs}</h2>
      <p class="inline">
        <button onClick={() => setOpen(true)}>{words.open}</button>
        <button onClick={() => say(words.toast, { label: words.act, run: () => {} })}>{words.say}</button>
      </p>
      <Dialog open={isOpen} onClose={() => setOpen(false)} label={words.dialogs}>
        <h2>{words.question}</h2>
        <p>{words.text}</p>
        <footer>
          <button onClick={() => setOpen(false)}>{words.no}</button>
          <button class="danger" onClick={() => setOpen(false)}>
            {words.act}
          </button>
        </footer>
      </Dialog>
    </div>
  );
}

const Grounds = () => (
  <div class="card">
    <h2>{words.grounds}</h2>
    <Empty title={words.empty}>
      <p>{words.emptyHint}</p>
      <button>{words.act}</button>
    </Empty>
    <Skeleton rows={2} height={44} />
    <Waiting problem={new Problem(409, "unknown", words.problem, words.fix)} again={again} {...BARS} />
  </div>
);

const Tabs = () => (
  <div class="card">
    <h2>{words.tabs}</h2>
    <nav class="tabs" aria-label={words.tabs}>
      <Link to="parts" aria-current="true">
        {words.one} <small>{count(1_204)}</small>
      </Link>
      <Link to="parts">{words.two}</Link>
    </nav>
  </div>
);

const Figures = () => (
  <div class="card flush">
    <h2>{words.table}</h2>
    <div class="table-box">
      <table class="table figures">
        <thead>
          <tr>
            <th>{words.one}</th>
            <th>{words.two}</th>
          </tr>
        </thead>
        <tbody>
          {[12_951, 0].map((n) => (
            <tr key={n}>
              <td class="word">{words.text.slice(0, 20)}</td>
              <td class={n === 0 ? "zero" : ""}>{count(n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </div>
);

function Long() {
  const rows = Array.from({ length: MANY }, (_, i) => ({
    key: String(i),
    height: ROW,
    draw: () => <p class="person-row">{words.row(i + 1)}</p>,
  }));
  return (
    <div class="card flush">
      <h2>{words.long(MANY)}</h2>
      <VirtualList rows={rows} label={words.long(MANY)} className="people-rows short" />
    </div>
  );
}
