import { describe, expect, test } from "bun:test";
import type { ClientConnection } from "#http/client/connection.ts";
import { NetError } from "#net/net-error.ts";
import { ConnectionPool, type DialResult, type PoolSurroundings } from "./connection-pool.ts";
import { type PoolSettings, PoolUsage } from "./pool-limits.ts";
import { RecordingWaiter, ScriptedConnection } from "./testing/scripted-connection.ts";

const unlimited: PoolSettings = {
  idleTimeoutMs: 60_000,
  maxRequestsPerConnection: 0,
  maxConnections: Number.POSITIVE_INFINITY,
  maxPendingRequests: Number.POSITIVE_INFINITY,
  maxConnectionDurationMs: Number.POSITIVE_INFINITY,
};

interface Dialled {
  /** The credentials are those of the moment of the dial. */
  http1(): ScriptedConnection;
  http2(streams?: number): ScriptedConnection;
  refuse(): void;
}

function pool(settings: Partial<PoolSettings> = {}, mayShare = false) {
  const dials: Dialled[] = [];
  const world = { nowMs: 0, credentials: "first" as unknown, random: 0 };
  const pending = new Set<ClientConnection>();
  const usage = new PoolUsage();
  const surroundings: PoolSurroundings = {
    nowMs: () => world.nowMs,
    random: () => world.random,
    hasPendingInput: (connection) => pending.has(connection),
    what: "payments.shop:80",
    settings: { ...unlimited, ...settings },
    usage,
  };
  const made = new ConnectionPool(
    "10.0.0.1:80",
    {
      mayShare,
      credentials: () => world.credentials,
      dial(owner, result: DialResult) {
        const { credentials } = world;
        const connected = (connection: ScriptedConnection): ScriptedConnection => {
          result.connected(connection, credentials);
          return connection;
        };
        dials.push({
          http1: () => connected(new ScriptedConnection(owner)),
          http2: (streams = 100) => connected(new ScriptedConnection(owner, "h2", streams)),
          refuse: () => result.failed({ code: "upstream-connect-refused", message: "nobody" }),
        });
      },
    },
    surroundings,
  );
  /** A request that begins; undefined: it waits. */
  const request = (waiter = new RecordingWaiter(), mayRepeat = true) => {
    const got = made.acquire(waiter, mayRepeat);
    if (got instanceof ScriptedConnection) got.use();
    return got;
  };
  const waiting = (count: number): RecordingWaiter[] =>
    Array.from({ length: count }, () => {
      const waiter = new RecordingWaiter();
      expect(request(waiter)).toBeUndefined();
      return waiter;
    });
  const dial = (i: number): Dialled => {
    const found = dials[i];
    if (found === undefined) throw new Error(`no dial ${i}`);
    return found;
  };
  return { made, dials, dial, world, pending, usage, request, waiting };
}

const shared = (settings: Partial<PoolSettings> = {}) => pool(settings, true);

describe("with HTTP/1", () => {
  test("an idle connection is given at once, the one used last first", () => {
    const { dial, request, waiting } = pool();
    const [a, b] = waiting(2);
    const [first, second] = [dial(0).http1(), dial(1).http1()];
    expect([a?.got[0], b?.got[0]]).toEqual([first, second]);
    first.free(0);
    second.free(0);
    expect(request()).toBe(second);
  });

  test("a connection that becomes free goes to whoever waits longest", () => {
    const { made, dial, waiting } = pool();
    waiting(1);
    const connection = dial(0).http1();
    const [waiter] = waiting(1);
    connection.free(0);
    expect(waiter?.got).toEqual([connection]);
    dial(1).http1();
    expect(made.idleConnections).toBe(1);
  });

  test("a waiter is told that its connection was refused, and only that one", () => {
    const { dial, waiting, usage } = pool();
    const [a, b] = waiting(2);
    dial(1).refuse();
    expect([a?.failures, b?.failures]).toEqual([["upstream-connect-refused"], []]);
    expect([usage.connections, usage.pending]).toEqual([1, 1]);
  });

  test("nobody dials for a waiter that has given up, and what was dialled for it is kept", () => {
    const { made, dials, dial, waiting } = pool();
    const [waiter] = waiting(1);
    if (waiter !== undefined) made.cancel(waiter);
    dial(0).http1();
    expect(waiter?.got).toEqual([]);
    expect([made.idleConnections, dials.length]).toEqual([1, 1]);
  });

  test("a connection that was idle for too long is retired instead of used", () => {
    const { dial, world, request, waiting } = pool();
    waiting(1);
    const connection = dial(0).http1();
    connection.free(0);
    world.nowMs = 60_000;
    expect(request()).toBeUndefined();
    expect(connection.isRetired).toBe(true);
  });

  test("what cannot be repeated gets no connection on which something is pending", () => {
    const { dial, pending, request, waiting } = pool();
    waiting(1);
    const connection = dial(0).http1();
    connection.free(0);
    pending.add(connection);
    expect(request(new RecordingWaiter(), false)).toBeUndefined();
    expect(connection.isRetired).toBe(true);
  });

  test("the server's own time for idle connections is learned from its closes", () => {
    const { dial, world, request, waiting } = pool();
    for (const at of [0, 1]) {
      waiting(1);
      const connection = dial(at).http1();
      connection.free(world.nowMs);
      world.nowMs += 5_000;
      connection.retire(); // as an orderly close of the other side does
    }
    waiting(1);
    const connection = dial(2).http1();
    connection.free(world.nowMs);
    world.nowMs += 4_200;
    expect(request()).toBeUndefined();
    expect(connection.isRetired).toBe(true);
  });

  test("a connection that has carried all the requests it may is retired", () => {
    const { dial, usage, waiting } = pool({ maxRequestsPerConnection: 1 });
    waiting(1);
    const connection = dial(0).http1();
    connection.free(0);
    expect(connection.isRetired).toBe(true);
    expect(usage.connections).toBe(0);
  });

  test("a connection of full age is retired, a busy one with the request that it carries", () => {
    const { made, dial, world, waiting } = pool({ maxConnectionDurationMs: 1_000 });
    waiting(2);
    const [idle, busy] = [dial(0).http1(), dial(1).http1()];
    idle.free(0);
    world.nowMs = 999;
    made.sweep();
    expect(idle.isRetired).toBe(false);
    world.nowMs = 1_000;
    made.sweep();
    expect([idle.isRetired, busy.isRetired]).toEqual([true, false]);
    busy.free(1_000);
    expect(busy.isRetired).toBe(true);
  });
});

describe("while it is not known whether connections can be shared", () => {
  test("all wait for one dial, and share what comes of it", () => {
    const { made, dials, dial, usage, waiting } = shared();
    const waiters = waiting(20);
    expect(dials).toHaveLength(1);
    const connection = dial(0).http2();
    for (const { got } of waiters) expect(got).toEqual([connection]);
    expect([connection.active, usage.pending, made.sharedConnections]).toEqual([20, 0, 1]);
  });

  test("each gets a dial of its own as soon as it is HTTP/1", () => {
    const { dials, dial, waiting } = shared();
    const waiters = waiting(3);
    const first = dial(0).http1();
    expect(dials).toHaveLength(3);
    expect(waiters[0]?.got).toEqual([first]);
    waiting(1);
    expect(dials).toHaveLength(4);
  });

  test("all who waited fail with the dial", () => {
    const { dials, dial, usage, waiting } = shared();
    const waiters = waiting(3);
    dial(0).refuse();
    for (const { failures } of waiters) expect(failures).toEqual(["upstream-connect-refused"]);
    expect([dials.length, usage.pending, usage.connections]).toEqual([1, 0, 0]);
  });
});

describe("with HTTP/2", () => {
  test("requests find a connection at once, the oldest with room", () => {
    const { dial, request, waiting } = shared();
    waiting(1);
    const connection = dial(0).http2();
    expect(request()).toBe(connection);
    expect(request()).toBe(connection);
    expect(connection.active).toBe(3);
  });

  test("a spare connection is made before the first is full, and used when it is", () => {
    const { dials, dial, request, waiting } = shared();
    waiting(1);
    const first = dial(0).http2(10);
    for (let active = 1; active < 8; active++) request();
    expect(dials).toHaveLength(1);
    request();
    expect(dials).toHaveLength(2);
    const spare = dial(1).http2(10);
    expect([request(), request(), request()]).toEqual([first, spare, spare]);
    expect(dials).toHaveLength(2);
  });

  test("as many are dialled as the waiting requests will fill", () => {
    const { dials, dial, waiting, request } = shared();
    waiting(1);
    dial(0).http2(10);
    for (let active = 1; active < 10; active++) request();
    expect(dials).toHaveLength(2); // a spare one
    const waiters = waiting(25);
    expect(dials).toHaveLength(4);
    for (const i of [1, 2, 3]) dial(i).http2(10);
    for (const { got } of waiters) expect(got).toHaveLength(1);
    expect(dials).toHaveLength(4);
  });

  test("a stream that ends serves whoever waits longest", () => {
    const { dial, waiting } = shared({ maxConnections: 1 });
    waiting(1);
    const connection = dial(0).http2(1);
    const [a, b] = waiting(2);
    connection.free(0);
    expect([a?.got, b?.got]).toEqual([[connection], []]);
  });

  test("a connection that goes away is replaced, and whoever waits gets the new one", () => {
    const { dials, dial, waiting, request } = shared();
    waiting(1);
    dial(0).http2().retire(new NetError("reset"));
    const waiter = new RecordingWaiter();
    expect(request(waiter)).toBeUndefined();
    expect(dials).toHaveLength(2);
    expect(waiter.got).toEqual([dial(1).http2()]);
  });

  test("a server that allows no requests now is not sent another connection", () => {
    const { dials, dial, waiting } = shared();
    const [waiter] = waiting(1);
    const connection = dial(0).http2(0);
    waiting(3);
    expect(dials).toHaveLength(1);
    connection.available = 2;
    connection.owner.onAvailable(connection);
    expect(waiter?.got).toEqual([connection]);
  });

  test("an idle connection is retired after its time, a busy one never", () => {
    const { made, dial, world, request, waiting } = shared();
    waiting(1);
    const connection = dial(0).http2();
    world.nowMs = 3_600_000;
    made.sweep();
    expect(request()).toBe(connection);
    connection.free(world.nowMs);
    connection.free(world.nowMs);
    world.nowMs += 60_000;
    made.sweep();
    expect(connection.isRetired).toBe(true);
  });

  test("what cannot be repeated gets no idle connection whose server has gone", () => {
    const { dial, pending, request, waiting } = shared();
    waiting(1);
    const connection = dial(0).http2();
    pending.add(connection);
    expect(request(new RecordingWaiter(), false)).toBe(connection); // it carries a request: it stands
    connection.free(0);
    connection.free(0);
    expect(request(new RecordingWaiter(), false)).toBeUndefined();
    expect(connection.isRetired).toBe(true);
  });

  test("a connection takes no more requests than it may, and ends with the last of them", () => {
    const { dials, dial, request, waiting } = shared({ maxRequestsPerConnection: 2 });
    waiting(1);
    const connection = dial(0).http2();
    expect(request()).toBe(connection);
    expect(request()).toBeUndefined();
    expect([connection.isRetired, dials.length]).toEqual([true, 2]);
  });

  test("at its full age a busy connection waits for its successor", () => {
    const { made, dials, dial, world, request, waiting } = shared({
      maxConnectionDurationMs: 1_000,
    });
    waiting(1);
    const old = dial(0).http2();
    world.nowMs = 1_000;
    made.sweep();
    made.sweep();
    expect([old.isRetired, dials.length]).toEqual([false, 2]);
    expect(request()).toBe(old);
    const young = dial(1).http2();
    expect(old.isRetired).toBe(true);
    expect(request()).toBe(young);
  });

  test("at its full age a connection goes at once when no other may be made", () => {
    const { made, dials, dial, world, waiting } = shared({
      maxConnectionDurationMs: 1_000,
      maxConnections: 1,
    });
    waiting(1);
    const old = dial(0).http2();
    world.nowMs = 1_000;
    made.sweep();
    expect([old.isRetired, dials.length]).toEqual([true, 1]);
  });

  test("a spare connection that is refused fails nobody, and is not tried again at once", () => {
    const { dials, dial, world, request, waiting } = shared();
    const [waiter] = waiting(1);
    dial(0).http2(2);
    request();
    dial(1).refuse();
    expect(waiter?.failures).toEqual([]);
    waiter?.got[0] instanceof ScriptedConnection && waiter.got[0].free(0);
    request();
    expect(dials).toHaveLength(2);
    world.nowMs = 1_000;
    waiter?.got[0] instanceof ScriptedConnection && waiter.got[0].free(0);
    request();
    expect(dials).toHaveLength(3);
  });
});

describe("after a renewal of this side's certificate", () => {
  test("connections are made anew little by little, each busy one after its successor", () => {
    const { made, dials, dial, world, request, waiting } = shared();
    waiting(1);
    const old = dial(0).http2();
    world.credentials = "second";
    world.random = 0.9;
    made.sweep();
    expect(dials).toHaveLength(1);
    world.random = 0;
    made.sweep();
    expect(request()).toBe(old);
    const young = dial(1).http2();
    expect([old.isRetired, request()]).toEqual([true, young]);
    made.sweep();
    expect([young.isRetired, dials.length]).toEqual([false, 2]);
  });

  test("nothing changes while there is no certificate to show", () => {
    const { made, dial, world, waiting } = shared();
    waiting(1);
    const connection = dial(0).http2();
    connection.free(0);
    world.credentials = undefined;
    made.sweep();
    expect(connection.isRetired).toBe(false);
  });
});

test("the limit of waiting requests holds for connections that are shared, too", () => {
  const { request, waiting } = shared({ maxPendingRequests: 2 });
  waiting(2);
  expect(request()).toBe("overflow");
});

test("a pool that is closed lets its connections finish, and refuses those that come late", () => {
  const { made, dial, usage, waiting } = shared();
  waiting(1);
  const busy = dial(0).http2(1);
  const [late] = waiting(1);
  made.close();
  expect([busy.isRetired, busy.active]).toEqual([true, 1]);
  expect(late?.failures).toEqual(["no-healthy-upstream"]);
  expect(dial(1).http2().isRetired).toBe(true);
  expect(usage.connections).toBe(0);
});
