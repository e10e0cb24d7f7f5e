/**
 * The room that seals and opens: SOPS files with age and PGP, PGP messages, SealedSecret objects, Barbican, Secrets of the destination. No compile
 * needs it, and it is loaded where a value is sealed or opened only.
 */
export { AgeIdentities } from "./age-identities.ts";
export { Gpg } from "./gpg.ts";
export { creationRule } from "./sops/creation-rules.ts";
export { createSopsFile, SopsFile } from "./sops/file.ts";
export { combineShares, splitSecret } from "./sops/shamir.ts";
