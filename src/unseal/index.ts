/**
 * The room that seals and opens: SOPS files with age and PGP, PGP messages, SealedSecret objects, Barbican, Secrets of the destination. No compile
 * needs it, and it is loaded where a value is sealed or opened only.
 */
export { AgeIdentities } from "./age-identities.ts";
export { Barbican } from "./barbican.ts";
export { Gpg } from "./gpg.ts";
export {
  blobBits,
  newSealedSecret,
  openBlob,
  readCertificate,
  readSealedSecret,
  readSealingKeys,
  sealBlob,
  SEALING_SCOPES,
  type FoundSealedSecret,
  type SealingCertificate,
  type SealingScope,
} from "./sealed-secret.ts";
export { ClusterSecretSource, PgpSource, readBelow, SopsSource } from "./sources.ts";
export { creationRule, type CreationRule } from "./sops/creation-rules.ts";
export { createSopsFile, SopsFile } from "./sops/file.ts";
export { recipientName, type KeyRing, type Recipient } from "./sops/keys.ts";
export { DEFAULT_SELECTION } from "./sops/selection.ts";
export { combineShares, splitSecret } from "./sops/shamir.ts";
