/**
 * The room of publishing: what may go to the branch that the zones pull, in which order, and how it is taken back. It decides; the git
 * room carries out.
 */
export type { DeletionLimits } from "./deletions.ts";
export { publish, seeHead, type PublishAllowances, type PublishOutcome } from "./publish.ts";
export { rollBack, type RollbackOutcome } from "./rollback.ts";
