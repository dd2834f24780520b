// Starts the app and shows the page of the address.

import { type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import "./styles/index.css";
import { ContactsPage } from "./contacts/list";
import { ContactPage } from "./contacts/page";
import { keepFocus } from "./focus";
import { tick } from "./format";
import { Frame } from "./frame";
import { Begin } from "./inbox/begin";
import { InboxPage } from "./inbox/page";
import { Keys } from "./keys";
import { Empty } from "./kit/ground";
import { Palette } from "./palette";
import { sentence } from "./problem";
import { follow as followAddress, go, route } from "./route";
import { applyLook } from "./settings/look";
import { SettingsPage } from "./settings/page";
import { SignIn } from "./sign_in";
import { follow } from "./state/live";
import { failure, hasTurned, loadMe, me, signedOut } from "./state/session";
import { say } from "./state/toasts";
import { SyncPage } from "./sync/page";
import { RunPage } from "./sync/run";
import { keepTitle } from "./title";
import { words } from "./words/frame";
import { words as problems } from "./words/problems";

function App() {
  const begun = me.value !== null;
  if (signedOut.value) return <SignIn />;
  if (failure.value)
    return (
      <Empty title={sentence({ message: failure.value.message, fix: null })} level={1}>
        <p>{failure.value.fix}</p>
        <button onClick={() => location.reload()}>{problems.again}</button>
      </Empty>
    );
  if (!begun) return <p class="loading">{words.loading}</p>;
  return (
    <Frame>
      <Page />
      <Keys />
      <Palette />
      <Begin />
    </Frame>
  );
}

function Page() {
  const at = route.value;
  if (at.place === "missing" || (at.place === "parts" && !me.value?.demo))
    return (
      <Empty title={words.missing} level={1}>
        <button onClick={() => go("inbox")}>{words.toInbox}</button>
      </Empty>
    );
  if (at.place === "parts") return <Later load={() => import("./kit/parts")} />;
  if (at.place === "inbox") return <InboxPage />;
  if (at.place === "settings") return <SettingsPage />;
  if (at.place === "contacts") return at.id ? <ContactPage key={at.id} id={at.id} /> : <ContactsPage />;
  return at.id ? <RunPage key={at.id} id={at.id} /> : <SyncPage />;
}

/** A page that is brought when somebody goes there. */
function Later({ load }: { load: () => Promise<{ default: ComponentType }> }) {
  const [It, setIt] = useState<ComponentType | null>(null);
  useEffect(() => void load().then((it) => setIt(() => it.default)), []);
  return It ? <It /> : <p class="loading">{words.loading}</p>;
}

applyLook();
followAddress();
keepFocus();
keepTitle();
tick();
// Before anything is asked for, so that nothing happens unheard in between.
follow();
void loadMe().then(() => {
  if (me.peek() && hasTurned()) say(words.turned(me.peek()!.staff.name));
});
render(<App />, document.getElementById("app")!);
