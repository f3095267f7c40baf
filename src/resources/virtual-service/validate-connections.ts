import type { Issue } from "#core/issue.ts";
import { completeHost, hostMatches, isDnsLabel } from "../names.ts";
import { checkHost, checkSelector, issue } from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import { isCidr } from "../schema/ip.ts";
import { readServerName } from "./connection-route.ts";
import type {
  TcpMatchSpec,
  TcpRouteSpec,
  TlsMatchSpec,
  TlsRouteSpec,
} from "./connection-schema.ts";
import { validateDestination, validateWeights } from "./destination.ts";

export function validateTcpRoute({ match = [], route }: TcpRouteSpec, path: string) {
  return [
    ...match.flatMap((each, i) => validateMatch(each, fieldPath(`${path}.match`, i))),
    ...validateRoute(route, path),
  ];
}

/** `hosts`: of the rules, as they are written. */
export function validateTlsRoute(
  { match, route }: TlsRouteSpec,
  path: string,
  { hosts, namespace }: { readonly hosts: readonly string[]; readonly namespace: string },
): readonly Issue[] {
  const covering = hosts.map((host) => completeHost(host, namespace));
  return [
    ...match.flatMap((each, i) => {
      const at = fieldPath(`${path}.match`, i);
      return [
        ...validateServerNames(each, at, [...covering, ...hosts]),
        ...validateMatch(each, at),
      ];
    }),
    ...validateRoute(route, path),
  ];
}

function validateServerNames(
  { sniHosts }: TlsMatchSpec,
  path: string,
  hosts: readonly string[],
): readonly Issue[] {
  return sniHosts.flatMap((name, i) => {
    const at = fieldPath(`${path}.sniHosts`, i);
    const wrong = checkHost(name, at);
    if (wrong.length > 0) return wrong;
    if (hosts.some((host) => hostMatches(host.toLowerCase(), readServerName(name)))) return [];
    const message = `"${name}" is not within spec.hosts (${hosts.join(", ")}), so no connection that the rules hold for asks for it`;
    return [issue(at, "invalid", message)];
  });
}

function validateMatch(match: TcpMatchSpec, path: string): readonly Issue[] {
  const { destinationSubnets = [], sourceLabels, sourceNamespace } = match;
  const wrongNamespace = sourceNamespace !== undefined && !isDnsLabel(sourceNamespace);
  return [
    ...destinationSubnets.flatMap((subnet, i) =>
      isCidr(subnet)
        ? []
        : [
            issue(
              fieldPath(`${path}.destinationSubnets`, i),
              "invalid",
              `"${subnet}" is neither an IP address nor a CIDR block such as 10.1.0.0/16`,
            ),
          ],
    ),
    ...(wrongNamespace
      ? [
          issue(
            `${path}.sourceNamespace`,
            "invalid",
            `"${sourceNamespace}" is not a namespace's name`,
          ),
        ]
      : []),
    ...checkSelector(sourceLabels, `${path}.sourceLabels`),
  ];
}

function validateRoute(route: TcpRouteSpec["route"] = [], path: string): readonly Issue[] {
  return [
    ...validateWeights(
      route.map(({ weight }) => weight),
      `${path}.route`,
    ),
    ...route.flatMap(({ destination }, i) =>
      validateDestination(destination, `${fieldPath(`${path}.route`, i)}.destination`),
    ),
  ];
}
