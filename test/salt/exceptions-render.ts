/**
 * Where the rendering layer departs from Salt 3007.1 on purpose. The tests hold each case to both answers, and
 * docs/salt-compatibility.md is generated from this table.
 */
export interface RenderException {
  /** A call of an execution function, or the text of an SLS or template. */
  readonly case: string;
  readonly salt: string;
  readonly halite: string;
  readonly reason: string;
}

export const RENDER_EXCEPTIONS: readonly RenderException[] = [
  {
    case: 'match.ipcidr("x")',
    salt: "[]",
    halite: "False",
    reason: "Salt gives an empty list for a target that is no network; both are false, and only printing tells them apart.",
  },
  {
    case: "cp.envs()",
    salt: "the environments in the order of their hashes",
    halite: "the environments sorted",
    reason: "Salt's order differs from process to process.",
  },
];
