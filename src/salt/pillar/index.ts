/** The room of pillar: which pillar SLS a minion has, and the data they merge into (salt/pillar/__init__.py, Salt 3007.1). */
export { compilePillar, type CompiledPillar, type PillarSharing, type SharedSls } from "./compile.ts";
export { type SharedTops } from "./shared-tops.ts";
export { PillarTracer, type PillarProvenance } from "./provenance.ts";
