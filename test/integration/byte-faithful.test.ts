// What the server receives and the client gets with two proxies between them, beside what they get without: only what
// docs/reference/headers.md lists, and what HTTP demands of every intermediary, may differ.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { documents, service } from "../support/mesh-objects.ts";
import { type RawServer, rawServer } from "../support/raw-server.ts";
import { fieldOf, type ReadMessage, readMessage, type Transcript } from "../support/transcript.ts";

const octets = (length: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode((i * 7 + (i >> 8)) & 0xff)).join("");

const lines = (...all: readonly string[]): string => `${all.join("\r\n")}\r\n\r\n`;
const plainAnswer = `${lines("HTTP/1.1 200 OK", "Content-Length: 3")}ok\n`;

interface Exchange {
  readonly request: string;
  readonly answer?: string;
  /** The server's last words are the end of the connection. */
  readonly closes?: boolean;
}

const get = (path: string, ...more: readonly string[]): string =>
  lines(`GET ${path} HTTP/1.1`, "Host: recorder", ...more);

const exchanges: Readonly<Record<string, Exchange>> = {
  "names keep their case, lines their order": {
    request: get("/", "X-FIRST: 1", "aCCept: */*", "x-first: 2", "X-Last:3", "User-Agent: T/1 (x)"),
    answer: `${lines("HTTP/1.1 200 OK", "X-B: 1", "SERVER: x/1", "x-b: 2", "content-LENGTH: 2", 'ETag: "a"')}hi`,
  },
  "Host stays where it was": {
    request: lines("GET / HTTP/1.1", "Accept: a", "hOsT: recorder", "Via: 1.1 somebody"),
  },
  "values of every octet that may be, and empty ones": {
    request: get(
      "/",
      `X-Text: a\tb "c" \u00e4\u00ff`,
      "X-Empty:",
      "X-Spaces: a  b",
      `X-Long: ${"v".repeat(9_000)}`,
    ),
    answer: lines("HTTP/1.1 200 OK", "X-Text: \u00c3\u00a4;=,", "X-Empty:", "Content-Length: 0"),
  },
  "cookies of both directions on lines of their own": {
    request: get("/", "Cookie: a=1; b=2", "X-Between: x", "Cookie: c=3"),
    answer: `${lines("HTTP/1.1 200 OK", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2, c", "Content-Length: 1")}.`,
  },
  "targets as they were": { request: get("/a%20b/%E4;p=1/?x=%2F..&&y=a+b?#".replace("#", "")) },
  "an asterisk": { request: lines("OPTIONS * HTTP/1.1", "Host: recorder") },
  "methods nobody knows": { request: lines("M-SEARCH /x HTTP/1.1", "Host: recorder") },
  "a body with its length": {
    request: `${lines("POST /l HTTP/1.1", "Host: recorder", "Content-Length: 100000")}${octets(100_000)}`,
    answer: `${lines("HTTP/1.1 201 Created", "Content-Length: 70000", "Location: /l/1")}${octets(70_000)}`,
  },
  "large heads with bodies right behind them": {
    request: `${lines("POST /h HTTP/1.1", "Host: recorder", `X-Large: ${"0123456789abcdef".repeat(2_500)}`, "Content-Length: 5")}hello`,
    answer: `${lines("HTTP/1.1 200 OK", `X-Large: ${"fedcba9876543210".repeat(2_500)}`, "Content-Length: 7")}goodbye`,
  },
  "an empty body with its length": {
    request: lines("POST /e HTTP/1.1", "Host: recorder", "Content-Length: 0"),
    answer: lines("HTTP/1.1 200 OK", "Content-Length: 0"),
  },
  "chunks with trailers": {
    request: `${lines("PUT /c HTTP/1.1", "Host: recorder", "Transfer-Encoding: chunked", "Trailer: X-Sum")}3\r\nabc\r\n10\r\n${octets(16)}\r\n0\r\nX-Sum: 7\r\nx-MORE: y\r\n\r\n`,
    answer: `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: X-Check")}5\r\nhello\r\n0\r\nX-Check: z\r\n\r\n`,
  },
  "chunks without any": {
    request: `${lines("PUT /c HTTP/1.1", "Host: recorder", "Transfer-Encoding: chunked")}0\r\n\r\n`,
    answer: `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}0\r\n\r\n`,
  },
  "a reason of the server's own": {
    request: get("/"),
    answer: `${lines("HTTP/1.1 299 Fine, by and large", "Content-Length: 1")}.`,
  },
  "a reason that is missing": {
    request: get("/"),
    answer: `${lines("HTTP/1.1 404 ", "Content-Length: 1")}.`,
  },
  "answers that have no body": {
    request: get("/"),
    answer: lines("HTTP/1.1 204 No Content", "X-A: 1"),
  },
  "what is not modified": {
    request: get("/", 'If-None-Match: "a"'),
    answer: lines("HTTP/1.1 304 Not Modified", 'ETag: "a"', "Content-Length: 17"),
  },
  "HEAD with the length that GET would have": {
    request: lines("HEAD / HTTP/1.1", "Host: recorder"),
    answer: lines("HTTP/1.1 200 OK", "Content-Length: 17", "Content-Type: text/x"),
  },
  "interim answers before the final one": {
    request: get("/"),
    answer: `${lines("HTTP/1.1 103 Early Hints", "Link: </s.css>; rel=preload")}${lines("HTTP/1.1 103 Early Hints", "Link: </t.css>")}${plainAnswer}`,
  },
  "a server that ends its answer with the connection": {
    request: get("/"),
    answer: `${lines("HTTP/1.1 200 OK", "Connection: close", "X-A: 1")}${octets(3_000)}`,
    closes: true,
  },
  "TE: trailers": { request: get("/", "TE: trailers", "Connection: TE") },
};

interface Recorded {
  readonly request: Transcript;
  readonly answers: readonly Transcript[];
}

let mesh: Mesh;
let server: RawServer;
let upstreamPort: number;
let proxyUrl: URL;
const received: Transcript[] = [];

beforeAll(async () => {
  mesh = await startMesh();
  server = await rawServer((socket) => {
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const request = readMessage(text);
      if (request === undefined) return;
      text = text.slice(request.size);
      received.push(request);
      const name = fieldOf(request.head, "x-exchange") ?? "";
      const exchange = exchanges[Object.keys(exchanges)[Number(name)] ?? ""];
      socket.write(Buffer.from(exchange?.answer ?? plainAnswer, "latin1"));
      if (exchange?.closes) socket.end();
    });
    socket.on("end", () => socket.end());
  });
  await mesh.run(
    ["--name", "recorder", "-n", "shop", "--port", `${server.port}`],
    ["sleep", "1000"],
  );
  upstreamPort = await freePort();
  const script = `echo "{\\"proxy\\":\\"$HTTP_PROXY\\"}"; exec sleep 1000`;
  const flags = ["--name", "caller", "-n", "shop", "--upstream", `recorder:80=${upstreamPort}`];
  const caller = await mesh.run(flags, ["sh", "-c", script]);
  proxyUrl = new URL(`${(await caller.json()).proxy}`);
  await mesh.apply(documents([service("elsewhere", { app: "recorder" })]));
}, 30_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

const names = Object.keys(exchanges);

describe.each([
  ["a loopback port", () => upstreamPort, (request: string) => request],
  ["CONNECT", () => Number(proxyUrl.port), throughConnect],
  ["HTTP_PROXY", () => Number(proxyUrl.port), absoluteForm],
] as const)("through %s", (way, port, prepare) => {
  test.each(names)(
    "%s",
    async (name) => {
      if (way === "HTTP_PROXY" && name === "an asterisk") return await asteriskByProxy();
      const { request } = exchanges[name] as Exchange;
      const marked = request.replace("\r\n", `\r\nX-Exchange: ${names.indexOf(name)}\r\n`);
      const direct = await record(server.port, marked);
      const meshed = await record(port(), prepare(marked));
      const expected = asForwarded(direct.request);
      expect(withoutDocumented(meshed.request, direct.request)).toEqual(
        way === "a loopback port" ? asCalled(expected) : expected,
      );
      expect(meshed.answers.map(asAnswered)).toEqual(direct.answers.map(asAnswered));
    },
    20_000,
  );
});

test("HTTP/1.0 is served, with and without keep-alive", async () => {
  const at = (more: string) =>
    record(upstreamPort, `GET / HTTP/1.0\r\nX-Exchange: -1\r\n${more}\r\n`);
  const plain = await at("");
  expect(plain.answers[0]?.head).toContain("Connection: close".toLowerCase());
  expect(plain.answers[0]?.body).toBe("ok\n");
  const kept = await at("Connection: keep-alive\r\n");
  expect(kept.answers[0]?.head.map((line) => line.toLowerCase())).toContain(
    "connection: keep-alive",
  );
});

/** A proxy is asked about `*` by an absolute target without a path (RFC 9112 §3.2.4); it reaches the server as one or the other. */
async function asteriskByProxy(): Promise<void> {
  const marked = lines("OPTIONS http://recorder HTTP/1.1", "X-Exchange: -1", "Host: recorder");
  const { request } = await record(Number(proxyUrl.port), withSecret(marked));
  expect(["OPTIONS * HTTP/1.1", "OPTIONS / HTTP/1.1"]).toContain(request.head[0] ?? "");
}

const credential = (): string =>
  `Proxy-Authorization: Basic ${Buffer.from(`${proxyUrl.username}:${proxyUrl.password}`).toString("base64")}`;

const withSecret = (request: string): string => request.replace("\r\n", `\r\n${credential()}\r\n`);

function absoluteForm(request: string): string {
  return withSecret(request.replace(" ", " http://recorder"));
}

function throughConnect(request: string): string {
  return lines("CONNECT recorder:80 HTTP/1.1", "Host: recorder:80", credential()) + request;
}

/** One exchange on a connection of its own: what the server got, what the client got. */
function record(port: number, request: string): Promise<Recorded> {
  const before = received.length;
  const isTunnel = request.startsWith("CONNECT");
  const toHead = /(^|\n)HEAD /.test(request);
  const { promise, resolve, reject } = Promise.withResolvers<Recorded>();
  const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(request, "latin1")));
  let text = "";
  const look = (hasEnded: boolean): void => {
    const answers = readAnswers(text, { hasEnded, toHead, isTunnel });
    const got = received[before];
    if (answers === undefined || got === undefined) {
      if (hasEnded || answers !== undefined)
        reject(new Error(`not an answer of the server: ${JSON.stringify(text.slice(0, 500))}`));
      return;
    }
    resolve({ request: got, answers });
    socket.destroy();
  };
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    look(false);
  });
  socket.on("end", () => look(true));
  socket.on("error", reject);
  return promise;
}

function readAnswers(
  text: string,
  {
    isTunnel,
    ...how
  }: { readonly hasEnded: boolean; readonly toHead: boolean; readonly isTunnel: boolean },
): readonly ReadMessage[] | undefined {
  const answers: ReadMessage[] = [];
  let rest = isTunnel ? text.slice(text.indexOf("\r\n\r\n") + 4) : text;
  for (;;) {
    const answer = readMessage(rest, how);
    if (answer === undefined) return undefined;
    answers.push(answer);
    if (!/^HTTP\/1\.1 1/.test(answer.head[0] ?? "")) return answers;
    rest = rest.slice(answer.size);
  }
}

const nameOf = (line: string): string =>
  line.slice(0, Math.max(0, line.indexOf(":"))).toLowerCase();
/** Added to requests on their way, by docs/reference/headers.md. */
const ADDED = ["traceparent", "x-request-id", "x-forwarded-client-cert"];
const HOP = ["connection", "keep-alive", "proxy-connection"];

/** The request as the server got it, without what is documented to be added; each of these must be there, once. */
function withoutDocumented(meshed: Transcript, direct: Transcript): Transcript {
  for (const name of ADDED)
    expect([name, meshed.head.filter((line) => nameOf(line) === name).length]).toEqual([name, 1]);
  const mayHave = new Set(direct.head.map(nameOf));
  const head = meshed.head.filter(
    (line) => mayHave.has(nameOf(line)) || !ADDED.includes(nameOf(line)),
  );
  return { head, body: meshed.body, trailers: meshed.trailers };
}

function asForwarded({ head, body, trailers }: Transcript): Transcript {
  return { head: head.filter((line) => !HOP.includes(nameOf(line))), body, trailers };
}

/** A loopback port leads to one destination, and Host says which. */
function asCalled({ head, ...rest }: Transcript): Transcript {
  const called = "recorder.shop.svc.cluster.local:80";
  return { head: head.map((line) => line.replace(/^(host: )recorder$/i, `$1${called}`)), ...rest };
}

/** An answer that ended with the connection is sent in chunks, so that its end can be told. */
function asAnswered({ head, body, trailers }: Transcript): Transcript {
  const endsWithConnection =
    fieldOf(head, "content-length") === undefined && body !== "" && trailers.length === 0;
  const dropped = endsWithConnection ? [...HOP, "transfer-encoding"] : HOP;
  return { head: head.filter((line) => !dropped.includes(nameOf(line))), body, trailers };
}
