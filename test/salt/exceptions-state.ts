import type { Stages } from "./state-world.ts";

/** A tree on which Halite differs from Salt on purpose: what each says of the stages that differ, errors by their first lines. */
export interface TreeException {
  readonly title: string;
  readonly real: Stages;
  readonly ours: Stages;
  readonly reason: string;
}

const TOP_REASON = "a top file that is wrong in itself is not compiled any further";
const FAILED_TOP = "a top file that can't be read is an error; Salt logs it and goes on as if it were empty";
const REQUISITES = "what can't be met is said at compile; Salt finds it when it runs the state, and then fails that and all that need it";

export const TREE_EXCEPTIONS: readonly TreeException[] = [
  {
    title: "top: an empty SLS name",
    real: { low: { errors: ["Environment base contains an empty sls index", "No matching sls found for '' in env 'base'"] } },
    ours: { low: { errors: ["Environment base contains an empty sls index"] } },
    reason: TOP_REASON,
  },
];

export const REASONS = { FAILED_TOP, REQUISITES };
