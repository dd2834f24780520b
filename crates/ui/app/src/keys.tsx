// The keyboard. Each shortcut stands once, with what the list of them says; `when` tells where it counts.

import { useEffect, useState } from "preact/hooks";
import { assignToMe, close, markUnread, move } from "./inbox/acts";
import { Dialog } from "./kit/dialog";
import { go, route } from "./route";
import { drafts, openId } from "./state/inbox";
import { beginning, factsOver } from "./state/screen";
import { dismiss, toasts } from "./state/toasts";
import { words } from "./words/frame";

const LIST: [string[], string][] = [
  [["j", "k"], words.keys.move],
  [["Enter"], words.keys.open],
  [["r"], words.keys.reply],
  [["n"], words.keys.note],
  [["a"], words.keys.take],
  [["e"], words.keys.close],
  [["u"], words.keys.unread],
  [["c"], words.keys.begin],
  [["z"], words.keys.undo],
  [["/"], words.keys.search],
  [["Ctrl", "Enter"], words.keys.send],
  [["Ctrl", "K"], words.keys.palette],
  [["g", "i"], words.places.inbox],
  [["g", "c"], words.places.contacts],
  [["g", "s"], words.places.sync],
  [["Esc"], words.keys.leave],
  [["?"], words.keys.list],
];

const focus = (selector: string) => {
  const it = document.querySelector<HTMLElement>(selector);
  it?.focus();
  return !!it;
};

function write(mode: "reply" | "note") {
  const id = openId.peek();
  if (!id) return;
  drafts.peek().open(id, mode);
  // Drawn before the cursor goes there.
  requestAnimationFrame(() => focus(".composer textarea"));
}

type Act = (id: string) => unknown;
/** What counts for the open conversation. */
const WITH_ONE: Record<string, Act> = {
  r: () => write("reply"),
  n: () => write("note"),
  a: assignToMe,
  e: close,
  u: markUnread,
  Enter: () => focus(".thread .scroll"),
};

export function Keys() {
  const [isListed, setListed] = useState(false);
  useEffect(() => {
    let before = "";
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (target.closest("dialog")) return;
      if (event.key === "Escape") return leaveField(target);
      const isTyping = target.closest("input, textarea, select, [contenteditable]");
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      // A link or button that has the focus is pressed by Enter itself.
      if (event.key === "Enter" && target.closest("a, button, summary")) return;
      const act = actOf(before === "g" ? `g${event.key}` : event.key, () => setListed(true));
      before = event.repeat ? before : event.key;
      if (!act) return;
      if (event.repeat && !"jk".includes(event.key)) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <Dialog open={isListed} onClose={() => setListed(false)} label={words.keyboard}>
      <h2>{words.keyboard}</h2>
      <dl>
        {LIST.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <footer>
        <button onClick={() => setListed(false)}>{words.close}</button>
      </footer>
    </Dialog>
  );
}

function actOf(key: string, list: () => void): (() => unknown) | null {
  const places: Record<string, string> = { gi: "inbox", gc: "contacts", gs: "sync" };
  if (places[key]) return () => go(places[key]!);
  if (key === "?") return list;
  if (key === "z") return undo();
  if (key === "/") return () => focus("main input[type=search]");
  if (route.peek().place !== "inbox") return null;
  if (key === "c") return () => (beginning.value = true);
  if (key === "j" || key === "k") return () => move(key === "j" ? 1 : -1);
  const id = openId.peek();
  const act = WITH_ONE[key];
  return id && act ? () => act(id) : null;
}

function undo() {
  const toast = toasts.peek().findLast((it) => it.act?.label === words.undo);
  if (!toast?.act) return null;
  return () => {
    dismiss(toast.id);
    toast.act?.run();
  };
}

/** Out of a field, else out of what lies on top. */
function leaveField(target: HTMLElement) {
  if (target.closest("input, select")) focus("main");
  else if (factsOver.peek()) factsOver.value = false;
}
