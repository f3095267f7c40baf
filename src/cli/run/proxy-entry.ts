// Where the proxy begins when it is one file (proxy-program.ts): `weft proxy --bootstrap -` and no other command.
import { takeEnvironment } from "../environment.ts";
import { runMain } from "../run-main.ts";
import { runProxy } from "./run-proxy.ts";

await runMain(async () => {
  takeEnvironment(process.env, ""); // a proxy's own calls must not leave by a proxy either
  await runProxy();
});
