// The frame: the rail at the side (a bar at the bottom of a phone), toasts, the lost connection.

import { ArrowLeftRight, Inbox, Settings, Users } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { Mark, StaffAvatar } from "./parts";
import { counts, go, live, me, path, toast } from "./state";

const PLACES = [
  { to: "inbox", label: "Inbox", Icon: Inbox },
  { to: "contacts", label: "Contacts", Icon: Users },
  { to: "sync", label: "Sync", Icon: ArrowLeftRight },
  { to: "settings", label: "Settings", Icon: Settings },
];

export function Frame({ children }: { children: ComponentChildren }) {
  const here = path.value.split("/")[0] || "inbox";
  const deep = path.value.startsWith("inbox/");
  const ours = counts.value.ours || me.value?.counts.ours || 0;
  const state = me.value?.connection?.state;
  return (
    <div class={`frame ${deep ? "deep" : ""}`}>
      <nav class="rail" aria-label="Main">
        <a
          class="tile"
          href="/app/inbox"
          aria-label="Tieline"
          onClick={(event) => {
            event.preventDefault();
            go("inbox");
          }}
        >
          <Mark size={20} />
        </a>
        {PLACES.map(({ to, label, Icon }) => (
          <a
            key={to}
            href={`/app/${to}`}
            class="place"
            aria-current={here === to ? "page" : undefined}
            onClick={(event) => {
              event.preventDefault();
              go(to);
            }}
          >
            <span class="icon">
              <Icon size={20} strokeWidth={1.8} aria-hidden="true" />
              {to === "inbox" && ours > 0 && <b class="badge">{ours}</b>}
            </span>
            {label}
          </a>
        ))}
        <span class="grow" />
        <a
          href="/app/sync"
          class="place quiet"
          onClick={(event) => {
            event.preventDefault();
            go("sync");
          }}
        >
          <Mark size={16} />
          {state === "connected" ? "Connected" : state ? "Look here" : "No org"}
        </a>
        {me.value && <StaffAvatar name={me.value.staff.name} size={32} />}
      </nav>
      <main>
        {live.value === "lost" && (
          <p class="banner" role="status">
            The connection is lost. What you see may be old; it is tried again by itself.
          </p>
        )}
        {children}
      </main>
      <div class="toasts" role="status" aria-live="polite">
        {toast.value && (
          <div class="toast">
            {toast.value.text}
            {toast.value.undo && (
              <button
                class="link"
                onClick={() => {
                  toast.value?.undo?.();
                  toast.value = null;
                }}
              >
                Undo
              </button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
