// Brings the client and the server with which the gRPC project tests that its implementations understand each other. Run by
// itself it prints their folder.
import { fileURLToPath } from "node:url";
import { provideGoPrograms } from "./go-programs.mjs";

const packages = ["client", "server"].map((name) => `google.golang.org/grpc/interop/${name}`);

/** Returns `{ folder }`, or `{ obstacle }`: why there are none. */
export function provideGrpcGo(say) {
  return provideGoPrograms({ name: "grpc-go", packages }, say);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = provideGrpcGo((line) => process.stderr.write(`weft: ${line}\n`));
  if (found.folder === undefined) {
    process.stderr.write(`weft: ${found.obstacle}\n`);
    process.exitCode = 1;
  } else process.stdout.write(`${found.folder}\n`);
}
