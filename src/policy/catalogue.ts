import { CLASS_POLICIES } from "./shipped/classes.ts";
import { CLUSTER_API_POLICIES } from "./shipped/cluster-api.ts";
import { CONTAINER_POLICIES } from "./shipped/containers.ts";
import { DEPRECATED_API } from "./shipped/deprecated-api.ts";
import { NODE_PLUGIN_POLICIES } from "./shipped/node-plugins.ts";
import { SECRET_POLICIES } from "./shipped/secrets.ts";
import type { Policy } from "./types.ts";

/** The policies that come with Halite. */
export function shippedPolicies(): readonly Policy[] {
  return [...CONTAINER_POLICIES, ...NODE_PLUGIN_POLICIES, ...CLASS_POLICIES, ...CLUSTER_API_POLICIES, DEPRECATED_API, ...SECRET_POLICIES];
}

/** A finding of policies about policies: settings, acceptances, the user's own files. */
export interface PolicyCode {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly about: string;
}

/** What is said about settings and acceptances themselves. These can be neither switched off nor accepted. */
export const POLICY_CODES: readonly PolicyCode[] = [
  {
    code: "policy-accept-syntax",
    severity: "error",
    about: "The annotation `halite.dev/accept` is no mapping of codes to reasons.",
  },
  { code: "policy-accept-reason", severity: "error", about: "An acceptance gives no reason." },
  { code: "policy-accept-unknown", severity: "error", about: "An acceptance names a code that no policy has." },
  {
    code: "policy-accept-unused",
    severity: "warning",
    about:
      "An acceptance accepts nothing: what it was for is gone, so it goes too, before it hides something new. Not said where the verdict hangs on the cluster.",
  },
  {
    code: "policy-settings",
    severity: "error",
    about: "`policies` in halite.yaml, or `addons:NAME:policies` in pillar, is not as it should be.",
  },
  { code: "policy-file", severity: "error", about: "A file below policies/ can't be read, or is no policy." },
  { code: "policy-expression", severity: "error", about: "An expression in CEL has a mistake. It names the place in the file." },
  {
    code: "policy-evaluation",
    severity: "error",
    about:
      "An expression ended in an error on this object, with failurePolicy Fail: a field that is not there, a list that is too short, too many steps.",
  },
];
