// Where the proxy begins when it is one file (proxy-program.ts): `weft proxy --bootstrap -` and no other command.
import { runProxy } from "../commands/proxy.ts";
import { takeEnvironment } from "../environment.ts";
import { runMain } from "../run-main.ts";

await runMain(async () => {
  takeEnvironment(process.env, ""); // a proxy's own calls must not leave by a proxy either
  await runProxy();
});
