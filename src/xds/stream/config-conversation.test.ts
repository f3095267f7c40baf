import { describe, expect, test } from "bun:test";
import {
  type ConfigResource,
  type ConfigType,
  emptySnapshot,
  type Snapshot,
} from "#config/snapshot.ts";
import {
  cluster,
  endpoints,
  listener,
  routes,
  secret,
  snapshotOf,
  virtualHost,
  withChanges,
} from "../../../test/support/config-samples.ts";
import type { SyncEvent } from "../server/config-source.ts";
import { ConfigConversation, type ConversationOptions, type Push } from "./config-conversation.ts";
import { applyDeltaRequest, applyWholeRequest } from "./requests.ts";

/** A client and a conversation, without anything between them. */
class Dialogue {
  readonly events: SyncEvent[] = [];
  readonly conversation: ConfigConversation;
  nowMs = 0;

  constructor(snapshot: Snapshot, options: Partial<ConversationOptions> = {}) {
    this.conversation = new ConfigConversation(snapshot, {
      protocol: "delta",
      complete: false,
      view: (each) => each,
      sizeOf: () => 100,
      report: (event) => this.events.push(event),
      ...options,
    });
  }

  /** A delta request. */
  ask(type: ConfigType, subscribe: string[], more: object = {}): void {
    const request = {
      typeUrl: "",
      subscribe,
      unsubscribe: [],
      initialVersions: new Map<string, string>(),
      nonce: "",
      ...more,
    };
    applyDeltaRequest(this.conversation, type, request, this.nowMs);
  }

  /** A state-of-the-world request. */
  askWhole(type: ConfigType, names: string[], more: object = {}): void {
    const request = { typeUrl: "", names, nonce: "", ...more };
    applyWholeRequest(this.conversation, type, request, this.nowMs);
  }

  offer(snapshot: Snapshot): void {
    this.conversation.offer(snapshot);
  }

  next(): Push | undefined {
    return this.conversation.next(this.nowMs);
  }

  /** Everything that may be sent now. */
  all(): Push[] {
    const pushes: Push[] = [];
    for (let push = this.next(); push; push = this.next()) pushes.push(push);
    return pushes;
  }

  ack({ type, nonce }: Push): void {
    this.ask(type, [], { nonce });
  }

  nack({ type, nonce }: Push, error: string): void {
    this.ask(type, [], { nonce, error });
  }

  /** Sends and acknowledges until nothing is left; returns what went, in order. */
  settle(): string[] {
    const sent: string[] = [];
    for (let pushes = this.all(); pushes.length > 0; pushes = this.all())
      for (const push of pushes) {
        sent.push(describePush(push));
        this.ack(push);
      }
    return sent;
  }

  get synced(): Snapshot | undefined {
    return this.events.findLast((event) => event.kind === "synced")?.snapshot;
  }

  nacked(): (string | undefined)[] {
    return this.events.flatMap((event) => (event.kind === "nacked" ? [event.resource] : []));
  }
}

const names = (resources: readonly ConfigResource[]) => resources.map(({ name }) => name);
const describePush = ({ type, upserts, removed }: Push) =>
  [type, ...names(upserts).map((name) => `+${name}`), ...removed.map((name) => `-${name}`)].join(
    " ",
  );

const everything = snapshotOf(
  secret(),
  cluster("a"),
  endpoints("a"),
  listener("http-proxy"),
  routes("http-proxy"),
  virtualHost("http-proxy/a", "a"),
);

/** A client that asks for everything, as Weft's proxy does. */
function proxyDialogue(snapshot: Snapshot): Dialogue {
  const dialogue = new Dialogue(snapshot, { complete: true });
  dialogue.ask("secret", ["ROOTCA"]);
  for (const type of ["cluster", "listener", "route", "virtual-host"] as const)
    dialogue.ask(type, ["*"]);
  return dialogue;
}

describe("an Envoy, which forgets the endpoints of a cluster that changes", () => {
  const before = snapshotOf(cluster("a"), endpoints("a"));
  const after = withChanges(before, [cluster("a", "2")]);

  function settled(): Dialogue {
    const dialogue = new Dialogue(before);
    dialogue.ask("cluster", ["*"]);
    dialogue.settle();
    dialogue.ask("endpoints", ["a"]);
    dialogue.settle();
    return dialogue;
  }

  test("gets them again after the cluster, which it acknowledges only then", () => {
    const dialogue = settled();
    dialogue.offer(after);
    const pushes = dialogue.all();
    expect(pushes.map(describePush)).toEqual(["cluster +a", "endpoints +a"]);
    for (const push of pushes.reverse()) dialogue.ack(push);
    expect(dialogue.all()).toEqual([]);
    expect(dialogue.synced).toBe(after);
  });

  test("gets them again although it acknowledges what was sent before the cluster", () => {
    const dialogue = settled();
    dialogue.offer(withChanges(before, [endpoints("a", "2")]));
    const [old] = dialogue.all();
    dialogue.offer(withChanges(after, [endpoints("a", "2")]));
    expect(dialogue.all().map(describePush)).toEqual(["cluster +a"]);
    if (old) dialogue.ack(old);
    expect(dialogue.all().map(describePush)).toEqual(["endpoints +a"]);
  });

  test("gets them again on a new stream on which it says that it has them", () => {
    const dialogue = new Dialogue(after);
    const { version } = endpoints("a");
    dialogue.ask("cluster", ["*"], { initialVersions: new Map([["a", cluster("a").version]]) });
    expect(dialogue.all().map(describePush)).toEqual(["cluster +a"]);
    dialogue.ask("endpoints", ["a"], { initialVersions: new Map([["a", version]]) });
    expect(dialogue.all().map(describePush)).toEqual(["endpoints +a"]);
  });

  test("is not sent endpoints again for nothing", () => {
    const dialogue = settled();
    dialogue.offer(withChanges(before, [endpoints("a", "2")]));
    expect(dialogue.settle()).toEqual(["endpoints +a"]);
    dialogue.offer(withChanges(before, [endpoints("a", "2"), cluster("b")]));
    expect(dialogue.settle()).toEqual(["cluster +b"]);
  });
});

describe("make before break", () => {
  test("a virtual host waits until its cluster and its endpoints are acknowledged", () => {
    const dialogue = proxyDialogue(everything);
    const first = dialogue.all();
    expect(first.map(describePush)).toEqual([
      "secret +ROOTCA",
      "cluster +a",
      "listener +http-proxy",
      "route +http-proxy",
    ]);
    for (const push of first) {
      if (push.type === "cluster") dialogue.ask("endpoints", ["a"]);
      dialogue.ack(push);
    }
    const [second, ...rest] = dialogue.all();
    expect([second, ...rest].map((push) => push && describePush(push))).toEqual(["endpoints +a"]);
    if (second) dialogue.ack(second);
    expect(dialogue.settle()).toEqual(["virtual-host +http-proxy/a"]);
    expect(dialogue.synced).toBe(everything);
  });

  test("a cluster goes only after the client has let go of the routes to it", () => {
    const dialogue = proxyDialogue(everything);
    dialogue.ask("endpoints", ["a"]);
    dialogue.settle();
    const moved = withChanges(
      everything,
      [cluster("b"), endpoints("b"), virtualHost("http-proxy/a", "b", "2")],
      [
        ["cluster", "a"],
        ["endpoints", "a"],
      ],
    );
    dialogue.offer(moved);
    expect(dialogue.all().map(describePush)).toEqual(["cluster +b"]);
    dialogue.ask("endpoints", ["b"]);
    dialogue.ack(lastSent(dialogue, "cluster"));
    expect(dialogue.settle()).toEqual([
      "endpoints +b",
      "virtual-host +http-proxy/a",
      "cluster -a",
      "endpoints -a",
    ]);
    expect(dialogue.synced).toBe(moved);
  });

  test("nothing that points is sent before the client has asked for clusters, if it is one of ours", () => {
    const dialogue = new Dialogue(everything, { complete: true });
    dialogue.ask("virtual-host", ["*"]);
    dialogue.ask("route", ["*"]);
    expect(dialogue.all()).toEqual([]);
    dialogue.ask("cluster", ["*"]);
    expect(dialogue.all().map(describePush)).toEqual(["cluster +a", "route +http-proxy"]);
  });

  test("a client that asks for routes and then for the clusters in them is not held", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("virtual-host", ["http-proxy/a"]);
    expect(dialogue.all().map(describePush)).toEqual(["virtual-host +http-proxy/a"]);
    dialogue.ask("cluster", ["a"]);
    expect(dialogue.all().map(describePush)).toEqual(["cluster +a"]);
  });

  test("a client that never asks for endpoints gets its routes after a while", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", []);
    dialogue.ask("virtual-host", []);
    dialogue.settle();
    expect(dialogue.conversation.wakeAtMs).toBe(5_000);
    dialogue.nowMs = 4_999;
    expect(dialogue.next()).toBeUndefined();
    dialogue.nowMs = 5_000;
    expect(dialogue.settle()).toEqual(["virtual-host +http-proxy/a"]);
  });
});

/** The response of this type that waits for its answer. */
function lastSent(dialogue: Dialogue, type: ConfigType): Push {
  const { pending } = dialogue.conversation.typeState(type);
  if (!pending) throw new Error(`nothing of type ${type} is pending`);
  return { ...pending, type, whole: () => [] };
}

describe("a client that reconnects", () => {
  const known = new Map([["a", "1"]]);

  test("gets an empty answer where nothing has changed", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", ["*"], { initialVersions: known });
    expect(dialogue.settle()).toEqual(["cluster"]);
    expect(dialogue.settle()).toEqual([]);
  });

  test("gets what has changed and what has gone", () => {
    const changed = withChanges(everything, [cluster("a", "2"), cluster("b")]);
    const dialogue = new Dialogue(changed);
    const initialVersions = new Map([...known, ["gone", "7"]]);
    dialogue.ask("cluster", ["*"], { initialVersions });
    expect(dialogue.settle()).toEqual(["cluster +a +b -gone"]);
  });
});

describe("a change", () => {
  test("is not sent where the content is the same", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", ["*"]);
    dialogue.settle();
    const same = withChanges(everything, [listener("other"), cluster("a")]);
    dialogue.offer(same);
    expect(dialogue.settle()).toEqual([]);
    expect(dialogue.synced).toBe(same);
  });

  test("is coalesced with later ones while an answer is outstanding", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", ["*"]);
    const [first] = dialogue.all();
    for (let i = 2; i < 500; i++)
      dialogue.offer(withChanges(everything, [cluster("a", String(i))]));
    expect(dialogue.all()).toEqual([]);
    if (first) dialogue.ack(first);
    const [second] = dialogue.all();
    expect(second?.upserts.map(({ version }) => version)).toEqual(["499"]);
  });

  test("that a stale nonce answers stays unanswered", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", ["*"], { nonce: "from-an-older-stream" });
    const [push] = dialogue.all();
    dialogue.ask("cluster", [], { nonce: "99" });
    dialogue.ask("cluster", [], { nonce: "99", error: "no" });
    expect(dialogue.events.filter(({ kind }) => kind !== "sent")).toEqual([]);
    if (push) dialogue.ack(push);
    expect(dialogue.all()).toEqual([]);
  });
});

describe("subscriptions", () => {
  test("by name get what is named, and hear of what does not exist, once", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("endpoints", ["a", "nowhere"]);
    expect(dialogue.settle()).toEqual(["endpoints +a -nowhere"]);
    dialogue.offer(withChanges(everything, [endpoints("nowhere")]));
    expect(dialogue.settle()).toEqual(["endpoints +nowhere"]);
  });

  test("that end stop the updates, and begin anew with the whole resource", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("endpoints", ["a"]);
    dialogue.settle();
    dialogue.ask("endpoints", [], { unsubscribe: ["a"] });
    dialogue.offer(withChanges(everything, [endpoints("a", "2")]));
    expect(dialogue.settle()).toEqual([]);
    dialogue.ask("endpoints", ["a"]);
    expect(dialogue.settle()).toEqual(["endpoints +a"]);
  });

  test("repeated for a name get it again", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("endpoints", ["a"]);
    dialogue.settle();
    dialogue.ask("endpoints", ["a"]);
    expect(dialogue.settle()).toEqual(["endpoints +a"]);
  });

  test("without names mean all listeners and clusters, but no endpoints", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", []);
    dialogue.ask("endpoints", []);
    expect(dialogue.settle()).toEqual(["cluster +a", "endpoints"]);
  });

  test("refuse endless names", () => {
    const dialogue = new Dialogue(everything);
    expect(() => dialogue.ask("endpoints", ["x".repeat(3_000)])).toThrow("3000 characters");
    const many = Array.from({ length: 100_001 }, (_, i) => `name-${i}`);
    expect(() => dialogue.ask("endpoints", many)).toThrow("more than 100000 names");
  });
});

describe("after a NACK", () => {
  const three = withChanges(everything, [cluster("b"), cluster("c")]);

  test("only the resource that the reason names is withheld, until it changes", () => {
    const dialogue = new Dialogue(three);
    dialogue.ask("cluster", ["*"]);
    const [push] = dialogue.all();
    if (push) dialogue.nack(push, 'cluster "b": limits.x is not supported');
    expect(dialogue.nacked()).toEqual(["b"]);
    expect(dialogue.settle()).toEqual(["cluster +a +c"]);
    expect(dialogue.synced).toBeUndefined();
    const repaired = withChanges(three, [cluster("b", "2")]);
    dialogue.offer(repaired);
    expect(dialogue.settle()).toEqual(["cluster +b"]);
    expect(dialogue.synced).toBe(repaired);
  });

  test("the fault is found by halves when the reason names nothing", () => {
    const faulty = "cluster-13";
    const many = Array.from({ length: 16 }, (_, i) => cluster(`cluster-${i}`));
    const dialogue = new Dialogue(snapshotOf(...many));
    dialogue.ask("cluster", ["*"]);
    const accepted = new Set<string>();
    for (let push = dialogue.next(); push; push = dialogue.next()) {
      if (names(push.upserts).includes(faulty)) dialogue.nack(push, "something is wrong");
      else {
        for (const name of names(push.upserts)) accepted.add(name);
        dialogue.ack(push);
      }
      dialogue.nowMs += 60_000;
    }
    expect(dialogue.nacked().filter((name) => name !== undefined)).toEqual([faulty]);
    expect(accepted.size).toBe(15);
    expect(dialogue.events.filter(({ kind }) => kind === "sent").length).toBeLessThan(14);
  });

  test("endless refusals are answered ever more slowly", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", ["*"]);
    let sent = 0;
    for (let i = 0; i < 1_000; i++) {
      dialogue.offer(withChanges(everything, [cluster("a", String(i))]));
      const push = dialogue.next();
      if (push) {
        sent++;
        dialogue.nack(push, "no");
      }
      dialogue.nowMs += 10;
    }
    expect(sent).toBeLessThan(14);
    expect(dialogue.conversation.wakeAtMs).toBeGreaterThan(dialogue.nowMs);
  });

  test("a refused removal is offered again only with new configuration", () => {
    const dialogue = new Dialogue(everything);
    dialogue.ask("cluster", ["*"]);
    dialogue.settle();
    const without = withChanges(everything, [], [["cluster", "a"]]);
    dialogue.offer(without);
    const [push] = dialogue.all();
    expect(push && describePush(push)).toBe("cluster -a");
    if (push) dialogue.nack(push, 'cluster "a": in use');
    expect(dialogue.all()).toEqual([]);
    dialogue.offer(withChanges(without, [cluster("b")]));
    expect(dialogue.settle()).toEqual(["cluster +b -a"]);
  });
});

describe("what no message can carry", () => {
  test("is withheld with a reason, and the rest goes", () => {
    const three = withChanges(everything, [cluster("huge"), cluster("c")]);
    const dialogue = new Dialogue(three, {
      sizeOf: ({ name }) => (name === "huge" ? 17 * 1024 * 1024 : 100),
    });
    dialogue.ask("cluster", ["*"]);
    expect(dialogue.settle()).toEqual(["cluster +a +c"]);
    expect(dialogue.nacked()).toEqual(["huge"]);
  });

  test("together goes in several responses, each acknowledged", () => {
    const many = Array.from({ length: 5 }, (_, i) => cluster(`c${i}`));
    const dialogue = new Dialogue(snapshotOf(...many), { sizeOf: () => 2 * 1024 * 1024 });
    dialogue.ask("cluster", ["*"]);
    expect(dialogue.all().map(describePush)).toEqual(["cluster +c0 +c1"]);
    dialogue.ack(lastSent(dialogue, "cluster"));
    expect(dialogue.settle()).toEqual(["cluster +c2 +c3", "cluster +c4"]);
  });
});

describe("state of the world", () => {
  const start = (snapshot: Snapshot) => {
    const dialogue = new Dialogue(snapshot, { protocol: "state-of-the-world" });
    return dialogue;
  };
  const ackWhole = (dialogue: Dialogue, { type, nonce }: Push, wanted: string[] = []) =>
    dialogue.askWhole(type, wanted, { nonce });

  test("sends all clusters with every change, and says nothing of a removal before its time", () => {
    const dialogue = start(everything);
    dialogue.askWhole("cluster", []);
    const [first] = dialogue.all();
    if (first) ackWhole(dialogue, first);
    dialogue.offer(withChanges(everything, [cluster("b")], [["cluster", "a"]]));
    const [second] = dialogue.all();
    expect(names(second?.whole() ?? [])).toEqual(["b"]);
  });

  test("sends endpoints that change, and never that they are gone", () => {
    const dialogue = start(withChanges(everything, [endpoints("b")]));
    dialogue.askWhole("endpoints", ["a", "b", "nowhere"]);
    const [first] = dialogue.all();
    expect(names(first?.upserts ?? [])).toEqual(["a", "b"]);
    if (first) ackWhole(dialogue, first, ["a", "b", "nowhere"]);
    const without = withChanges(everything, [endpoints("a", "2")], [["endpoints", "b"]]);
    dialogue.offer(without);
    const [second] = dialogue.all();
    expect(second && describePush(second)).toBe("endpoints +a");
    if (second) ackWhole(dialogue, second, ["a", "b", "nowhere"]);
    expect(dialogue.all()).toEqual([]);
    expect(dialogue.synced).toBe(without);
  });

  test("answers new names at once and ignores a request about an older response", () => {
    const dialogue = start(withChanges(everything, [endpoints("b")]));
    dialogue.askWhole("endpoints", ["a"]);
    const [first] = dialogue.all();
    if (first) ackWhole(dialogue, first, ["a", "b"]);
    const [second] = dialogue.all();
    expect(names(second?.upserts ?? [])).toEqual(["b"]);
    if (first) ackWhole(dialogue, first, []);
    if (second) ackWhole(dialogue, second, ["a", "b"]);
    dialogue.offer(withChanges(everything, [endpoints("a", "2")]));
    expect(dialogue.all().map(describePush)).toEqual(["endpoints +a"]);
  });

  test("answers an empty configuration, so that the client need not wait", () => {
    const dialogue = start(emptySnapshot);
    dialogue.askWhole("listener", []);
    dialogue.askWhole("endpoints", ["nowhere"]);
    expect(dialogue.all().map(describePush)).toEqual(["endpoints", "listener"]);
  });

  test("keeps the old version of what was refused in the list", () => {
    const dialogue = start(everything);
    dialogue.askWhole("cluster", []);
    const [first] = dialogue.all();
    if (first) ackWhole(dialogue, first);
    dialogue.offer(withChanges(everything, [cluster("a", "bad"), cluster("b")]));
    const [second] = dialogue.all();
    if (second)
      dialogue.askWhole("cluster", [], {
        nonce: second.nonce,
        error: "Error adding cluster a: no",
      });
    const [third] = dialogue.all();
    expect(third?.whole().map(({ name, version }) => `${name}@${version}`)).toEqual(["a@1", "b@1"]);
  });
});
