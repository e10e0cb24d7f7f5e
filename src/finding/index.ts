/** The room of findings: what is said to a user about a place in a source. It imports nothing; every room may import it. */
export { editDistance } from "./edit-distance.ts";
export { FindingError, type Finding, type Position, type TrailStep } from "./finding.ts";
export { findingLine, followWords, printFinding, printPosition, sortFindings } from "./print.ts";
