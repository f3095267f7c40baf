// At set-up: the proxy as one file, so that the first `weft run` need not make it.
import { freshProxyProgram } from "../src/cli/run/proxy-program.ts";

freshProxyProgram();
