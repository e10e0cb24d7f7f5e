/** The room of sealed values: references to them, where they may stand, and the sealed texts behind them. */
export { findReferences, formatReference, holdsReference, parseReference, type Reference } from "./reference.ts";
export { revealObject, sealedDigest, type KubernetesObject } from "./reveal.ts";
export { SecretValue } from "./secret-value.ts";
export { OpenedValues, type OpenContext, type SealedSource } from "./source.ts";
