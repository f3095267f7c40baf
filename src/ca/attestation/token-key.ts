import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readPrivateKey } from "#core/spiffe/signing-key.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { CaError } from "../ca-error.ts";
import { createPrivateFile, readPrivateFile } from "../root/private-file.ts";

/**
 * The ECDSA P-256 key that signs join tokens, made at first use, mode 0600. Replacing the file ends every open token.
 * Throws CaError `storage` or `bad-ca-files`.
 */
export async function loadTokenKey(path: string): Promise<KeyObject> {
  const pem = (await readPrivateFile(path)) ?? (await createPrivateFile(path, newKeyPem()));
  try {
    const key = readPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
    throw new SpiffeError("bad-key", "a key that is not ECDSA P-256");
  } catch (cause) {
    if (!(cause instanceof SpiffeError)) throw cause;
    throw new CaError(
      "bad-ca-files",
      `${path}: ${cause.message}; move it away to begin with a new key, which ends every open token`,
      { cause },
    );
  }
}

function newKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
