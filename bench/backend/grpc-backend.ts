// A gRPC method behind a real HTTP/2 server: nghttpd gives a file out as the answer's one message, with `grpc-status: 0`
// behind it. It is several times as quick as what stands before it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.ts";
import type { Lab } from "../lab/lab.ts";
import type { Backend } from "./start-backend.ts";

const MESSAGE_BYTES = 1_024;
/** The ending gives the file its content type; to everybody else it is a method's name. */
export const GRPC_PATH = "/bench.Echo/Unary.grpc";

/** One gRPC message as it lies in a body: not compressed, its length, itself. */
export function grpcMessage(bytes = MESSAGE_BYTES): Buffer {
  const message = Buffer.alloc(5 + bytes, "x");
  message.writeUInt8(0, 0);
  message.writeUInt32BE(bytes, 1);
  return message;
}

/** The process runs; whether it serves is for the caller to see. */
export async function startGrpcBackend(lab: Lab): Promise<Backend> {
  const folder = lab.folder("grpc-backend");
  mkdirSync(join(folder, "htdocs/bench.Echo"), { recursive: true });
  writeFileSync(join(folder, "htdocs", GRPC_PATH), grpcMessage());
  writeFileSync(join(folder, "mime.types"), "application/grpc grpc\n");
  const port = await freePort();
  const process = lab.start({
    name: "grpc-backend",
    core: "load",
    command: [
      ...["nghttpd", "--no-tls", "--address", "127.0.0.1", "--trailer", "grpc-status: 0"],
      `--mime-types-file=${join(folder, "mime.types")}`,
      ...["--htdocs", join(folder, "htdocs"), `${port}`],
    ],
  });
  return { port, process, description: "nghttpd, one thread", hasLargeBodies: false };
}
