// A mesh whose proxies listen for HTTP/2 in plaintext wherever they can, in front of applications that speak what they say.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { http2EchoServer } from "#http/http2/testing/http2-echo-server.ts";
import { freePort } from "./free-port.ts";
import { startMesh } from "./mesh.ts";

/** What is written behind the port of an application, and the version that it speaks. */
const APPLICATIONS = [
  { flag: "", version: 2 },
  { flag: "/http", version: 1 },
  { flag: "/http2", version: 2 },
  { flag: "/grpc", version: 2 },
] as const;

const into = (flag: string): string => `into --port N${flag}`;
const outTo = (flag: string): string => `of --upstream to a port N${flag}`;
const OF_THE_PROXY = "of HTTP_PROXY";

export const LISTENER_NAMES: readonly string[] = [
  ...APPLICATIONS.flatMap(({ flag }) => [into(flag), outTo(flag)]),
  OF_THE_PROXY,
];

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Http2Listeners extends AsyncDisposable {
  /** By one of `LISTENER_NAMES`. */
  at(name: string): Address;
}

/** One workload with a port per application, and one that calls them all. */
export async function http2Listeners(): Promise<Http2Listeners> {
  await using stack = new AsyncDisposableStack();
  const mesh = stack.use(await startMesh());
  const addresses = new Map<string, Address>();
  const programs: (Address & { readonly flag: string })[] = [];
  for (const { flag, version } of APPLICATIONS) {
    const { port } = stack.use(version === 1 ? await http1Server() : await http2EchoServer());
    programs.push({ host: "web.shop", port, flag });
  }
  const ports = programs.flatMap(({ port, flag }) => ["--port", `${port}${flag}`]);
  await mesh.run(["--name", "web", "-n", "shop", ...ports], ["sleep", "1000"]);
  for (const { workloadPort, address } of (await mesh.proxy("web")).addresses.inbound) {
    const program = programs.find(({ port }) => port === workloadPort);
    addresses.set(into(program?.flag ?? "none"), readAddress(address));
  }
  const upstreams: string[] = [];
  for (const { host, port, flag } of programs) {
    const local = await freePort();
    upstreams.push("--upstream", `${host}:${port}=${local}`);
    addresses.set(outTo(flag), { host: "127.0.0.1", port: local });
  }
  await mesh.run(["--name", "caller", "-n", "shop", ...upstreams], ["sleep", "1000"]);
  const proxy = (await mesh.proxy("caller")).addresses.outbound.find(
    ({ kind }) => kind === "http-proxy",
  );
  addresses.set(OF_THE_PROXY, readAddress(proxy?.address ?? ""));
  const running = stack.move();
  return {
    at(name) {
      const address = addresses.get(name);
      if (address === undefined) throw new Error(`there is no listener ${name}`);
      return address;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function http1Server(): Promise<Disposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end("hello"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => void server.close(),
  };
}

function readAddress(text: string): Address {
  const [, host = "", port] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { host, port: Number(port) };
}
