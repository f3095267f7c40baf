/** Trust material that the control plane hands out. A proxy's own key and certificate come from its CSR, never from here. */
export interface Secret {
  /** `ROOTCA` */
  readonly name: string;
  readonly kind: "trust-bundle";
  /** PEM certificates; during a root rotation the old and the new. */
  readonly roots: readonly string[];
}
