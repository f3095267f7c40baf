import { type AppProtocol, appProtocols } from "#resources/app-protocol.ts";
import { checkLabels } from "#resources/schema/check-metadata.ts";
import { CliError } from "../cli-error.ts";

/** `--port [SERVICE:]PORT[/PROTOCOL]` */
export interface PortArgument {
  readonly workloadPort: number;
  readonly servicePort?: number;
  readonly protocol?: AppProtocol;
}

/** `--upstream HOST:PORT=LOCAL` */
export interface UpstreamArgument {
  readonly host: string;
  readonly port: number;
  readonly localPort: number;
}

/** Throws CliError `usage`. */
export function readPortArgument(text: string): PortArgument {
  const [, service, port, written] = /^(?:(\d+):)?(\d+)(?:\/(.+))?$/.exec(text) ?? [];
  const example = "8080, 80:8080 to be reached at port 80 only, or 5432/tcp";
  const workloadPort = portNumber(port, "--port", text, example);
  return {
    workloadPort,
    ...(service !== undefined && { servicePort: portNumber(service, "--port", text, example) }),
    ...(written !== undefined && { protocol: protocolNamed(written, text) }),
  };
}

function protocolNamed(written: string, text: string): AppProtocol {
  const known = portProtocols.find((protocol) => protocol === written);
  if (known !== undefined) return known;
  throw new CliError(
    "usage",
    `--port ${text}: "${written}" is no protocol`,
    `one of ${portProtocols.join(", ")}; without one the first bytes of each connection tell`,
  );
}

const portProtocols = appProtocols.filter((protocol) => protocol !== "udp");

/** All of them: none twice, neither as the application's nor as the service's. Throws CliError `usage`. */
export function readPortArguments(texts: readonly string[]): readonly PortArgument[] {
  const ports = texts.map(readPortArgument);
  const twice = [
    ...repeated(ports.map(({ workloadPort }) => workloadPort)),
    ...repeated(ports.flatMap(({ servicePort }) => servicePort ?? [])),
  ];
  if (twice.length === 0) return ports;
  throw new CliError("usage", `--port: ${twice[0]} is given twice`);
}

const repeated = (numbers: readonly number[]): readonly number[] =>
  numbers.filter((number, i) => numbers.indexOf(number) !== i);

/** Throws CliError `usage`. */
export function readUpstreamArgument(text: string): UpstreamArgument {
  const [, host = "", port, local] = /^([a-z0-9.-]+):(\d+)=(\d+)$/i.exec(text) ?? [];
  const example = "payments:9090=19090";
  const remote = portNumber(port, "--upstream", text, example);
  return {
    host: host.toLowerCase(),
    port: remote,
    localPort: portNumber(local, "--upstream", text, example),
  };
}

/** `key=value`, as labels are given. Throws CliError `usage`. */
export function readLabelArgument(text: string): readonly [key: string, value: string] {
  const [, key, value] = /^([^=]+)=([^=]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new CliError("usage", `--label ${text}: expected KEY=VALUE, for example version=v1`);
  const [issue] = checkLabels({ [key]: value }, "");
  if (issue) throw new CliError("usage", `--label ${text}: ${issue.message}`);
  return [key, value];
}

function portNumber(
  digits: string | undefined,
  flag: string,
  text: string,
  example: string,
): number {
  const port = Number(digits);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new CliError("usage", `${flag} ${text}: expected a port, for example ${example}`);
}
