// What `weft stat` says of workloads and connections beside the golden signals of requests.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { startServer } from "../support/server.ts";

const echo = `
const server = Bun.listen({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  socket: { data: (socket, bytes) => void socket.write(bytes) },
});
console.log(JSON.stringify({ port: server.port }));
`;

let mesh: Mesh;
let tcpPort: number;
let httpPort: number;

beforeAll(async () => {
  mesh = await startMesh();
  const port = await freePort();
  tcpPort = await freePort();
  httpPort = await freePort();
  const [served] = await Promise.all([
    mesh.run(
      ["--name", "echo", "-n", "shop", "--port", `7000:${port}/tcp`],
      [process.execPath, "-e", echo],
      { env: { PORT: `${port}` } },
    ),
    startServer(mesh, { name: "web", version: "v1" }),
    mesh.run(
      [
        ...["--name", "client", "-n", "shop"],
        ...["--upstream", `echo.shop:7000=${tcpPort}`, "--upstream", `web.shop:80=${httpPort}`],
      ],
      ["sleep", "3600"],
    ),
  ]);
  await served.json();
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

interface Row {
  readonly service: string;
  readonly tcpConnections: number;
  readonly meshed?: number;
  readonly workloads?: number;
}

async function rowOf(name: string): Promise<Row | undefined> {
  const { stdout } = await mesh.weft(["stat", "-n", "shop", "--window", "120", "-o", "json"]);
  return (JSON.parse(stdout) as { items: Row[] }).items.find(({ service }) => service === name);
}

/** One connection, over which the service has answered. */
function answered(): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(tcpPort, "127.0.0.1", () => socket.write("x"));
  socket.once("data", () => resolve(socket)).setTimeout(1_000, () => socket.destroy());
  socket.on("error", reject).once("close", () => reject(new Error("it was closed")));
  return promise;
}

test("connections that are open are counted, and no longer when they are closed", async () => {
  // The caller's proxy learns of the service a moment after it has started.
  const socket = (await eventually(answered)).setTimeout(0);
  await eventuallyHolds(async () =>
    expect(await rowOf("echo")).toMatchObject({ tcpConnections: 1, meshed: 1, workloads: 1 }),
  );
  socket.destroy();
  await eventuallyHolds(async () =>
    expect(await rowOf("echo")).toMatchObject({ tcpConnections: 0, meshed: 1, workloads: 1 }),
  );
}, 30_000);

test("the table has the columns that people know, in their order", async () => {
  await eventuallyHolds(async () => {
    expect((await fetch(`http://127.0.0.1:${httpPort}/`)).status).toBe(200);
    const { stdout } = await mesh.weft(["stat", "-n", "shop", "--window", "120"]);
    const [titles, ...rows] = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(titles).toEqual([
      ...["NAME", "VERSION", "MESHED", "SUCCESS", "RPS"],
      ...["LATENCY_P50", "LATENCY_P95", "LATENCY_P99", "TCP_CONN", "DENIED"],
    ]);
    const cells = Object.fromEntries(rows.map(([name = "", ...rest]) => [name, rest]));
    expect(cells.web?.slice(0, 3)).toEqual(["v1", "1/1", "100.00%"]);
    expect(cells.echo?.slice(0, 3)).toEqual(["-", "1/1", "-"]);
  });
}, 30_000);
