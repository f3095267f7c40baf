// Preloaded by `node-streams.test.ts`: transports are made of node streams, as where the runtime's sockets fail the check.
import { streamKind, useStreamKind } from "../transport-over.ts";

useStreamKind("node");
process.stderr.write(`transports are made of: ${await streamKind()}\n`);
