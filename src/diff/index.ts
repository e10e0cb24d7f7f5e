/**
 * The room of differences: what two states of a fleet do not have in common, object by object and field by field, folded over clusters, with
 * what is dangerous about it; as text, Markdown, HTML and JSON. Pure.
 */
export { Apis } from "./apis.ts";
export { differs, type Cause, type CauseCommit, type FleetDiff, type FoldedChange, type SideName } from "./fleet-diff.ts";
export { FleetComparison } from "./fold.ts";
export { diffHtml } from "./format/html.ts";
export { diffJson } from "./format/json.ts";
export { diffMarkdown, MARKDOWN_LIMIT } from "./format/markdown.ts";
export { summaryOf, worstDanger } from "./format/overview.ts";
export { diffText } from "./format/text.ts";
export { type Json } from "../json/index.ts";
export { toJson } from "./json.ts";
export { maskText } from "./mask.ts";
export { DANGER_LEVELS, type DangerLevel } from "./model.ts";
export { publishedSide } from "./published-side.ts";
export { Sides, type SideCluster } from "./side.ts";
