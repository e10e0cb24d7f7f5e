import type { Stages } from "./state-world.ts";

/** A tree on which Halite differs from Salt on purpose: what each says of the stages that differ, errors by their first lines. */
export interface TreeException {
  readonly title: string;
  /** `compiles`: Salt gives low chunks without complaint. */
  readonly real: Stages | "compiles";
  readonly ours: Stages;
  readonly reason: string;
}

const AT_COMPILE =
  "what can't be met is said at compile; Salt finds it when it runs the state, and then fails that state and all that need it";

function late(title: string, error: string): TreeException {
  return { title: `requisites: ${title}`, real: "compiles", ours: { low: { errors: [error] } }, reason: AT_COMPILE };
}

const NOT_FOUND = "The following requisites were not found:";
const KINDS = [
  "require",
  "require_any",
  "watch",
  "watch_any",
  "onchanges",
  "onchanges_any",
  "onfail",
  "onfail_any",
  "onfail_all",
  "prereq",
];

export const TREE_EXCEPTIONS: readonly TreeException[] = [
  {
    title: "top: an empty SLS name",
    real: { low: { errors: ["Environment base contains an empty sls index", "No matching sls found for '' in env 'base'"] } },
    ours: { low: { errors: ["Environment base contains an empty sls index"] } },
    reason: "a top file that is wrong in itself is not compiled any further",
  },
  ...[
    ["a key twice", "while constructing a mapping"],
    ["no YAML", "while parsing a flow node"],
    ["a template that fails", "Jinja variable 'nope' is undefined"],
  ].map(([title = "", error = ""]): TreeException => ({
    title: `top: ${title}`,
    real: "compiles",
    ours: { low: { errors: [error] } },
    reason: "Salt takes a top file that it can't read for an empty one, with a line in its log: every state would go",
  })),
  ...KINDS.map((kind) => late(`${kind} of what is missing`, NOT_FOUND)),
  late("listen of what is missing", "Referenced state test: nope does not exist"),
  late("listen_in of an SLS", "Referenced state sls: b does not exist"),
  late("listen_in with a dot", "Referenced state file.managed: z does not exist"),
  late("listen_in of what is missing", "Referenced state file: nope does not exist"),
  late("require of what is excluded", NOT_FOUND),
  late("a circle of three", "Recursive requisite found: test x > test y > test z > test x"),
  late("a state requires its own SLS", "Recursive requisite found: test x > test x"),
  late("a state requires a pattern that means itself", "Recursive requisite found: test /a/x > test /a/x"),
];
