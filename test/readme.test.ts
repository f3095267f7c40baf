// Runs every shell block of the README and of the guides, as a reader would.
import { join } from "node:path";
import { Glob } from "bun";
import { testPage } from "./support/run-page.ts";

const guides = [...new Glob("docs/guide/*.md").scanSync(join(import.meta.dir, ".."))].sort();

for (const page of ["README.md", ...guides]) await testPage(page);
