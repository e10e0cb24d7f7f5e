/** What a release.yaml says is in a cluster. */
export interface ReleaseObjects {
  /** Objects by addon, each as `KIND NAMESPACE/NAME` with its API group; addons that failed are not in it. */
  readonly addons: ReadonlyMap<string, readonly string[]>;
  /** Addons that failed: what of them runs in the cluster stays as it is. */
  readonly failed: ReadonlySet<string>;
  /** Whether the cluster as a whole failed. */
  readonly failedCluster: boolean;
}

/** The lines of the release.yaml of a cluster: before the addons, and of each addon. */
export interface ReleaseLines {
  readonly head: readonly string[];
  /** Each with its own line `  NAME:` first. */
  readonly addons: ReadonlyMap<string, readonly string[]>;
  /** What follows the addons. */
  readonly tail: readonly string[];
}

/** Takes a release.yaml apart. It is always written by the emitter, so that its lines can be read without a YAML loader: fifty thousand of them. */
export function releaseLines(text: string): ReleaseLines {
  const lines = text.replace(/\n$/, "").split("\n");
  const start = lines.indexOf("addons:");
  if (start < 0) return { head: lines, addons: new Map(), tail: [] };
  const addons = new Map<string, string[]>();
  let current: string[] | undefined;
  let at = start + 1;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (!line.startsWith("  ")) break;
    const name = /^ {2}(?! )(.+):$/.exec(line)?.[1];
    if (name !== undefined) addons.set(unquoted(name), (current = []));
    current?.push(line);
  }
  return { head: lines.slice(0, start), addons, tail: lines.slice(at) };
}

/** What a release.yaml says. */
export function releaseOf(text: string): ReleaseObjects {
  const { head, addons } = releaseLines(text);
  const objects = new Map<string, string[]>();
  const failed = new Set<string>();
  for (const [name, lines] of addons) {
    if (lines.includes("    state: failed")) failed.add(name);
    else objects.set(name, objectsIn(lines));
  }
  return { addons: objects, failed, failedCluster: head.includes("state: failed") };
}

function objectsIn(lines: readonly string[]): string[] {
  const objects: string[] = [];
  let fields: Record<string, string> = {};
  const finish = (): void => {
    if (fields["kind"] === undefined) return;
    const group = (fields["apiVersion"] ?? "").split("/").length > 1 ? `.${(fields["apiVersion"] ?? "").split("/")[0] ?? ""}` : "";
    const namespace = fields["namespace"] === undefined ? "" : `${fields["namespace"]}/`;
    objects.push(`${fields["kind"]}${group} ${namespace}${fields["name"] ?? ""}`);
  };
  for (const line of lines) {
    const [, dash, key, value = ""] = /^ {4}([- ]) (\w+): (.*)$/.exec(line) ?? [];
    if (dash === "-") {
      finish();
      fields = {};
    }
    if (key !== undefined) fields[key] = unquoted(value);
  }
  finish();
  return objects;
}

function unquoted(text: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(text);
  return quoted === null ? text : (quoted[2] ?? "");
}
