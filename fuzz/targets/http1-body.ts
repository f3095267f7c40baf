import { BodyDecoder } from "#wire/http1/body-decoder.ts";
import { Http1Error } from "#wire/http1/http1-error.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

function read(bytes: Buffer, pieceBytes: number): string {
  const decoder = new BodyDecoder("upstream");
  let data = "";
  let end = "";
  const sink = {
    onBodyData: (bytes: Buffer, start: number, end: number) => {
      data += bytes.toString("latin1", start, end);
    },
    onBodyEnd: (trailers: { fieldCount: number } | undefined) => {
      end = `end with ${trailers?.fieldCount ?? 0}`;
    },
  };
  decoder.reset("chunked", -1);
  try {
    let consumed = 0;
    for (let at = 0; at < bytes.length && !decoder.isIdle; at += pieceBytes)
      consumed += decoder.decode(bytes.subarray(at, at + pieceBytes), 0, sink);
    return `${data} ${end} ${decoder.isIdle ? consumed : "open"}`;
  } catch (cause) {
    if (cause instanceof Http1Error) return `${data} ${cause.code}`;
    throw cause;
  }
}

export const chunkedBody: FuzzTarget = {
  name: "http1-body",
  dictionary: [
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    'A;x="1"\r\n',
    "\r\n",
    "\r",
    "\n",
    ";",
    "ffffffffffffff",
    "x: 1\r\n",
    "Host: a\r\n",
    "0\r\n",
  ],
  run: (bytes) => {
    const whole = read(bytes, Math.max(1, bytes.length));
    for (const pieceBytes of [1, 3, 16])
      mustEqual(read(bytes, pieceBytes), whole, `pieces of ${pieceBytes}`);
  },
};
