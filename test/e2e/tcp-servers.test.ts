// Real servers that speak no HTTP, through two proxies with mutual TLS between them, by their own clients: PostgreSQL (the
// client begins), MariaDB (the server begins), Redis, TLS of the application's own. Each at a port that is declared to be
// TCP, and at one of which nobody said anything. The clients know only a loopback port of their proxy.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import {
  type DatabaseServer,
  inFrontOf,
  startMariaDb,
  startPostgres,
  startRedis,
} from "../support/database-servers.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { destinationRule, documents, virtualService } from "../support/mesh-objects.ts";
import { openssl } from "../support/openssl.ts";
import { OutputLines } from "../support/output-lines.ts";
import { runProgram } from "../support/spawn-weft.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const MIB = 1024 * 1024;
const upstreams = {
  pg: 5432,
  "pg-detected": 5432,
  maria: 3306,
  "maria-detected": 3307, // 3306 alone would say that it is not HTTP
  redis: 6379,
  "redis-detected": 6379,
  "redis-other": 6379,
  vault: 8443,
} as const;

let mesh: Mesh;
let directory: TempDir;
const local: Record<string, number> = {};
const servers: DatabaseServer[] = [];

beforeAll(async () => {
  mesh = await startMesh();
  directory = await tempDir();
  for (const name of Object.keys(upstreams)) local[name] = await freePort();
  const flags = Object.entries(upstreams).flatMap(([name, port]) => [
    "--upstream",
    `${name}:${port}=${local[name]}`,
  ]);
  const tcp = { protocol: "tcp" };
  const [, pg, maria, redis, other] = await Promise.all([
    mesh.run(["--name", "me", "-n", "shop", ...flags], ["sleep", "1000"]),
    startPostgres(mesh, { name: "pg", servicePort: 5432, ...tcp }),
    startMariaDb(mesh, { name: "maria", servicePort: 3306, ...tcp }),
    startRedis(mesh, { name: "redis", servicePort: 6379, ...tcp }),
    startRedis(mesh, { name: "redis-other", servicePort: 6379, ...tcp }),
  ]);
  servers.push(pg, maria, redis, other);
  await Promise.all([
    inFrontOf(mesh, pg, { name: "pg-detected", servicePort: 5432 }),
    inFrontOf(mesh, maria, { name: "maria-detected", servicePort: 3307 }),
    inFrontOf(mesh, redis, { name: "redis-detected", servicePort: 6379 }),
  ]);
}, 120_000);

afterAll(async () => {
  await mesh?.[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
  await directory?.[Symbol.asyncDispose]();
});

const portOf = (name: string): number => local[name] ?? 0;
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A program's output; throws with what it complained about. */
async function output(command: readonly string[], stdin?: string): Promise<string> {
  const options = stdin === undefined ? {} : { stdin };
  const { exitCode, stdout, stderr } = await runProgram(command, options);
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

/** A client that is told one thing after the other. */
function session(command: readonly string[]) {
  const child = Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const lines = new OutputLines();
  const complaints = new OutputLines();
  const read = Promise.all([lines.follow(child.stdout), complaints.follow(child.stderr)]);
  return {
    lines,
    complaints,
    interrupt: () => child.kill("SIGINT"),
    say: async (text: string) => {
      child.stdin.write(text);
      await child.stdin.flush();
    },
    [Symbol.asyncDispose]: async () => {
      await child.stdin.end();
      child.kill();
      await read;
    },
  };
}

describe.each(["pg", "pg-detected"])("PostgreSQL at %s", (name) => {
  const psql = (...more: readonly string[]): readonly string[] => [
    ...["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"],
    ...["-p", `${portOf(name)}`, "-U", "mesh", "-d", "postgres", ...more],
  ];
  const table = `t_${name.replace("-", "_")}`;

  test.each(["disable", "prefer"])("answers queries, with sslmode=%s", async (mode) => {
    const uri = `postgresql://mesh@127.0.0.1:${portOf(name)}/postgres?sslmode=${mode}`;
    const said = await eventually(() => output(["psql", "-X", "-At", uri, "-c", "select 6 * 7"]));
    expect(said).toBe("42\n");
  });

  test("copies megabytes out and in", async () => {
    const rows = "select i, repeat(md5(i::text), 8) as words from generate_series(1, 20000) i";
    const out = await output(psql("-c", `copy (${rows}) to stdout`));
    expect(out.length).toBeGreaterThan(5 * MIB);
    const without = psql("-c", `copy (${rows}) to stdout`, "-p", `${servers[0]?.port}`);
    expect(digest(out)).toBe(digest(await output(without)));
    await output(psql("-c", `drop table if exists ${table}`));
    await output(psql("-c", `create table ${table} (i int, words text)`));
    await output(psql("-c", `copy ${table} from stdin`), out);
    const back = await output(psql("-c", `copy (select * from ${table} order by i) to stdout`));
    expect(digest(back)).toBe(digest(out));
  }, 30_000);

  test("tells a session that waits what another one says", async () => {
    await using listener = session(psql());
    await listener.say("listen news;\nselect 'listening';\n");
    await listener.lines.line(/^listening$/);
    await output(psql("-c", "notify news, 'it rains'"));
    await listener.say("select 'asked';\n");
    const [said] = await listener.lines.line(/notification "news" with payload "it rains"/);
    expect(said).toContain("it rains");
  });

  test("stops a query when its client asks so on another connection", async () => {
    await using sleeper = session(psql());
    await sleeper.say("select 'awake';\nselect pg_sleep(600) as asleep;\n");
    await sleeper.lines.line(/^awake$/);
    const asleep = "select count(*) from pg_stat_activity where query like '%as asleep%' and state";
    await eventuallyHolds(async () => {
      const count = await output(psql("-c", `${asleep} = 'active' and pid <> pg_backend_pid()`));
      expect(count).toBe("1\n");
    });
    sleeper.interrupt();
    await sleeper.complaints.line(/canceling statement due to user request/);
  });
});

describe.each(["maria", "maria-detected"])("MariaDB at %s", (name) => {
  const sql = (statement: string): Promise<string> =>
    output([
      ...["mariadb", "--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-u", "root"],
      ...["-P", `${portOf(name)}`, "--skip-column-names", "--batch"],
      ...["--max-allowed-packet=64M", "-e", statement],
    ]);

  test("greets a client that says nothing", async () => {
    const greeting = await eventually(() => firstBytes(portOf(name)));
    expect(greeting.toString("latin1")).toContain("MariaDB");
  });

  test("answers queries, and sends and takes megabytes", async () => {
    expect(await eventually(() => sql("select 6 * 7"))).toBe("42\n");
    const big = await sql("select repeat('0123456789abcdef', 524288)");
    expect(big.length).toBe(8 * MIB + 1);
    expect(await sql(`select length('${"x".repeat(100_000)}')`)).toBe("100000\n");
  });
});

/** What a server says to somebody who does not speak. */
function firstBytes(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", (bytes: Buffer) => {
      resolve(bytes);
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("end", () => reject(new Error("it ended")));
  });
}

test("what was seen to be spoken where nobody said it is shown", async () => {
  await eventuallyHolds(async () => {
    const { seenProtocols } = await mesh.proxy("me");
    const spoken = Object.fromEntries(
      seenProtocols.map(({ destination, protocols }) => [destination.split(".")[0], protocols]),
    );
    expect(spoken["maria-detected"]).toEqual(["server-first"]);
    expect(spoken["pg-detected"]).toEqual(["tcp"]);
  });
});

describe.each(["redis", "redis-detected"])("Redis at %s", (name) => {
  const cli = (...words: readonly string[]): readonly string[] => [
    ...["redis-cli", "-h", "127.0.0.1", "-p", `${portOf(name)}`, ...words],
  ];

  test("takes a hundred thousand commands in one go, and answers each", async () => {
    await eventually(() => output(cli("flushall")));
    const commands = Array.from({ length: 100_000 }, (_, i) => `SET key:${i} value:${i}\r\n`);
    const said = await output(cli("--pipe"), commands.join(""));
    expect(said).toContain("errors: 0, replies: 100000");
    expect(await output(cli("dbsize"))).toBe("100000\n");
  }, 30_000);

  test("keeps and gives back sixteen megabytes", async () => {
    const value = "0123456789abcdef".repeat(MIB);
    expect(await output(cli("-x", "set", "big"), value)).toBe("OK\n");
    expect(digest(await output(cli("get", "big")))).toBe(digest(`${value}\n`));
  }, 30_000);

  test("publishes to a subscriber that waits", async () => {
    await using subscriber = session(cli("subscribe", `news-${name}`));
    await subscriber.lines.line(/subscribe/);
    await output(cli("publish", `news-${name}`, "it rains"));
    await subscriber.lines.line(/^it rains$/);
  });

  test("answers a blocking call when there is something", async () => {
    await using waiting = session(cli("blpop", `queue-${name}`, "0"));
    await eventually(async () => (await output(cli("client", "list"))).includes("cmd=blpop"));
    await output(cli("rpush", `queue-${name}`, "at last"));
    await waiting.lines.line(/^at last$/);
  });
});

describe("rules for TCP", () => {
  const ask = (...words: readonly string[]): Promise<string> =>
    output(["redis-cli", "-h", "127.0.0.1", "-p", `${portOf("redis")}`, ...words]);
  const share = (first: number, second: number) =>
    virtualService("redis", {
      hosts: ["redis"],
      tcp: [
        {
          route: [
            { destination: { host: "redis", port: { number: 6379 } }, weight: first },
            { destination: { host: "redis-other", port: { number: 6379 } }, weight: second },
          ],
        },
      ],
    });
  const answers = async (count: number): Promise<ReadonlySet<string>> => {
    const said = new Set<string>();
    for (let i = 0; i < count; i++) said.add((await ask("get", "who")).trim());
    return said;
  };

  test("share connections between two servers by weight", async () => {
    await eventually(() => ask("set", "who", "first"));
    await output(["redis-cli", "-p", `${servers[3]?.port}`, "set", "who", "second"]);
    expect(await answers(10)).toEqual(new Set(["first"]));
    await mesh.apply(documents([share(50, 50)]));
    expect(await answers(60)).toEqual(new Set(["first", "second"]));
    await mesh.apply(documents([share(0, 100)]));
    expect(await answers(10)).toEqual(new Set(["second"]));
    await mesh.weft(["delete", "virtualservice", "redis", "-n", "shop"]);
    await eventually(async () => (await ask("get", "who")).trim() === "first");
  }, 30_000);

  test("end connections that are idle in both directions, and no others", async () => {
    await mesh.apply(
      documents([
        destinationRule("redis", {
          host: "redis",
          trafficPolicy: { connectionPool: { tcp: { idleTimeout: "2s" } } },
        }),
      ]),
    );
    const [silent, busy] = await Promise.all([dialogue(), dialogue()]);
    const keepsBusy = setInterval(() => busy.socket.write("PING\r\n"), 500);
    await silent.ended;
    expect(silent.text()).toBe("+PONG\r\n");
    busy.socket.write("ECHO alive\r\n");
    await eventually(() => busy.text().includes("alive"));
    clearInterval(keepsBusy);
    busy.socket.destroy();
  }, 20_000);

  /** A connection that has been used once. */
  async function dialogue() {
    const socket: Socket = connect(portOf("redis"), "127.0.0.1");
    let text = "";
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    socket.on("data", (bytes) => {
      text += bytes.toString();
    });
    socket.on("error", () => undefined).on("close", () => resolve());
    socket.write("PING\r\n");
    await eventually(() => text === "+PONG\r\n");
    return { socket, ended, text: () => text };
  }
});

describe("TLS of the application's own", () => {
  const names = ["one.vault.example", "two.vault.example"] as const;

  async function startTlsServer(name: string, serverName: string): Promise<void> {
    const port = await freePort();
    const [key, certificate] = ["key", "crt"].map((kind) =>
      join(directory.path, `${name}.${kind}`),
    ) as [string, string];
    await openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-subj", `/CN=${serverName}`, "-days", "1", "-keyout", key, "-out", certificate],
    );
    const workload = await mesh.run(
      ["--name", name, "-n", "shop", "--port", `8443:${port}/tls`],
      [
        ...["openssl", "s_server", "-accept", `127.0.0.1:${port}`, "-rev", "-naccept", "1000"],
        ...["-cert", certificate, "-key", key],
      ],
    );
    await workload.stdout.line(/^ACCEPT/);
  }

  /** The name in the certificate that a client gets who says which one it wants. */
  async function nameOf(serverName: string): Promise<string | undefined> {
    const { stdout, stderr } = await runProgram(
      [
        ...["openssl", "s_client", "-connect", `127.0.0.1:${portOf("vault")}`, "-brief"],
        ...["-servername", serverName],
      ],
      { stdin: "Q\n" },
    );
    return /CN ?= ?(\S+)/.exec(`${stderr}${stdout}`)?.[1];
  }

  test("is routed by the name that it asks for, and not opened", async () => {
    await startTlsServer("vault", names[0]);
    await startTlsServer("vault-two", names[1]);
    await mesh.apply(
      documents([
        virtualService("vault", {
          hosts: ["vault", "*.vault.example"],
          tls: [
            {
              match: [{ sniHosts: [names[1]] }],
              route: [{ destination: { host: "vault-two", port: { number: 8443 } } }],
            },
          ],
        }),
      ]),
    );
    await eventuallyHolds(async () => {
      for (const name of names) expect(await nameOf(name)).toBe(name);
    });
  }, 30_000);
});
