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

export const brokenRequests: readonly BrokenRequest[] = [
  ...bad(
    400,
    // two framings
    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
    post("Content-Length: 5\r\nContent-Length: 6\r\n"),
    post("Content-Length: 5\r\nContent-Length: 5\r\n"),
    post("Content-Length: 5, 5\r\n"),
    // lengths that readers differ about
    ...["+5", "-5", "0x5", "5 5", "", "5\t,", "9007199254740993", "99999999999999999999"].map(
      (length) => post(`Content-Length: ${length}\r\n`),
    ),
    // codings
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
    // lines and names
    get("X-A : b\r\n"),
    get(" X-A: b\r\n"),
    get("X-A: b\r\n c\r\n"),
    get("X-A: b\rc\r\n"),
    get("X-A: b\nX-B: c\r\n"),
    get("X-A: b\0\r\n"),
    get("X\0A: b\r\n"),
    get("X-A\x01: b\r\n"),
    get(": b\r\n"),
    "GET /attack HTTP/1.1\nHost: a\n\n",
    "GET /attack HTTP/1.1\rHost: a\r\r",
    "GET /attack\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET  /attack HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack  HTTP/1.1\r\nHost: a\r\n\r\n",
    "G@T /attack HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /attack HTTP/1.1x\r\nHost: a\r\n\r\n",
    "GET /attack http/1.1\r\nHost: a\r\n\r\n",
    // hosts
    "GET /attack HTTP/1.1\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: a:99999\r\n\r\n",
    "GET /attack HTTP/1.1\r\nHost: user@a\r\n\r\n",
    // fields that the next hop relies on
    get("Connection: host\r\n"),
    get("Connection: content-length\r\n"),
    get("Connection: x-forwarded-client-cert\r\n"),
    // chunks
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
    `GET /${"a".repeat(62_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  ),
];

/** A request that nobody may see, for whoever takes the bytes after a broken one for another. */
export const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
