import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { derOid, derSequence } from "./der/der-writer.ts";
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from "./der/object-identifiers.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";
import { SpiffeError } from "./spiffe-error.ts";

/** A private key that signs certificates or requests. It shows itself in no dump: the key is in a closure. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  readonly algorithm: SignatureAlgorithm;
  /** The AlgorithmIdentifier of its signatures. */
  readonly algorithmDer: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

const NULL = Uint8Array.of(0x05, 0x00);

/** Throws SpiffeError `weak-key` or `unsupported-algorithm` for keys that the mesh would not accept from others. */
export function createSigningKey(privateKey: KeyObject): SigningKey {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const publicKey = readPublicKey(new Uint8Array(spki));
  const algorithm = algorithmFor(publicKey);
  const parameters = algorithm.keyKind === "rsa" ? [NULL] : [];
  return {
    publicKey,
    algorithm,
    algorithmDer: derSequence(derOid(algorithm.oid), ...parameters),
    sign: (data) => new Uint8Array(sign(algorithm.hash, data, privateKey)),
  };
}

/** P-384 signs with SHA-384, all else with the first of its kind: SHA-256, or what Ed25519 has inside. */
function algorithmFor({ kind, bits }: PublicKey): SignatureAlgorithm {
  const hash = kind === "ec" && bits.length > 65 ? "sha384" : undefined;
  const found = SIGNATURE_ALGORITHMS.find(
    (known) => known.keyKind === kind && (hash === undefined || known.hash === hash),
  );
  if (!found) throw new SpiffeError("unsupported-algorithm", `no signature for ${kind} keys`);
  return found;
}

/** Reads an unencrypted PEM private key (PKCS #8, SEC 1 or PKCS #1); throws SpiffeError `bad-key`, never with the text. */
export function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: "pem" });
  } catch {
    // The cause is left out on purpose: some runtimes quote the input in it.
    throw new SpiffeError("bad-key", "a private key that is no unencrypted PEM key");
  }
}
