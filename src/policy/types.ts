import type { PyDict } from "../python/index.ts";
import type { JsonObject, JsonPath } from "../schema/index.ts";
import type { PodOf } from "./shipped/pods.ts";

/** What a verdict does: an error fails its addon, a warning is said, `off` is not judged. */
export type Severity = "error" | "warning";

/** One thing that a policy has against one object. */
export interface Objection {
  /** One sentence. It never holds a secret's value. */
  readonly message: string;
  /** To the field, or to where a missing one belongs. */
  readonly pointer: JsonPath;
  /** What in the object it is about (a container, a path, a key), for accepting just that. */
  readonly subject?: string;
  /** Instead of the policy's own. */
  readonly advice?: string;
}

/** An object under judgement, as plain JSON in which a field that is null is absent. */
export interface JudgedObject {
  readonly json: JsonObject;
  /** As it was read: ints and floats told apart. */
  readonly value: PyDict;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
  /** What one policy has found out for the others. */
  readonly memory: { pod?: { readonly found: PodOf | undefined } };
}

/** What a policy may look at beside the object. */
export interface JudgedIn {
  /** `1.36`. */
  readonly kubernetes: string;
  readonly limits: PolicyLimits;
}

/** What the shipped policies measure by. */
export interface PolicyLimits {
  /** Folders of the host that may be mounted writable, each with all below it. */
  readonly hostPaths: readonly string[];
  /** Containers that may be privileged, as `NAMESPACE/NAME/CONTAINER` with `*`. */
  readonly privileged: readonly string[];
  /** `tag`: a fixed tag is enough; `digest`: the image must be named by digest. */
  readonly images: "tag" | "digest";
  /** The largest part of a node plugin's pods, in per cent, that an update may take down at once. */
  readonly maxUnavailable: number;
  /** StorageClasses, by name with `*`, that hold what nobody may lose, beside those marked themselves. */
  readonly precious: readonly string[];
  /** Keys of Secrets, as `NAMESPACE/NAME/KEY` with `*`, whose values are no secrets. */
  readonly publicSecrets: readonly string[];
  /** Subjects of wildcard roles, as `KIND/NAME` with `*`. */
  readonly wildcards: readonly string[];
}

/** A policy that comes with Halite, over one object. */
export interface Policy {
  /** Stable: `policy-…`. */
  readonly code: string;
  readonly title: string;
  /** By default. */
  readonly severity: Severity;
  /** What it does to a production cluster. One or two sentences. */
  readonly reason: string;
  readonly advice: string;
  /** What exactly is looked at, for the page. */
  readonly looksAt: string;
  /** Whether the verdict hangs on more than the object, so that an acceptance may be of use in another cluster only. */
  readonly variesByCluster?: boolean;
  /** The kinds that it has to do with. Default: all. */
  readonly kinds?: ReadonlySet<string>;
  /** Absent: judged over all objects of a cluster. */
  readonly check?: (object: JudgedObject, within: JudgedIn) => Iterable<Objection>;
}
