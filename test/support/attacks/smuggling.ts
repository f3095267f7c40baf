// Requests of HTTP/1 that two readers could take for different ones, or that are broken otherwise: what each is answered.
// What follows each in the same bytes would be a request of its own for a server that lost count.

export interface BrokenRequest {
  readonly status: number;
  readonly text: string;
}

const get = (fields: string): string => `GET /attack HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string, body = "hello"): string =>
  `POST /attack HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const chunked = (body: string): string => post("Transfer-Encoding: chunked\r\n", body);

const bad = (status: number, ...texts: readonly string[]): readonly BrokenRequest[] =>
  texts.map((text) => ({ status, text }));

/** Refused before anything of them is passed on. */
export const brokenHeads: readonly BrokenRequest[] = [
  ...bad(
    400,
    // two framings
    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
    post("Content-Length: 5\r\nContent-Length: 6\r\n"),
    post("Content-Length: 5\r\nContent-Length: 5\r\n"),
    post("Content-Length: 5, 5\r\n"),
    // lengths that readers differ about
    ...["+5", "-5", "0x5", "05", "5 5", "", "5\t,", "5.0", "5e0", "9007199254740993"].map(
      (length) => post(`Content-Length: ${length}\r\n`),
    ),
    post("Content-Length: 99999999999999999999\r\n"),
    // codings
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"),
    post('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n"),
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding:\r\n", "0\r\n\r\n"),
    "POST /attack HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    // lines and names
    get("X-A : b\r\n"),
    get(" X-A: b\r\n"),
    get("X-A: b\r\n c\r\n"),
    get("X-A: b\rc\r\n"),
    get("X-A: b\nX-B: c\r\n"),
    get("X-A: b\0\r\n"),
    get("X\0A: b\r\n"),
    get("X-A\x01: b\r\n"),
    get("X-A: b\x01\r\n"),
    get("X-A: b\x7f\r\n"),
    get("X-A\r\n"),
    get(": b\r\n"),
    "GET /attack HTTP/1.1\nHost: a\n\n",
    "GET /attack HTTP/1.1\rHost: a\r\r",
    "GET /attack\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack\tx HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack\r HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET attack HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack\r\n\r\n",
    "GET  /attack HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack  HTTP/1.1\r\nHost: a\r\n\r\n",
    "G@T /attack HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack HTTP/1.1x\r\nHost: a\r\n\r\n",
    "GET /attack http/1.1\r\nHost: a\r\n\r\n",
    "GET /attack HTTP/1.10\r\nHost: a\r\n\r\n",
    "GET /attack HTTP/11\r\nHost: a\r\n\r\n",
    "GET /attack HTTP/ 1.1\r\nHost: a\r\n\r\n",
    "(GET) /attack HTTP/1.1\r\nHost: a\r\n\r\n",
    // hosts
    "GET /attack HTTP/1.1\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a:99999\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: user@a\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "GET http://user@b/attack HTTP/1.1\r\nHost: a\r\n\r\n",
    // fields that the next hop relies on
    get("Connection: host\r\n"),
    get("Connection: content-length\r\n"),
    get("Connection: transfer-encoding\r\n"),
    get("Connection: close, x-forwarded-client-cert\r\n"),
  ),
  ...bad(
    501,
    post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: identity\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
  ),
  ...bad(505, "GET /attack HTTP/2.0\r\nHost: a\r\n\r\n", "GET /attack HTTP/1.9\r\nHost: a\r\n\r\n"),
  ...bad(417, post("Expect: 200-ok\r\nContent-Length: 5\r\n")),
  ...bad(
    431,
    get(`X-Large: ${"x".repeat(61_500)}\r\n`),
    get("X-Many: 1\r\n".repeat(101)),
    // fields that are not passed on count as well
    get("X-Forwarded-Client-Cert: a\r\n".repeat(101)),
    get(`X-Forwarded-Client-Cert: ${"x".repeat(61_500)}\r\n`),
    `GET /${"a".repeat(62_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  ),
];

/** Their heads are whole, and passed on: what is broken is told when it comes. */
export const brokenBodies: readonly BrokenRequest[] = [
  ...bad(
    400,
    chunked("-5\r\nhello\r\n0\r\n\r\n"),
    chunked("5\rhello\r\n0\r\n\r\n"),
    chunked("5\r\r\nhello\r\n0\r\n\r\n"),
    chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"),
    chunked("5;a\0\r\nhello\r\n0\r\n\r\n"),
    chunked("5\r\nhello\n0\r\n\r\n"),
    chunked("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    chunked("5\r\nhello\r\n0\r\nX-A : b\r\n\r\n"),
    chunked("5\r\nhello\r\n0\r\nX-A: b\rc\r\n\r\n"),
    chunked("+5\r\nhello\r\n0\r\n\r\n"),
    chunked("0x5\r\nhello\r\n0\r\n\r\n"),
    chunked(" 5\r\nhello\r\n0\r\n\r\n"),
    chunked("5 \r\nhello\r\n0\r\n\r\n"),
    chunked("\r\nhello\r\n0\r\n\r\n"),
    chunked("5\nhello\r\n0\r\n\r\n"),
    chunked("5\r\nhello world\r\n0\r\n\r\n"),
    chunked("5\r\nhelloX0\r\n\r\n"),
    chunked("fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    chunked("20000000000001\r\nhello\r\n0\r\n\r\n"),
    chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"),
    chunked(`5;${"a".repeat(2_000)}\r\nhello\r\n0\r\n\r\n`),
    chunked("5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n"),
    chunked("5\r\nhello\r\n0\r\nHost: b\r\n\r\n"),
  ),
  ...bad(431, chunked(`0\r\n${"X-Many: 1\r\n".repeat(101)}\r\n`)),
];

export const brokenRequests: readonly BrokenRequest[] = [...brokenHeads, ...brokenBodies];

/** A request that nobody may see, for whoever takes the bytes after a broken one for another. */
export const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
