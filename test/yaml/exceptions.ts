/** A text on which Halite differs from the real program on purpose; the documentation's table is made from these. */
export interface YamlException {
  readonly text: string;
  /** What the real program does: `read`, or the class of its error. */
  readonly real: string;
  /** What Halite does: the code of its finding. */
  readonly halite: string;
  readonly reason: string;
}

const doubling = (levels: number): string =>
  `a: &a0 [x]\n${Array.from({ length: levels }, (_, index) => `b${index}: &a${index + 1} [*a${index}, *a${index}]\n`).join("")}`;

/** Salt's loader. */
export const saltExceptions: readonly YamlException[] = [
  {
    text: `${"[".repeat(401)}${"]".repeat(401)}`,
    real: "read",
    halite: "yaml-limit",
    reason: "collections nest 400 levels deep at most; Salt's renderer fails on deeper data with a RecursionError of its own",
  },
  {
    text: doubling(25),
    real: "read",
    halite: "yaml-limit",
    reason: "aliases may make a document 1,000,000 nodes large at most: whoever prints or copies more would not end",
  },
];

/** Kubernetes' loader. */
export const kubernetesExceptions: readonly YamlException[] = [
  {
    text: "a: 1\n...\nb: 2\n",
    real: "read",
    halite: "yaml-trailing-text",
    reason: "what follows a document without a `---` line is refused; kubectl drops it without a word",
  },
  {
    text: "1: a\n1.0: b\n",
    real: "read",
    halite: "yaml-duplicate-key",
    reason: "two keys that are one key in JSON are refused; kubectl keeps either by chance",
  },
  {
    text: "[]: a\nb: c\n",
    real: "read",
    halite: "yaml-value",
    reason: "a collection as a key is refused; go-yaml loses what follows an empty one",
  },
  {
    text: `${"[".repeat(401)}${"]".repeat(401)}`,
    real: "read",
    halite: "yaml-limit",
    reason: "collections nest 400 levels deep at most, for go-yaml 10,000",
  },
];
