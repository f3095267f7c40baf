import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";

/** Listens with few file descriptors and tells, whenever asked, what it refused and how much it worked since. */
const CHILD = `
const { libc } = await import("${import.meta.dir}/libc.ts");
const { listen } = await import("${import.meta.dir}/listener.ts");
libc().setrlimit(7, BigUint64Array.of(96n, 96n));
const refused = {};
const listener = await listen({
  address: { host: "127.0.0.1", port: 0 },
  mode: "plain",
  onConnection: (transport) =>
    transport.attach({ onData() {}, onEnd: () => transport.end(), onDrain() {}, onClose() {} }),
  onRefused: ({ code }) => { refused[code] = (refused[code] ?? 0) + 1; },
});
console.log(JSON.stringify({ port: listener.address.port }));
let cpu = process.cpuUsage();
for await (const line of console) {
  if (line === "stop") process.exit(0);
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  console.log(JSON.stringify({ refused, open: listener.connectionCount, cpuMs: (user + system) / 1000 }));
}
`;

interface Report {
  readonly port: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly open: number;
  readonly cpuMs: number;
}

test("a flood of connections takes no descriptor that is needed, and wakes nobody in vain", async () => {
  await using child = Bun.spawn([process.execPath, "-e", CHILD], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const report = async (question?: string): Promise<Report> => {
    if (question !== undefined) child.stdin.write(`${question}\n`);
    return JSON.parse((await lines.read()).value ?? "{}");
  };
  const { port } = await report();
  const sockets = Array.from({ length: 300 }, () => connect(port, "127.0.0.1"));
  const isRefused = (socket: Socket) =>
    new Promise<boolean>((resolve) => {
      socket.on("error", () => resolve(true)).on("close", () => resolve(true));
      socket.setTimeout(1000, () => resolve(false));
      socket.resume();
    });
  const refusals = await Promise.all(sockets.map(isRefused));
  const { refused, open } = await report("how");
  expect(refused["too-many-files"]).toBe(300 - open);
  expect(refusals.filter(Boolean)).toHaveLength(300 - open);
  expect(open).toBeGreaterThan(40);
  expect(open).toBeLessThan(96 - 8);

  // A second of the clock, in which a process that spins would use a second of the processor.
  await Bun.sleep(1000);
  expect((await report("how")).cpuMs).toBeLessThan(300);

  for (const socket of sockets) socket.destroy();
  while ((await report("how")).open > 0) await Bun.sleep(10); // it has heard of the end of each
  const again = connect(port, "127.0.0.1");
  await new Promise((resolve) => again.once("connect", resolve));
  expect((await report("how")).open).toBeLessThanOrEqual(1);
  again.end();
  await new Promise((resolve) => again.resume().once("end", resolve));
  child.stdin.write("stop\n");
  await child.exited;
}, 20_000);
