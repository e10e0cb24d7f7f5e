/** What a Kubernetes object says of itself, as flat facts that can be compared: `KIND NAME: place` → value. */
export type Facts = ReadonlyMap<string, string>;

/** A parsed manifest; its shape is found out as it is walked. */
export type Data = null | boolean | number | string | Data[] | { readonly [key: string]: Data };
type Mapping = { readonly [key: string]: Data };

/** Facts of manifests that matter to a component's behaviour: pods, containers, arguments, permissions, drivers. */
export function factsOf(objects: readonly Data[]): Facts {
  const facts = new Map<string, string>();
  for (const object of objects) {
    if (!isMapping(object)) continue;
    const name = `${text(object["kind"])} ${text(at(object, "metadata", "name"))}`;
    const add = (place: string, value: Data | undefined): void => {
      if (value !== undefined && value !== null) facts.set(place === "" ? name : `${name}: ${place}`, plain(value));
    };
    add("", "there");
    const podSpec = at(object, "spec", "template", "spec");
    if (isMapping(podSpec)) workload(object, podSpec, add);
    else if (object["rules"] !== undefined) rules(object["rules"], add);
    else if (object["roleRef"] !== undefined) add("role", `${text(at(object, "roleRef", "kind"))} ${text(at(object, "roleRef", "name"))}`);
    else if (object["kind"] === "CSIDriver") fields(at(object, "spec"), "", add);
  }
  return facts;
}

type Add = (place: string, value: Data | undefined) => void;

function workload(object: Mapping, podSpec: Mapping, add: Add): void {
  add("replicas", at(object, "spec", "replicas"));
  add("update", at(object, "spec", "updateStrategy") ?? at(object, "spec", "strategy"));
  for (const key of ["hostNetwork", "hostPID", "dnsPolicy", "priorityClassName", "securityContext"])
    add(key, isNothing(podSpec[key]) ? undefined : podSpec[key]);
  add("affinity", podSpec["affinity"]);
  add("tolerations", podSpec["tolerations"]);
  for (const volume of list(podSpec["volumes"])) {
    if (!isMapping(volume)) continue;
    const { name = null, ...source } = volume;
    add(`volume ${text(name)}`, source);
  }
  for (const container of list(podSpec["containers"])) {
    if (!isMapping(container)) continue;
    const own = `container ${text(container["name"])}`;
    add(own, "there");
    add(`${own}: image`, container["image"]);
    add(`${own}: securityContext`, container["securityContext"]);
    add(`${own}: resources`, isNothing(container["resources"]) ? undefined : container["resources"]);
    for (const probe of ["livenessProbe", "readinessProbe"]) add(`${own}: ${probe}`, container[probe]);
    for (const [flag, value] of flags([...list(container["command"]), ...list(container["args"])])) add(`${own}: ${flag}`, value);
    for (const mount of list(container["volumeMounts"]))
      if (isMapping(mount)) add(`${own}: mount ${text(mount["mountPath"])}`, mountMode(mount));
  }
}

/** `--a=b`, `-a=b` and `--a b` are one; a bare flag is "true". */
function flags(args: readonly Data[]): Map<string, string> {
  const found = new Map<string, string>();
  let waiting: string | undefined;
  for (const arg of args.map(text)) {
    const match = /^--?([a-zA-Z][^=]*)(?:=(.*))?$/.exec(arg);
    if (match !== null) {
      waiting = match[2] === undefined ? match[1] : undefined;
      found.set(`--${match[1] ?? ""}`, match[2] ?? "true");
    } else if (waiting !== undefined) {
      found.set(`--${waiting}`, arg);
      waiting = undefined;
    } else found.set(`command ${arg}`, "there");
  }
  return found;
}

function mountMode(mount: Mapping): string {
  const propagation = mount["mountPropagation"];
  return `${mount["readOnly"] === true ? "read-only" : "read-write"}${propagation === undefined ? "" : `, ${text(propagation)}`}`;
}

/** Permissions by resource: who may do what is the sum of a role's rules, however they are grouped. */
function rules(value: Data, add: Add): void {
  const verbs = new Map<string, Set<string>>();
  for (const rule of list(value)) {
    if (!isMapping(rule)) continue;
    const names = list(rule["resourceNames"]).map(text);
    for (const group of list(rule["apiGroups"])) {
      for (const resource of list(rule["resources"])) {
        const key = `${text(resource)}${text(group) === "" ? "" : `.${text(group)}`}${names.length > 0 ? ` named ${names.join(", ")}` : ""}`;
        const known = verbs.get(key) ?? new Set<string>();
        for (const verb of list(rule["verbs"])) known.add(text(verb));
        verbs.set(key, known);
      }
    }
  }
  for (const [key, set] of verbs) add(key, [...set].sort().join(" "));
}

function fields(value: Data | undefined, prefix: string, add: Add): void {
  if (isMapping(value)) for (const [key, item] of Object.entries(value)) add(`${prefix}${key}`, item);
}

/** The lines by which two sets of facts differ: `PLACE: theirs → ours`. What is there as a whole hides its parts. */
export function differences(theirs: Facts, ours: Facts): string[] {
  const lines: string[] = [];
  const whole = (key: string): boolean => {
    const parts = key.split(": ");
    // A part of an object or container that only one side has goes without saying.
    return parts.some((_, index) => {
      if (index === 0) return false;
      const parent = parts.slice(0, index).join(": ");
      return (theirs.get(parent) === "there") !== (ours.get(parent) === "there") && (theirs.has(parent) || ours.has(parent));
    });
  };
  for (const key of new Set([...theirs.keys(), ...ours.keys()])) {
    const before = theirs.get(key) ?? "–";
    const after = ours.get(key) ?? "–";
    if (before !== after && !whole(key)) lines.push(`${key}: ${before} → ${after}`);
  }
  return lines.sort();
}

export function isMapping(value: Data | undefined): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a path of mappings; `undefined` where the path ends early. */
export function at(value: Data | undefined, ...path: readonly string[]): Data | undefined {
  let here: Data | undefined = value;
  for (const key of path) here = isMapping(here) ? here[key] : undefined;
  return here;
}

function list(value: Data | undefined): readonly Data[] {
  return Array.isArray(value) ? value : [];
}

/** `false` and `{}` say what leaving it out says. */
function isNothing(value: Data | undefined): boolean {
  return value === false || (isMapping(value) && Object.keys(value).length === 0);
}

/** A scalar as text; nothing as the empty text. */
export function text(value: Data | undefined): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : plain(value);
}

/** Short and in one order: `{a: 1, b: [x, y]}`. */
function plain(value: Data): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(", ")}]`;
  if (!isMapping(value)) return String(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${key}: ${plain(value[key] ?? null)}`)
    .join(", ")}}`;
}
