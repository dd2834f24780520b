// What only a demo has: the ways to the pretend org and phones.

import { ExternalLink } from "lucide-preact";
import { Link } from "./kit/link";
import { me } from "./state/session";
import { words } from "./words/frame";

export function DemoLinks() {
  const demo = me.value?.demo;
  if (!demo) return null;
  const { org, phones } = words.demo;
  return (
    <div class="demo-links">
      <b class="section-title">{words.demo.title}</b>
      <p class="quiet">{words.demo.why}</p>
      {[
        [demo.org_url, org],
        [demo.phones_url, phones],
      ].map(([url, name]) => (
        <a key={url} href={url} target={name} rel="noreferrer">
          {name} <ExternalLink size={14} aria-hidden="true" />
        </a>
      ))}
      <Link to="parts">{words.demo.parts}</Link>
    </div>
  );
}
