import { describe, expect, test } from "bun:test";
import { emptySnapshot } from "#config/snapshot.ts";
import { silentLog } from "#core/log.ts";
import type { ConfigUpdate } from "#xds/client/config-stream-options.ts";
import type { KeptIdentity } from "../identity/kept-identity.ts";
import { Followers } from "./followers.ts";
import type { RelayLine } from "./relay-line.ts";
import { WorkerLink } from "./worker-link.ts";
import type { WorkerMessage, WorkerState } from "./worker-message.ts";

const identity: KeptIdentity = { keyPem: "key", certificatesPem: ["leaf"], rootsPem: ["root"] };
const update: ConfigUpdate = {
  type: "cluster",
  upserted: [],
  removed: ["payments"],
  snapshot: emptySnapshot,
};

/** The parent's part: hands lines on, in order, a turn of the event loop later. */
class Relay {
  readonly #takers = new Map<number, (line: RelayLine) => void>();

  linkOf(worker: number): WorkerLink {
    return new WorkerLink({
      relay: (to, body) => {
        const takers = to === undefined ? [...this.#takers.keys()] : [to];
        for (const taker of takers)
          if (taker !== worker) setImmediate(() => this.#takers.get(taker)?.({ worker, body }));
      },
      onRelay: (take) => this.#takers.set(worker, take),
    });
  }

  cut(worker: number): void {
    this.#takers.delete(worker);
  }
}

function leaderOf(relay: Relay, firstSeq = 100) {
  const stuck: number[] = [];
  let hasState = true;
  const followers = new Followers({
    link: relay.linkOf(0),
    state: () => (hasState ? { identity, resources: [] } : undefined),
    onStuck: (worker) => stuck.push(worker),
    firstSeq,
    log: silentLog,
  });
  return {
    followers,
    stuck,
    hasState: (has: boolean) => {
      hasState = has;
    },
  };
}

/** A worker that remembers what it was told, and confirms it as the test wants. */
function followerOf(relay: Relay, worker: number, has?: WorkerState) {
  const link = relay.linkOf(worker);
  const told: WorkerMessage[] = [];
  const confirm = { refusal: undefined as string | undefined, isSilent: false };
  const take = (message: WorkerMessage, seq: number) => {
    told.push(message);
    if (confirm.isSilent) return;
    const { refusal } = confirm;
    link.send(0, { kind: "applied", seq, ...(refusal === undefined ? {} : { refusal }) });
  };
  link.on("state", (message) => take(message, message.state.seq));
  link.on("update", (message) => take(message, message.seq));
  link.on("identity", (message) => void told.push(message));
  link.on("leading", () => link.send(0, { kind: "hello", seq: has?.seq ?? 0 }));
  link.answer({ state: () => has, facts: () => undefined });
  return {
    ...{ link, told, confirm },
    hello: () => link.send(0, { kind: "hello", seq: has?.seq ?? 0 }),
    kinds: () => told.map(({ kind }) => kind),
  };
}

const turns = async (): Promise<void> => {
  for (let n = 0; n < 10; n++) await new Promise(setImmediate);
};

describe("a worker that says hello", () => {
  test("gets everything, and from then on every update", async () => {
    const relay = new Relay();
    const { followers } = leaderOf(relay);
    const one = followerOf(relay, 1);
    followers.begin();
    one.hello();
    await turns();
    expect(one.told.at(-1)).toEqual({
      kind: "state",
      state: { seq: 100, identity, resources: [] },
    });
    expect(await followers.hand(update)).toBeUndefined();
    expect(one.told.at(-1)).toMatchObject({ kind: "update", seq: 101, removed: ["payments"] });
    followers.handIdentity(identity);
    await turns();
    expect(one.told.at(-1)).toEqual({ kind: "identity", identity });
  });

  test("before there is anything to give is answered when there is", async () => {
    const relay = new Relay();
    const { followers } = leaderOf(relay);
    const one = followerOf(relay, 1);
    one.hello();
    await turns();
    expect(one.told).toEqual([]);
    followers.begin();
    await turns();
    expect(one.kinds()).toContain("state");
  });
});

describe("an update", () => {
  test("is in force when all have confirmed it, and not before", async () => {
    const relay = new Relay();
    const { followers } = leaderOf(relay);
    const [one, two] = [followerOf(relay, 1), followerOf(relay, 2)];
    followers.begin();
    await turns();
    two.confirm.isSilent = true;
    let isOver = false;
    const handed = followers.hand(update).then((reason) => {
      isOver = true;
      return reason;
    });
    await turns();
    expect([one, two].map(({ told }) => told.at(-1)?.kind)).toEqual(["update", "update"]);
    expect(isOver).toBe(false);
    two.link.send(0, { kind: "applied", seq: 101 });
    expect(await handed).toBeUndefined();
  });

  test("that one of them refuses is refused in its words, and reset gives all the state of before", async () => {
    const relay = new Relay();
    const { followers } = leaderOf(relay);
    const [one, two] = [followerOf(relay, 1), followerOf(relay, 2)];
    followers.begin();
    await turns();
    two.confirm.refusal = "no memory for it";
    expect(await followers.hand(update)).toBe("worker 3: no memory for it");
    two.confirm.refusal = undefined;
    followers.reset();
    await turns();
    for (const { told } of [one, two])
      expect(told.at(-1)).toMatchObject({ kind: "state", state: { seq: 102 } });
    expect(await followers.hand(update)).toBeUndefined();
  });

  test("does not wait for a worker that has died", async () => {
    const relay = new Relay();
    const { followers, stuck } = leaderOf(relay);
    followerOf(relay, 1);
    const two = followerOf(relay, 2);
    followers.begin();
    await turns();
    two.confirm.isSilent = true;
    const handed = followers.hand(update);
    await turns();
    relay.cut(2);
    followers.gone(2);
    expect(await handed).toBeUndefined();
    expect(stuck).toEqual([]);
  });
});

describe("a process that leads after the death of another", () => {
  const stateAt = (seq: number): WorkerState => ({ seq, identity, resources: [] });

  test("takes the newest state of those that run, and brings the others up to it", async () => {
    const relay = new Relay();
    const newer = followerOf(relay, 1, stateAt(58));
    const older = followerOf(relay, 2, stateAt(57));
    const { followers } = leaderOf(relay, 1_000);
    expect(await followers.adopt([1, 2])).toEqual(stateAt(58));
    followers.begin();
    await turns();
    expect(newer.told).toEqual([]);
    expect(older.told.at(-1)).toMatchObject({ kind: "state", state: { seq: 58 } });
    expect(await followers.hand(update)).toBeUndefined();
    expect(newer.told.at(-1)).toMatchObject({ kind: "update", seq: 59 });
  });

  test("that finds none gives what it has itself to whoever runs", async () => {
    const relay = new Relay();
    const { followers } = leaderOf(relay, 1_000);
    expect(await followers.adopt([])).toBeUndefined();
    const one = followerOf(relay, 1, stateAt(57));
    followers.begin();
    await turns();
    expect(one.told.at(-1)).toMatchObject({ kind: "state", state: { seq: 1_000 } });
  });
});
