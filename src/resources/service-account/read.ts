import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import type { ServiceAccount } from "./service-account.ts";

export function readServiceAccount(object: Resource): ServiceAccount {
  const secrets = (object.secrets ?? []) as readonly { name?: string }[];
  return { object: identityOf(object), secrets: secrets.flatMap(({ name }) => name ?? []) };
}
