/**
 * The room of differences: what two states of a fleet do not have in common, object by object and field by field, folded over clusters, with
 * what is dangerous about it; as text, Markdown, HTML and JSON. Pure.
 */
export { Apis } from "./apis.ts";
export { differs, type FleetDiff, type SideName } from "./fleet-diff.ts";
export { FleetComparison } from "./fold.ts";
export { diffText } from "./format/text.ts";
export { Sides } from "./side.ts";
