// The connections between two proxies that carry the requests of many callers: what one stream does to the others, how
// many there are, and how long they live.
import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import type { Cluster } from "#config/cluster.ts";
import { backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { pour, stuck } from "../support/pour.ts";
import { pair } from "../support/proxy-pair.ts";
import { rawServer } from "../support/raw-server.ts";
import { direct } from "../support/running-plane.ts";

const MIB = 1024 * 1024;
const ENDLESS = 1024 * MIB;

function socketTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

async function callMany(port: number, count: number): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  const caller = async (): Promise<void> => {
    for (let i = 0; i < count / 10; i++) statuses.add((await direct(port, "/small")).status);
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  return statuses;
}

describe("a stream that stands still leaves the others of its connection alone", () => {
  test("whose answer its caller does not read", async () => {
    const poured = { bytes: 0 };
    await using app = await rawServer((socket) =>
      socket.on("data", (bytes) => {
        if (bytes.toString("latin1").startsWith("GET /small"))
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        else {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${ENDLESS}\r\n\r\n`);
          pour(socket, poured, ENDLESS);
        }
      }),
    );
    await using mesh = await pair({ appPort: app.port });
    const lazy = await socketTo(mesh.port);
    lazy.pause();
    lazy.write("GET /endless HTTP/1.1\r\nhost: payments\r\n\r\n");
    await stuck(poured);
    expect(await callMany(mesh.port, 200)).toEqual(new Set([200]));
    expect(mesh.host().sharedConnections).toBe(1);
    expect(poured.bytes).toBeLessThan(64 * MIB);
    lazy.destroy();
  }, 30_000);

  test("whose body its application does not read", async () => {
    const poured = { bytes: 0 };
    await using app = await rawServer((socket) =>
      socket.on("data", (bytes) => {
        if (bytes.toString("latin1").startsWith("GET /small"))
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        else socket.pause();
      }),
    );
    await using mesh = await pair({ appPort: app.port });
    const eager = await socketTo(mesh.port);
    eager.write(`POST /endless HTTP/1.1\r\nhost: payments\r\ncontent-length: ${ENDLESS}\r\n\r\n`);
    pour(eager, poured, ENDLESS);
    await stuck(poured);
    expect(await callMany(mesh.port, 200)).toEqual(new Set([200]));
    expect(mesh.host().sharedConnections).toBe(1);
    expect(poured.bytes).toBeLessThan(64 * MIB);
    eager.destroy();
  }, 30_000);
});

/** An application that answers when it is told to. */
async function holding() {
  const held: (() => void)[] = [];
  const made = await backend((_, response) => held.push(() => response.end("done")));
  return Object.assign(made, { held });
}

test("a spare connection stands before the first is full", async () => {
  await using app = await holding();
  const outbound: Partial<Cluster> = { http2: { maxConcurrentStreams: 10 } };
  await using mesh = await pair({ appPort: app.port, outbound });
  const calls = [direct(mesh.port, "/")];
  await eventually(() => app.held.length === 1);
  for (let under = 2; under <= 9; under++) {
    expect(mesh.host().sharedConnections).toBe(1);
    calls.push(direct(mesh.port, "/"));
    await eventually(() => app.held.length === under);
  }
  await eventually(() => mesh.host().sharedConnections === 2);
  expect(app.held).toHaveLength(9);
  for (const release of app.held) release();
  for (const call of calls) expect((await call).status).toBe(200);
});

test("a connection of full age makes room for another without failing a request", async () => {
  await using app = await backend();
  await using mesh = await pair({ appPort: app.port, outbound: { maxConnectionDurationMs: 30 } });
  const cluster = mesh.web.plane.clusters.get("payments");
  const statuses = new Set<number>();
  const callers = new Set<unknown>();
  await eventually(
    async () => {
      for (const status of await callMany(mesh.port, 50)) statuses.add(status);
      cluster?.sweep();
      for (const line of await mesh.payments.log()) callers.add(line.downstream_remote_address);
      return callers.size >= 5;
    },
    { everyMs: 1 },
  );
  expect(statuses).toEqual(new Set([200]));
  await eventually(() => mesh.host().connections <= 2);
});

test("a connection that was idle for its time is closed, and the next request gets another", async () => {
  await using app = await backend();
  await using mesh = await pair({ appPort: app.port, outbound: { idleTimeoutMs: 20 } });
  expect((await direct(mesh.port, "/")).status).toBe(200);
  await eventually(() => {
    mesh.web.plane.clusters.get("payments")?.sweep();
    return mesh.host().connections === 0;
  });
  expect((await direct(mesh.port, "/")).status).toBe(200);
  const lines = await mesh.payments.log();
  expect(new Set(lines.map((line) => line.downstream_remote_address)).size).toBe(2);
});
