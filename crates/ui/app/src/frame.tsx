// The frame: the rail at the side (a bar at the bottom of a phone), what is said of the line to the hub,
// toasts. Nothing of it moves the page.

import { ArrowLeftRight, FlaskConical, Inbox, Settings, Users } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { late } from "./api";
import { DemoLinks } from "./demo";
import { moment, now, short } from "./format";
import { Mark, StaffAvatar } from "./kit/ground";
import { Link } from "./kit/link";
import { Toasts } from "./kit/toasts";
import { route } from "./route";
import { openId, waiting } from "./state/inbox";
import { stream } from "./state/live";
import { useRecord } from "./state/records";
import { me } from "./state/session";
import { STATUS_ID, status } from "./state/sync";
import { standingOf } from "./sync/standing";
import { words } from "./words/frame";

const ASK_AGAIN_MS = 60_000;

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

/** To where one writes, else to the page's name, else to the page. */
function skip() {
  const find = (selector: string) => document.querySelector<HTMLElement>(selector);
  const to = find(".composer textarea:not([disabled])") ?? find("main h1") ?? find("main");
  if (to?.matches("h1")) to.tabIndex = -1;
  to?.focus();
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
      {me.value?.demo && <DemoPlace />}
      <LineState />
      {me.value && <StaffAvatar name={me.value.staff.name} size={32} />}
    </nav>
  );
}

/** A menu in the rail; on a phone the same stands in the settings. */
function DemoPlace() {
  return (
    <>
      <button class="place demo" popovertarget="demo-links">
        <FlaskConical size={20} strokeWidth={1.8} aria-hidden="true" />
        {words.demo.title}
      </button>
      <div id="demo-links" class="menu" popover="auto">
        <DemoLinks />
      </div>
    </>
  );
}

/** The line to the hub and, while that is well, how the org stands: a word, amber when it is not well. */
function LineState() {
  const said = lineSaid() ?? (me.value?.connection ? null : { short: words.line.noOrg, title: "" });
  return said ? <LineLink {...said} kind={said.isWell ? "teal" : "amber"} /> : <OrgState />;
}

function lineSaid() {
  const line = stream.line.value;
  if (line === "lost") return { short: words.line.lost, title: words.lost };
  if (late.value > 0) return { short: words.line.late, title: words.late };
  return line === "connecting" ? { short: words.line.connecting, title: "", isWell: true } : null;
}

function OrgState() {
  const slot = useRecord(status, STATUS_ID)!;
  // Nothing tells of an org that went away or came back while nothing is exchanged.
  const at = Math.floor(now.value / ASK_AGAIN_MS);
  useEffect(() => {
    if (!document.hidden) void status.load(STATUS_ID);
  }, [at]);
  const it = slot.value.value;
  if (!it) return <LineLink short={words.line.live} title="" kind="teal" />;
  const { short, title, hint, kind } = standingOf(it, moment);
  return <LineLink short={short} title={[title, hint].filter(Boolean).join(". ")} kind={kind} />;
}

function LineLink({ short, title, kind }: { short: string; title: string; kind: string }) {
  return (
    <Link to="sync" class={`place line ${kind}`} title={title || undefined}>
      <Mark size={16} />
      {short}
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
