import { randomBytes } from "node:crypto";
import { CaError } from "#ca/ca-error.ts";
import { createPrivateFile, readPrivateFile } from "#ca/root/private-file.ts";

/**
 * The token of the API's administrator, made at the first start and kept (0600), so that a kubeconfig and the clients that
 * read it outlive a restart. Removing the file ends it. Throws CaError `storage`.
 */
export async function loadApiToken(path: string): Promise<string> {
  const held = (await readPrivateFile(path)) ?? (await createPrivateFile(path, newToken()));
  const token = held.trim();
  if (/^[\w-]{43}$/.test(token)) return token;
  throw new CaError("storage", `${path} holds no token: remove it to get a new one`);
}

const newToken = (): string => `${randomBytes(32).toString("base64url")}\n`;
