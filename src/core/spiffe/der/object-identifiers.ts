/** The object identifiers that we read or write, by the names that their RFCs use. */
export const OID = {
  ecPublicKey: "1.2.840.10045.2.1",
  rsaEncryption: "1.2.840.113549.1.1.1",
  ed25519: "1.3.101.112",

  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  subjectAltName: "2.5.29.17",
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
  nameConstraints: "2.5.29.30",

  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  anyExtendedKeyUsage: "2.5.29.37.0",

  extensionRequest: "1.2.840.113549.1.9.14",
  commonName: "2.5.4.3",
  organizationName: "2.5.4.10",
} as const;

/** Named curves we accept in keys, with the name that `node:crypto` uses. */
export const CURVES: ReadonlyMap<string, string> = new Map([
  ["1.2.840.10045.3.1.7", "prime256v1"],
  ["1.3.132.0.34", "secp384r1"],
]);

/** How a signature is checked: the digest (none for Ed25519) and the key type that it needs. */
export interface SignatureAlgorithm {
  readonly oid: string;
  readonly hash: "sha256" | "sha384" | "sha512" | undefined;
  readonly keyKind: "ec" | "rsa" | "ed25519";
}

export const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[] = [
  { oid: "1.2.840.10045.4.3.2", hash: "sha256", keyKind: "ec" },
  { oid: "1.2.840.10045.4.3.3", hash: "sha384", keyKind: "ec" },
  { oid: "1.2.840.10045.4.3.4", hash: "sha512", keyKind: "ec" },
  { oid: "1.2.840.113549.1.1.11", hash: "sha256", keyKind: "rsa" },
  { oid: "1.2.840.113549.1.1.12", hash: "sha384", keyKind: "rsa" },
  { oid: "1.2.840.113549.1.1.13", hash: "sha512", keyKind: "rsa" },
  { oid: OID.ed25519, hash: undefined, keyKind: "ed25519" },
];
