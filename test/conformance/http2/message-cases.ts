/** What makes a request malformed (RFC 9113 section 8; the numbers are those of its predecessor, RFC 7540). */
import { data, END, frame, headers, OPEN, type RawField } from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import type { CasePeer } from "./case-peer.ts";
import { type CaseOptions, type Http2Case, section } from "./http2-case.ts";
import { uint32 } from "./payloads.ts";

const exchange = section("http2 8.1");
const names = section("http2 8.1.2");
const pseudoFields = section("http2 8.1.2.1");
const connectionFields = section("http2 8.1.2.2");
const requestFields = section("http2 8.1.2.3");
const lengths = section("http2 8.1.2.6");
const push = section("http2 8.2");

/** No application may ever see this field. */
export const MALFORMED = "x-malformed";

type Edit = (fields: readonly RawField[]) => readonly RawField[];

/** A request with other fields than it should have is refused, and nothing else is. */
function malformed(
  of: ReturnType<typeof section>,
  title: string,
  edit: Edit,
  options: CaseOptions = {},
): Http2Case {
  return of(
    title,
    async (peer) => {
      peer.send(peer.fields(1, edit(peer.request("GET", [[MALFORMED, "1"]]))));
      await peer.refusedStream(1, "PROTOCOL_ERROR");
      peer.send(peer.get(3));
      await peer.answered(3);
    },
    options,
  );
}

const also =
  (name: string, value: string): Edit =>
  (fields) => [...fields, [name, value]];
const first =
  (name: string, value: string): Edit =>
  (fields) => [[name, value], ...fields];
const without =
  (name: string): Edit =>
  (fields) =>
    fields.filter(([other]) => other !== name);
const twice =
  (name: string): Edit =>
  (fields) =>
    fields.flatMap((field) => (field[0] === name ? [field, field] : [field]));
const emptied =
  (name: string): Edit =>
  (fields) =>
    fields.map((field) => (field[0] === name ? [name, ""] : field));

/** `:path` behind everything else. */
const pathLast: Edit = (fields) => [
  ...fields.filter(([name]) => name !== ":path"),
  ["x-test", "1"],
  [":path", "/"],
];

function wrongLength(title: string, ...bodies: string[]): Http2Case {
  return lengths(title, async (peer: CasePeer) => {
    peer.send(peer.post(1, [["content-length", "1"]]));
    for (const [i, body] of bodies.entries())
      peer.send(data(1, body, i === bodies.length - 1 ? END : 0));
    await peer.refusedStream(1, "PROTOCOL_ERROR");
  });
}

export const messageCases: readonly Http2Case[] = [
  exchange("trailers end the stream", async (peer) => {
    peer.send(peer.post(1), headers(1, [["x-sum", "4"]], OPEN));
    await peer.refusedStream(1, "PROTOCOL_ERROR");
  }),

  malformed(names, "names are in lower case", also("X-Test", "1"), { isStandardOnly: true }),

  malformed(pseudoFields, "a pseudo-field that nobody knows is malformed", first(":test", "1")),
  malformed(pseudoFields, "a request has no pseudo-field of responses", first(":status", "200")),
  pseudoFields("trailers have no pseudo-field", async (peer) => {
    peer.send(peer.post(1), headers(1, [[":method", "POST"]]));
    await peer.refusedStream(1, "PROTOCOL_ERROR");
  }),
  malformed(pseudoFields, "pseudo-fields come before all others", pathLast),

  malformed(connectionFields, "there is no Connection", also("connection", "keep-alive")),
  malformed(connectionFields, "TE is `trailers` or nothing", also("te", "trailers, deflate")),

  malformed(requestFields, "`:path` is not empty", emptied(":path")),
  ...[":method", ":scheme", ":path"].map((name) =>
    malformed(requestFields, `\`${name}\` is not left out`, without(name)),
  ),
  ...[":method", ":scheme", ":path"].map((name) =>
    malformed(requestFields, `\`${name}\` is not said twice`, twice(name)),
  ),

  wrongLength("a frame of DATA has the length that the head says", "body"),
  wrongLength("all frames of DATA together have the length that the head says", "bo", "dy"),

  push("a client pushes nothing", async (peer) => {
    const payload = Buffer.concat([uint32(2), peer.block()]);
    peer.send(peer.post(1), frame(FRAME.pushPromise, FLAG.endHeaders, 1, payload));
    await peer.refused("PROTOCOL_ERROR");
  }),
];
