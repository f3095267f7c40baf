import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { freePort } from "../../test/support/free-port.ts";
import { type TempDir, tempDir } from "../../test/support/temp-dir.ts";
import { type ControlPlanePorts, startControlPlane } from "./start-control-plane.ts";

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir[Symbol.asyncDispose]());

const start = (ports: ControlPlanePorts = { api: 0, xds: 0, metrics: 0 }) =>
  startControlPlane({
    dataDir: join(dir.path, "data"),
    host: "127.0.0.1",
    ports,
    trustDomain: "cluster.local",
    extraNames: [],
    extraAddresses: [],
    version: "test",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
  });

/** Holds the port until disposed. Rejects when somebody else has it. */
function hold(port: number): Promise<AsyncDisposable> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () =>
      resolve({ [Symbol.asyncDispose]: async () => void server.close() }),
    );
  });
}

describe("a control plane", () => {
  test.each(["xds", "api", "metrics"] as const)(
    "whose port for %s is taken leaves nothing behind",
    async (taken) => {
      const ports = { xds: await freePort(), api: await freePort(), metrics: await freePort() };
      {
        await using _ = await hold(ports[taken]);
        await expect(start(ports)).rejects.toThrow();
        for (const port of Object.values(ports).filter((port) => port !== ports[taken])) {
          await using _free = await hold(port);
        }
      }
      await using whole = await start(ports);
      expect(whole.announcement.apiUrl).toEndWith(`:${ports.api}`);
    },
  );

  test("keeps its token and its ports, so that a kubeconfig outlives a restart", async () => {
    const read = async () => {
      await using controlPlane = await start();
      return readFileSync(controlPlane.kubeconfig, "utf8");
    };
    expect(await read()).toBe(await read());
  });
});
