// Starts the app and shows the page of the address.

import { render } from "preact";
import { useEffect } from "preact/hooks";
import "./styles/index.css";
import { ContactPage, ContactsPage } from "./contacts";
import { Frame } from "./frame";
import { InboxPage } from "./inbox/page";
import { Keys } from "./keys";
import { follow } from "./live";
import { Palette } from "./palette";
import { Empty } from "./parts";
import { SettingsPage } from "./settings";
import { SignIn } from "./sign_in";
import { failure, loadMe, me, path, signedOut } from "./state";
import { SyncPage } from "./sync/page";
import { RunPage } from "./sync/run";

function App() {
  useEffect(() => void loadMe(), []);
  const ready = me.value !== null;
  useEffect(() => {
    if (ready) follow();
  }, [ready]);
  if (signedOut.value) return <SignIn />;
  if (failure.value)
    return (
      <Empty title={failure.value.message}>
        <p>{failure.value.fix}</p>
        <button onClick={() => location.reload()}>Try again</button>
      </Empty>
    );
  if (!ready) return <p class="loading">Loading Tieline</p>;
  const [place = "", id] = path.value.split("/");
  return (
    <Frame>
      {place === "contacts" && id ? (
        <ContactPage key={id} id={id} />
      ) : place === "contacts" ? (
        <ContactsPage />
      ) : place === "sync" && id ? (
        <RunPage key={id} id={id} />
      ) : place === "sync" ? (
        <SyncPage />
      ) : place === "settings" ? (
        <SettingsPage />
      ) : (
        <InboxPage />
      )}
      <Keys />
      <Palette />
    </Frame>
  );
}

render(<App />, document.getElementById("app")!);
