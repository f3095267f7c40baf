// Brings h2spec for the conformance tests. Run by itself it prints the program's path.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { provideGoPrograms } from "./go-programs.mjs";

const packages = ["github.com/summerwind/h2spec/cmd/h2spec"];

/** Returns `{ path }`, or `{ obstacle }`: why there is none. */
export function provideH2spec(say) {
  const { folder, obstacle } = provideGoPrograms({ name: "h2spec", packages }, say);
  return folder === undefined ? { obstacle } : { path: path.join(folder, "h2spec") };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = provideH2spec((line) => process.stderr.write(`weft: ${line}\n`));
  if (found.path === undefined) {
    process.stderr.write(`weft: ${found.obstacle}\n`);
    process.exitCode = 1;
  } else process.stdout.write(`${found.path}\n`);
}
