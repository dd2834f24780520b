// One at a time under a name, in whichever tab of this browser.

export type Alone = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** A tab reads what another wrote a moment later: so long nobody else has their turn. */
const SEEN_MS = 50;

/** Among the tabs where the browser has locks, as it has over https; else each tab by itself. */
export function alone(): Alone {
  const locks = navigator.locks as LockManager | undefined;
  return locks ? amongTabs(locks) : inPage();
}

export const amongTabs =
  (locks: Pick<LockManager, "request">): Alone =>
  (name, work) =>
    new Promise((done, failed) => {
      const turn = async () => {
        await work().then(done, failed);
        await new Promise((seen) => setTimeout(seen, SEEN_MS));
      };
      locks.request(`tieline:${name}`, turn).catch(failed);
    });

export function inPage(): Alone {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, turn);
    const over = () => last.get(name) === turn && last.delete(name);
    turn.then(over, over);
    return turn;
  };
}
