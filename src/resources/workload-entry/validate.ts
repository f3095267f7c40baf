import type { Issue } from "#core/issue.ts";
import { isDnsLabel, isDnsSubdomain } from "../names.ts";
import type { Resource } from "../resource.ts";
import { checkLabels } from "../schema/check-metadata.ts";
import { issue } from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import { isIP } from "../schema/ip.ts";
import type { WorkloadAddressSpec } from "./schema.ts";

export function validateWorkloadEntry(object: Resource): readonly Issue[] {
  return validateWorkloadAddress(object.spec as WorkloadAddressSpec, "spec");
}

/** `unix`: the path of a Unix socket may stand for the address. */
export function validateWorkloadAddress(
  spec: WorkloadAddressSpec,
  path: string,
  sockets: "unix" | "no-unix" = "no-unix",
): readonly Issue[] {
  const { address, ports = {}, labels = {}, serviceAccount } = spec;
  const issues: Issue[] = [];
  if (address.startsWith("unix:")) issues.push(...validateSocket(spec, path, sockets));
  else if (!isIP(address) && !isDnsName(address))
    issues.push(
      issue(`${path}.address`, "invalid", `"${address}" is neither an IP address nor a DNS name`),
    );
  for (const name of Object.keys(ports))
    if (!isDnsLabel(name.toLowerCase()))
      issues.push(
        issue(
          fieldPath(`${path}.ports`, name),
          "invalid",
          `"${name}" is not a port's name: expected letters, digits and -`,
        ),
      );
  if (serviceAccount !== undefined && serviceAccount !== "" && !isDnsSubdomain(serviceAccount))
    issues.push(
      issue(
        `${path}.serviceAccount`,
        "invalid",
        `"${serviceAccount}" is not the name of a service account`,
      ),
    );
  return [...issues, ...checkLabels(labels, `${path}.labels`)];
}

/** The longest path that the system takes. */
const socketPathMax = 107;

function validateSocket(
  { address, ports = {} }: WorkloadAddressSpec,
  path: string,
  sockets: "unix" | "no-unix",
): readonly Issue[] {
  const problem = (message: string): Issue => issue(`${path}.address`, "invalid", message);
  if (sockets === "no-unix")
    return [problem("Unix sockets are for endpoints of a ServiceEntry with resolution STATIC")];
  const socketPath = address.slice("unix://".length);
  if (!address.startsWith("unix:///") || socketPath.length > socketPathMax)
    return [
      problem(
        `"${address}" names no socket: expected unix:// and a path from /, at most ${socketPathMax} characters`,
      ),
    ];
  return Object.keys(ports).map((name) =>
    issue(fieldPath(`${path}.ports`, name), "invalid", "a Unix socket has no ports"),
  );
}

/** Something made of digits only is a broken address, not a name. */
function isDnsName(address: string): boolean {
  return isDnsSubdomain(address.toLowerCase().replace(/\.$/, "")) && !/^[\d.]+$/.test(address);
}
