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

export function validateWorkloadAddress(spec: WorkloadAddressSpec, path: string): readonly Issue[] {
  const { address, ports = {}, labels = {}, serviceAccount } = spec;
  const issues: Issue[] = [];
  if (address.startsWith("unix://"))
    issues.push(
      issue(
        `${path}.address`,
        "unsupported-value",
        "Unix sockets are not supported by this version of Weft; expected an IP address or a DNS name",
      ),
    );
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

/** Something made of digits only is a broken address, not a name. */
function isDnsName(address: string): boolean {
  return isDnsSubdomain(address.toLowerCase().replace(/\.$/, "")) && !/^[\d.]+$/.test(address);
}
