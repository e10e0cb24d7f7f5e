/** The room of sealed values: references to them, where they may stand, and the sealed texts behind them. */
export { findReferences, formatReference, holdsReference, parseReference, type Reference } from "./reference.ts";
