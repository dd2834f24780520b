// The frame: the rail at the side (a bar at the bottom of a phone), what is said of the line to the hub,
// toasts. Nothing of it moves the page.

import { ArrowLeftRight, Inbox, Settings, Users } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { late } from "./api";
import { short } from "./format";
import { Mark, StaffAvatar } from "./kit/ground";
import { Link } from "./kit/link";
import { Toasts } from "./kit/toasts";
import { route } from "./route";
import { openId, waiting } from "./state/inbox";
import { stream } from "./state/live";
import { me } from "./state/session";
import { words } from "./words/frame";

const PLACES = [
  { to: "inbox", Icon: Inbox },
  { to: "contacts", Icon: Users },
  { to: "sync", Icon: ArrowLeftRight },
  { to: "settings", Icon: Settings },
] as const;

export function Frame({ children }: { children: ComponentChildren }) {
  return (
    <div class={`frame ${openId.value ? "deep" : ""}`}>
      <button class="skip" onClick={skip}>
        {words.skip}
      </button>
      <Rail />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <LineBanner />
      <Toasts />
    </div>
  );
}

function skip() {
  const inside = document.querySelector<HTMLElement>(".composer textarea:not([disabled]), main h1, main");
  if (inside?.matches("h1")) inside.tabIndex = -1;
  inside?.focus();
}

function Rail() {
  const here = route.value.place;
  const ours = waiting.value;
  return (
    <nav class="rail" aria-label={words.main}>
      <Link class="tile" to="inbox" aria-label={words.app}>
        <Mark size={20} />
      </Link>
      {PLACES.map(({ to, Icon }) => (
        <Link key={to} to={to} class="place" aria-current={here === to ? "page" : undefined}>
          <span class="icon">
            <Icon size={20} strokeWidth={1.8} aria-hidden="true" />
            {to === "inbox" && ours > 0 && (
              <b class="badge" title={words.waiting(ours)}>
                {short(ours)}
              </b>
            )}
          </span>
          {words.places[to]}
        </Link>
      ))}
      <span class="grow" />
      <LineState />
      {me.value && <StaffAvatar name={me.value.staff.name} size={32} />}
    </nav>
  );
}

/** The line to the hub and, if that is well, the org's: one word, amber when it is not well. */
function LineState() {
  const line = stream.line.value;
  const org = me.value?.connection?.state;
  const said =
    line === "lost"
      ? words.line.lost
      : late.value > 0
        ? words.line.late
        : line === "connecting"
          ? words.line.connecting
          : !org
            ? words.line.noOrg
            : org === "connected"
              ? words.line.live
              : words.line.orgDown;
  const isWell = said === words.line.live || said === words.line.connecting;
  return (
    <Link to="sync" class={`place line ${isWell ? "" : "amber"}`}>
      <Mark size={16} />
      {said}
    </Link>
  );
}

function LineBanner() {
  const text = stream.line.value === "lost" ? words.lost : late.value > 0 ? words.late : "";
  return (
    <div class="line-banner" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}
