import { encodeFrame, FrameReader } from "#xds/client/message-frames.ts";
import { XdsError } from "#xds/xds-error.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const MAX_BYTES = 1_000;

/** The messages as hex, and how it ended. */
function read(bytes: Buffer, pieceBytes: number): readonly string[] {
  const reader = new FrameReader(MAX_BYTES);
  const told: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      reader.push(bytes.subarray(at, at + pieceBytes), (message) =>
        told.push(Buffer.from(message).toString("hex")),
      );
    reader.finish();
    // Whole messages and nothing else: written again they are the same bytes.
    const again = told.map((hex) => encodeFrame(Buffer.from(hex, "hex")));
    mustEqual(Buffer.concat(again).toString("hex"), bytes.toString("hex"), "written again");
    return [...told, "whole"];
  } catch (cause) {
    if (!(cause instanceof XdsError)) throw cause;
    return [...told, cause.code];
  }
}

export const grpcFrames: FuzzTarget = {
  name: "grpc-frames",
  dictionary: ["\0\0\0\0\0", "\0\0\0\0\x05hello", "\x01\0\0\0\0", "\0\0\0\x03\xe8", "\0\xff\xff"],
  run(bytes) {
    const whole = read(bytes, Math.max(1, bytes.length));
    for (const pieceBytes of [1, 3, 16])
      mustEqual(read(bytes, pieceBytes).join(), whole.join(), `pieces of ${pieceBytes}`);
  },
};
