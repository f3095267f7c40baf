import { beforeEach, describe, expect, test } from "bun:test";
import { type ConfigResource, emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import { systemClock } from "#core/clock.ts";
import type { ConfigFeed, Refused } from "#xds/server/config-source.ts";
import { ChangeLog } from "../liveness/convergence.ts";
import { ProxySessions } from "./proxy-sessions.ts";

const workload = (name: string): Workload => ({
  namespace: "shop",
  name,
  app: name,
  serviceAccount: name,
  labels: {},
  inbound: [],
  outbound: [],
  admin: { host: "127.0.0.1", port: 1 },
  version: "0.0.0",
});

function snapshotOf(version: string): Snapshot {
  const secret: ConfigResource<"secret"> = {
    type: "secret",
    name: "ROOTCA",
    version,
    value: { name: "ROOTCA", kind: "trust-bundle", roots: [version] },
  };
  return { ...emptySnapshot, secret: new Map([["ROOTCA", secret]]) };
}

describe("proxy sessions", () => {
  let number = 1;
  let snapshots: Map<string, Snapshot>;
  let comings: string[];
  let sessions: ProxySessions;

  beforeEach(() => {
    number = 1;
    snapshots = new Map();
    comings = [];
    sessions = new ProxySessions(
      {
        compile: ({ name }) => snapshots.get(name) ?? emptySnapshot,
        problem: () => undefined,
        worldNumber: () => number,
        joined: ({ name }) => comings.push(`+${name}`),
        left: ({ name }) => comings.push(`-${name}`),
        forgotten: async () => undefined,
        progressed: () => undefined,
      },
      systemClock,
    );
  });

  const open = (name: string): ConfigFeed => {
    const opened = sessions.open({
      nodeId: name,
      identity: undefined,
      workload: workload(name),
      address: "127.0.0.1:9",
    });
    return accepted(opened);
  };

  const accepted = (opened: ConfigFeed | Refused): ConfigFeed => {
    if ("kind" in opened) throw new Error(opened.reason);
    return opened;
  };

  test("a caller that names no workload is refused in words", () => {
    const opened = sessions.open({
      nodeId: "x",
      identity: undefined,
      workload: undefined,
      address: "127.0.0.1:9",
    });
    expect(opened).toMatchObject({ kind: "refused", code: "invalid-argument" });
  });

  test("only proxies whose configuration changed are woken", () => {
    const woken: string[] = [];
    for (const name of ["a", "b"]) open(name).onChange(() => woken.push(name));
    number = 2;
    snapshots.set("a", snapshotOf("1"));
    expect(sessions.worldChanged()).toBe(1);
    expect(woken).toEqual(["a"]);
  });

  test("a second stream of a workload neither joins nor leaves", () => {
    const first = open("a");
    const second = open("a");
    first[Symbol.dispose]();
    expect(comings).toEqual(["+a"]);
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    expect(comings).toEqual(["+a", "-a"]);
  });

  test("a change has converged when every proxy that it touched has acknowledged it", () => {
    const changes = new ChangeLog();
    const a = open("a");
    open("b");
    number = 2;
    snapshots.set("a", snapshotOf("1"));
    sessions.worldChanged();
    changes.note(number, sessions.all());
    expect(changes.convergence([2], sessions.all())).toMatchObject({
      affected: 1,
      acknowledged: 0,
      done: false,
    });
    a.report({ kind: "synced", snapshot: a.snapshot() });
    expect(changes.convergence([2], sessions.all())).toMatchObject({ acknowledged: 1, done: true });
  });

  test("acknowledging a later configuration acknowledges what came before it", () => {
    const changes = new ChangeLog();
    const a = open("a");
    for (const version of ["1", "2"]) {
      number += 1;
      snapshots.set("a", snapshotOf(version));
      sessions.worldChanged();
      changes.note(number, sessions.all());
    }
    a.report({ kind: "synced", snapshot: a.snapshot() });
    expect(changes.convergence([2], sessions.all()).done).toBe(true);
  });

  test("a refusal is told in the proxy's words until it accepts again", () => {
    const changes = new ChangeLog();
    const a = open("a");
    number = 2;
    snapshots.set("a", snapshotOf("1"));
    sessions.worldChanged();
    changes.note(2, sessions.all());
    const event = { type: "secret", nonce: "1", snapshot: a.snapshot() } as const;
    a.report({ ...event, kind: "sent", versions: new Map(), removed: [] });
    a.report({ ...event, kind: "nacked", reason: "no such curve" });
    const refused = changes.convergence([2], sessions.all());
    expect(refused.rejections).toEqual([{ proxy: "shop/a", reason: "no such curve" }]);
    expect(sessions.all()[0]?.sync.status("secret")).toEqual({
      status: "ERROR",
      error: "no such curve",
    });
    a.report({ kind: "synced", snapshot: a.snapshot() });
    expect(changes.convergence([2], sessions.all()).rejections).toEqual([]);
  });

  test("a proxy that has gone is no longer waited for", () => {
    const changes = new ChangeLog();
    const a = open("a");
    number = 2;
    snapshots.set("a", snapshotOf("1"));
    sessions.worldChanged();
    changes.note(2, sessions.all());
    a[Symbol.dispose]();
    expect(changes.convergence([2], sessions.all())).toMatchObject({ affected: 0, done: true });
  });
});
