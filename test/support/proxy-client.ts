import { connect } from "node:net";
import type { Mesh } from "./mesh.ts";

export interface ProxyAnswer {
  readonly status: number;
  /** Names in lower case; several lines of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ProxyRequest {
  readonly method?: string;
  /** Lines of the head as they are, `name: value`. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** A workload of the mesh through whose proxy the test itself speaks, byte by byte: nothing tidies its URLs. */
export interface ProxyClient {
  /** `url` goes into the request line as it is. */
  send(url: string, request?: ProxyRequest): Promise<ProxyAnswer>;
}

/** A workload that does nothing but lend its proxy. */
export async function startProxyClient(
  mesh: Pick<Mesh, "run">,
  flags: readonly string[],
): Promise<ProxyClient> {
  const script = `echo "{\\"proxy\\":\\"$HTTP_PROXY\\"}"; exec sleep 1000`;
  const workload = await mesh.run(flags, ["sh", "-c", script]);
  const proxy = new URL(`${(await workload.json()).proxy}`);
  const credential = Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64");
  return {
    send: (url, { lines = [], ...request } = {}) => {
      const [, host = ""] = /^http:\/\/([^/?#\\]*)/.exec(url) ?? [];
      const own = [`Host: ${host}`, `Proxy-Authorization: Basic ${credential}`];
      return sendRaw(Number(proxy.port), url, { ...request, lines: [...own, ...lines] });
    },
  };
}

/** One request to a port of loopback, written as it is, on a connection of its own. */
export function sendRaw(
  port: number,
  target: string,
  { method = "GET", lines = [], body = "" }: ProxyRequest = {},
): Promise<ProxyAnswer> {
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${target} HTTP/1.1`, ...lines, ...length, "Connection: close"];
  return exchange(port, `${head.join("\r\n")}\r\n\r\n${body}`);
}

function exchange(port: number, request: string): Promise<ProxyAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ProxyAnswer>();
  const socket = connect(port, "127.0.0.1", () => socket.write(request));
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.once("error", reject);
  socket.once("close", () => {
    const answer = readAnswer(Buffer.concat(chunks).toString("latin1"));
    if (answer) resolve(answer);
    else reject(new Error("the proxy closed the connection without an answer"));
  });
  return promise;
}

function readAnswer(text: string): ProxyAnswer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^:]*):\s*(.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  const body = text.slice(end + 4);
  const isChunked = headers["transfer-encoding"] === "chunked";
  return {
    status: Number(first.split(" ")[1]),
    headers,
    body: isChunked ? withoutChunks(body) : body,
  };
}

function withoutChunks(body: string): string {
  let rest = body;
  let whole = "";
  for (;;) {
    const size = Number.parseInt(rest, 16);
    if (!(size > 0)) return whole;
    const start = rest.indexOf("\r\n") + 2;
    whole += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
}
