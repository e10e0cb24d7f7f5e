/** The room of sealed values: references to them, where they may stand, and the sealed texts behind them. */
export { findReferences, formatReference, holdsReference, parseReference, type Reference } from "./reference.ts";
export { type Json } from "./json-bytes.ts";
export { externalSealedText, revealObject, RevealedObject, sealedDigest, type KubernetesObject, type RevealContext } from "./reveal.ts";
export { SecretValue, type RevealPurpose } from "./secret-value.ts";
export { OpenedValues, type OpenContext, type SealedSource } from "./source.ts";
