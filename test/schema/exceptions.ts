/** Where Halite's verdict on an object differs on purpose from that of the API server. The tests hold it; the docs print it. */
export interface Exception {
  /** What is in the object. */
  readonly case: string;
  readonly server: string;
  readonly ours: string;
  readonly reason: string;
  /** Whether a difference found by the tests is this one; all of our problems must be of it. */
  readonly is: (difference: Difference) => boolean;
}

/** An object on which the two verdicts differ. */
export interface Difference {
  /** `null DaemonSet spec.template.spec.volumes.0`: what was done to a good object. */
  readonly what: string;
  /** Our errors; none where we accept what the server refuses. */
  readonly ours: readonly { readonly code: string; readonly message: string }[];
  readonly server: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    case: "a list item that is null, such as a dash with nothing behind it",
    server: "reads it as the empty text, number or mapping",
    ours: "refused: schema-type",
    reason: "It is a template that printed nothing. The server's reading gives an empty verb, argument or rule that nobody wrote.",
    is: ({ ours, what }) =>
      /^null .*\.\d+$/.test(what) && ours.some(({ code, message }) => code === "schema-type" && message.endsWith("not null")),
  },
  {
    case: "a field that is no keyword within the schema of a CustomResourceDefinition",
    server: "drops it without a word, even with fieldValidation=Strict",
    ours: "refused: schema-unknown-field",
    reason: "A misspelt keyword (requried, patern) would leave the custom resource unchecked.",
    is: ({ ours, what }) =>
      what.includes("CustomResourceDefinition spec.versions") &&
      ours.length > 0 &&
      ours.every(({ code, message }) => code === "schema-unknown-field" && message.includes("openAPIV3Schema")),
  },
  {
    case: "an image with a blank at its beginning or end",
    server: "takes it",
    ours: "refused: schema-format",
    reason: "No kubelet can pull it: the pods stand in InvalidImageName.",
    is: ({ ours }) =>
      ours.length > 0 &&
      ours.every(({ code, message }) => code === "schema-format" && message.includes("image may not begin or end with a blank")),
  },
  {
    case: "a quantity that is only a suffix, such as m or Gi",
    server: "reads it as 0",
    ours: "refused: schema-quantity",
    reason: "It is a template whose number printed nothing.",
    is: ({ ours }) =>
      ours.length > 0 && ours.every(({ code, message }) => code === "schema-quantity" && /is "[+-]?[numkKMGTPEi]+", which/.test(message)),
  },
  {
    case: "a reference to a sealed source in a Secret's data, such as ?{vault:key}",
    server: "refuses it: it is not base64",
    ours: "taken",
    reason: "It is revealed before it is applied; that any other applier is refused is meant.",
    is: ({ ours, server }) => ours.length === 0 && server.includes("illegal base64 data") && server.includes("Secret"),
  },
  {
    case: "a time zone of a CronJob that does not exist",
    server: "refuses it",
    ours: "taken",
    reason: "Which zones there are depends on the machine; the same tree must give the same verdict everywhere.",
    is: ({ ours, server }) => ours.length === 0 && server.includes("spec.timeZone: Invalid value"),
  },
  {
    case: "a rule in CEL (x-kubernetes-validations) that an object breaks, or that does not compile",
    server: "refuses it",
    ours: "taken; ClusterSchema.unevaluatedRules names the rules",
    reason: "CEL is not evaluated.",
    is: ({ ours, server }) => ours.length === 0 && /x-kubernetes-validations|failed rule/.test(server),
  },
];
