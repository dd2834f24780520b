// How one is told of texts while one looks elsewhere; all of it off by one switch.

import { moment, now } from "../format";
import { chime, isBlocked, notice, setNotice, wantBanners } from "../state/notice";
import { isQuiet, tomorrow } from "../state/notice_rules";
import { me } from "../state/session";
import { words } from "../words/notice";

const HOUR_MS = 3_600_000;

type CheckProps = { label: string; isOn: boolean; onChange: (isOn: boolean) => void };

const Check = ({ label, isOn, onChange }: CheckProps) => (
  <label class="check">
    <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} />{" "}
    {label}
  </label>
);

export function NoticeCard() {
  const it = notice.value;
  return (
    <div class="card">
      <h2>{words.title}</h2>
      <Check label={words.on} isOn={it.isOn} onChange={(isOn) => setNotice({ isOn })} />
      {it.isOn && <Ways />}
    </div>
  );
}

function Ways() {
  const it = notice.value;
  const inboxes = me.value?.inboxes ?? [];
  const mute = (id: string, isMuted: boolean) =>
    setNotice({ muted: isMuted ? [...it.muted, id] : it.muted.filter((other) => other !== id) });
  return (
    <>
      <p class="quiet">{words.onHint}</p>
      <Check
        label={words.banners}
        isOn={it.banners && !isBlocked()}
        onChange={(isOn) => (isOn ? void wantBanners() : setNotice({ banners: false }))}
      />
      {isBlocked() && <p class="reason">{words.blocked}</p>}
      <Check
        label={words.sound}
        isOn={it.sound}
        onChange={(sound) => {
          setNotice({ sound });
          if (sound) chime();
        }}
      />
      {(it.banners || it.sound) && (
        <>
          <fieldset class="plain">
            <legend>{words.inboxes}</legend>
            {inboxes.map(({ id, name }) => (
              <Check
                key={id}
                label={name}
                isOn={!it.muted.includes(id)}
                onChange={(isOn) => mute(id, !isOn)}
              />
            ))}
          </fieldset>
          <p class="quiet">{words.others}</p>
          <Quiet />
        </>
      )}
    </>
  );
}

function Quiet() {
  const until = notice.value.quietUntil;
  const quiet = isQuiet(notice.value, now.value);
  const choose = (chosen: string) => {
    const at = Date.now();
    setNotice({ quietUntil: chosen === "hour" ? at + HOUR_MS : chosen === "day" ? tomorrow(at) : null });
  };
  return (
    <label class="inline">
      {words.quiet}{" "}
      <select value={quiet ? "as-is" : "off"} onChange={(event) => choose(event.currentTarget.value)}>
        {quiet && until !== null && <option value="as-is">{words.quietUntil(moment(until))}</option>}
        {Object.entries(words.for).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
