import { describe, expect, test } from "bun:test";
import type { OutlierDetection } from "#config/cluster.ts";
import { createSharedMemory } from "#net/shared-memory.ts";
import { ROW } from "../resilience/ejection.ts";
import { OutlierDetector } from "../resilience/outlier-detector.ts";
import { COUNTED } from "../resilience/usage-counts.ts";
import { SharedState, sharedStateBytes } from "./shared-state.ts";

/** Two workers of one proxy, as far as their memory goes. */
function twoWorkers() {
  const memory = createSharedMemory("weft-test", sharedStateBytes(2));
  const stirred: string[] = [];
  let nowMs = 1_000;
  const worker = (index: number) =>
    new SharedState({
      fd: memory.fd,
      worker: index,
      workers: 2,
      nowMs: () => nowMs,
      hostMs: () => 5_000_000_000 + nowMs,
      stirOthers: (cluster) => stirred.push(`${index} stirs ${cluster}`),
      stirSelf: (cluster, afterMs) => stirred.push(`${index} in ${afterMs} ms ${cluster}`),
    });
  const states = [worker(0), worker(1)] as const;
  const clusters = (name: string) =>
    states.map((state) => {
      const cluster = state.cluster(name);
      if (cluster === undefined) throw new Error("no room");
      return cluster;
    });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { worker, states, clusters, stirred, pass, now: () => nowMs };
}

function two<T>([a, b]: readonly T[]): readonly [T, T] {
  if (a === undefined || b === undefined) throw new Error("two are needed");
  return [a, b];
}

describe("a limit", () => {
  test("of one place is held by one worker at a time", () => {
    const [a, b] = two(twoWorkers().clusters("payments"));
    expect(a.counts.take(COUNTED.requests, 1)).toBe(true);
    expect(b.counts.take(COUNTED.requests, 1)).toBe(false);
    expect([a, b].map(({ counts }) => counts.here(COUNTED.requests))).toEqual([1, 0]);
    expect(b.counts.everywhere(COUNTED.requests)).toBe(1);
    a.counts.release(COUNTED.requests);
    expect(b.counts.take(COUNTED.requests, 1)).toBe(true);
  });

  test("is one per cluster and per kind", () => {
    const { clusters } = twoWorkers();
    const [a] = two(clusters("payments"));
    const [, other] = two(clusters("cart"));
    expect(a.counts.take(COUNTED.connections, 1)).toBe(true);
    expect(a.counts.take(COUNTED.pending, 1)).toBe(true);
    expect(other.counts.take(COUNTED.connections, 1)).toBe(true);
  });

  test("takes back what a worker had that died", () => {
    const { clusters, worker } = twoWorkers();
    const [a, b] = two(clusters("payments"));
    b.counts.take(COUNTED.connections, 3);
    b.counts.take(COUNTED.requests, 3);
    b.counts.wait(true);
    expect(a.counts.isAwaited).toBe(true);
    worker(1);
    expect(a.counts.everywhere(COUNTED.connections)).toBe(0);
    expect(a.counts.everywhere(COUNTED.requests)).toBe(0);
    expect(a.counts.isAwaited).toBe(false);
  });

  test("counts requests of a cluster whose configuration went and came back", () => {
    const { states } = twoWorkers();
    const first = states[0].cluster("payments");
    first?.counts.take(COUNTED.requests, 1);
    first?.[Symbol.dispose]();
    const second = states[0].cluster("payments");
    expect(second?.counts.take(COUNTED.requests, 1)).toBe(false);
    first?.counts.release(COUNTED.requests);
    expect(second?.counts.take(COUNTED.requests, 1)).toBe(true);
    expect(states[1].cluster("payments")?.counts.everywhere(COUNTED.requests)).toBe(1);
  });
});

describe("a place for a connection", () => {
  test("is asked for once, and given on when its time is over", () => {
    const { clusters, stirred, pass } = twoWorkers();
    const [a, b] = two(clusters("payments"));
    a.counts.take(COUNTED.connections, 1);
    b.counts.wait(true);
    b.counts.wait(true);
    expect(stirred).toEqual(["1 stirs payments"]);
    expect([a.counts.isAwaited, a.counts.isOverdue]).toEqual([true, false]);
    pass(50);
    expect(a.counts.isOverdue).toBe(true);
    a.counts.release(COUNTED.connections);
    expect(stirred.slice(1)).toEqual(["0 stirs payments"]);
    expect(a.counts.take(COUNTED.connections, 1)).toBe(false);
    expect(stirred.slice(2)).toEqual(["0 in 20 ms payments"]);
    expect(b.counts.take(COUNTED.connections, 1)).toBe(true);
  });

  test("is not left free for others for longer than a moment", () => {
    const { clusters, pass } = twoWorkers();
    const [a, b] = two(clusters("payments"));
    a.counts.take(COUNTED.connections, 1);
    b.counts.wait(true);
    a.counts.release(COUNTED.connections);
    pass(20);
    expect(a.counts.take(COUNTED.connections, 1)).toBe(true);
  });
});

describe("outlier detection", () => {
  const settings: OutlierDetection = {
    consecutive5xx: 4,
    splitExternalLocalOriginErrors: false,
    consecutiveLocalOriginFailures: 5,
    intervalMs: 10_000,
    baseEjectionMs: 30_000,
    maxEjectionMs: 300_000,
    maxEjectionPercent: 50,
    minHealthPercent: 0,
  };
  const detectors = () => {
    const workers = twoWorkers();
    const made = workers.clusters("payments").map((cluster) => {
      const hosts = ["a", "b", "c"].map((key) => ({ ejection: cluster.ejection(key) }));
      const detector = new OutlierDetector(
        settings,
        () => hosts,
        () => cluster.ejectionsChanged(),
      );
      const fail = (host: number, times: number) => {
        const ejection = hosts[host]?.ejection;
        for (let n = 0; ejection && n < times; n++) detector.answered(ejection, 500, workers.now());
      };
      const ejected = () => hosts.map(({ ejection }) => ejection.isEjected);
      return { cluster, detector, hosts, fail, ejected };
    });
    return { ...workers, made: two(made) };
  };

  test("counts failures in a row of all workers, and ejects for all", () => {
    const { made } = detectors();
    const [a, b] = made;
    const before = b.cluster.ejectionVersion;
    a.fail(0, 2);
    b.fail(0, 2);
    expect(a.ejected()).toEqual([true, false, false]);
    expect(b.ejected()).toEqual([true, false, false]);
    expect(b.cluster.ejectionVersion).not.toBe(before);
  });

  test("begins anew when another worker has a good answer", () => {
    const { made, now } = detectors();
    const [a, b] = made;
    a.fail(0, 3);
    const other = b.hosts[0]?.ejection;
    if (other) b.detector.answered(other, 200, now());
    a.fail(0, 1);
    expect(a.ejected()).toEqual([false, false, false]);
  });

  test("has one share of ejected endpoints for all workers", () => {
    const { made } = detectors();
    const [a, b] = made;
    a.fail(0, 4);
    b.fail(1, 4);
    expect(b.ejected()).toEqual([true, false, false]);
  });

  test("brings an endpoint back once, by whichever worker looks first", () => {
    const { made, pass, now } = detectors();
    const [a, b] = made;
    a.fail(0, 4);
    expect(a.hosts[0]?.ejection.times).toBe(1);
    pass(30_000);
    expect([b.cluster.claimSweep(10_000), a.cluster.claimSweep(10_000)]).toEqual([true, false]);
    b.detector.sweep(now());
    expect(a.ejected()).toEqual([false, false, false]);
  });

  test("forgets endpoints that have left", () => {
    const { made } = detectors();
    const [a, b] = made;
    a.hosts[0]?.ejection.count(ROW.serverErrors);
    for (const { cluster } of made) cluster.forget("a");
    expect(b.cluster.ejection("a").count(ROW.serverErrors)).toBe(1);
  });
});

test("thousands of clusters that come and go leave room for others", () => {
  const { states } = twoWorkers();
  for (let i = 0; i < 30_000; i++) {
    const cluster = states[0].cluster(`service-${i}`);
    expect(cluster).toBeDefined();
    cluster?.[Symbol.dispose]();
  }
});

test("what does not fit is counted by each worker for itself", () => {
  const { states } = twoWorkers();
  let count = 0;
  while (states[0].cluster(`service-${count}`) !== undefined) count++;
  expect(count).toBe(8_192);
});

test("among processes, nobody enters where another is", async () => {
  const memory = createSharedMemory("weft-test", sharedStateBytes(3));
  const inside = createSharedMemory("weft-test-inside", 4_096);
  const program = `
    import { mapSharedMemory } from ${JSON.stringify(`${import.meta.dir}/../../net/shared-memory.ts`)};
    import { SharedState } from ${JSON.stringify(`${import.meta.dir}/shared-state.ts`)};
    const worker = Number(process.argv[1]);
    const nowMs = () => performance.now();
    const none = () => undefined;
    const state = new SharedState({ fd: 3, worker, workers: 3, nowMs, hostMs: nowMs, stirOthers: none, stirSelf: none });
    const { counts } = state.cluster("payments");
    const inside = mapSharedMemory(4, 4096);
    for (let entered = 0; entered < 100_000; ) {
      if (!counts.take(2, 1)) continue;
      if (Atomics.add(inside, 0, 1) !== 0) process.exit(1);
      Atomics.sub(inside, 0, 1);
      counts.release(2);
      entered++;
    }`;
  const children = [0, 1, 2].map((worker) =>
    Bun.spawn([process.execPath, "-e", program, `${worker}`], {
      stdio: ["ignore", "ignore", "inherit", memory.fd, inside.fd],
    }),
  );
  const codes = await Promise.all(children.map(({ exited }) => exited));
  memory.close();
  inside.close();
  expect(codes).toEqual([0, 0, 0]);
}, 30_000);
