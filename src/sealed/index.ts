/** The room of sealed values: references to them, where they may stand, and the sealed texts behind them. */
export { mayHoldEncoded, openedData, openedText } from "./encoded.ts";
export { normalPgpBlock, PGP_MESSAGE, pgpDigest } from "./pgp-block.ts";
export { isSuspect, placeProblems, readPath, referencesIn, type AllowedPlace } from "./place.ts";
export { findReferences, formatReference, holdsReference, parseReference, referenceName, type Reference } from "./reference.ts";
export { revealObject, sealedDigest, sealedError, type KubernetesObject } from "./reveal.ts";
export { holdsPgpMessage, holdsSopsValue, privateKeyAt } from "./secret-text.ts";
export { SecretValue } from "./secret-value.ts";
export { OpenedValues, type OpenContext, type SealedSource } from "./source.ts";
export { SealedTexts, type PublishedSource } from "./texts.ts";
