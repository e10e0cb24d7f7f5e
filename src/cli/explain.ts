import { printPosition, type Position } from "../finding/index.ts";
import { Explainer, isCondition, listed, type ExplainedValue, type Explanation, type Fleet } from "../fleet/index.ts";
import { printPlain, toPlain, type Plain } from "../salt/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { nearest } from "./parse.ts";
import { openFleet } from "./open-fleet.ts";

/** `halite explain ADDON/FILE[:LINE]`. */
export const command: Command = {
  run: (context) => {
    const { arguments: args, terminal } = context;
    const wanted = readPlace(args.positional);
    const fleet = openFleet(context);
    const cluster = chooseCluster(fleet, args.value("cluster"));
    const explained = new Explainer(fleet, cluster).explain(wanted);
    if ("missing" in explained) {
      const { missing, among } = explained;
      if (missing === "line") throw new UsageError(`${wanted.addon}/${wanted.file} has ${explained.lines} lines, no line ${wanted.line}`);
      const where = missing === "addon" ? `cluster ${cluster.id}` : `addon ${wanted.addon} of cluster ${cluster.id}`;
      throw new UsageError(
        `${where} has no ${missing} ${missing === "addon" ? wanted.addon : wanted.file}${alternatives(missing === "addon" ? wanted.addon : wanted.file, among)}`,
      );
    }
    const place = `${wanted.addon}/${wanted.file}${wanted.line === undefined ? "" : `:${wanted.line}`}`;
    terminal.out(args.flag("json") ? `${printPlain(json(cluster.id, wanted, explained))}\n` : text(context, cluster.id, place, explained));
    return Promise.resolve(0);
  },
};

interface Wanted {
  readonly addon: string;
  readonly file: string;
  readonly line?: number;
}

function readPlace([place, ...more]: readonly string[]): Wanted {
  const [, addon, file, line] = /^([^/]+)\/(.+?)(?::(\d+))?$/.exec(place ?? "") ?? [];
  if (addon === undefined || file === undefined || more.length > 0)
    throw new UsageError("name one file of the compiled output, ADDON/FILE or ADDON/FILE:LINE");
  return { addon, file, ...(line !== undefined && { line: Number(line) }) };
}

function chooseCluster(fleet: Fleet, id: string | undefined): Fleet["roster"]["clusters"][number] {
  const ids = fleet.roster.clusters.map((cluster) => cluster.id);
  if (id === undefined) throw new UsageError(`name a cluster with --cluster; the roster has ${listed(ids)}`);
  const cluster = fleet.roster.clusters.find((each) => each.id === id);
  if (cluster !== undefined) return cluster;
  const near = nearest(id, ids);
  throw new UsageError(`the roster has no cluster ${id}${near === undefined ? "" : `; did you mean ${near}?`}`);
}

function alternatives(name: string, among: readonly string[]): string {
  const near = nearest(name, among);
  if (near !== undefined) return `; did you mean ${near}?`;
  return among.length === 0 ? "" : `; there is ${listed(among, 20)}`;
}

function text({ terminal }: CommandContext, cluster: string, place: string, explained: Explanation): string {
  const { state, trail, values } = explained;
  const lines = [terminal.paint("bold", `${place} of ${cluster}`)];
  if (explained.text !== undefined) lines.push(`  ${explained.text.trim()}`);
  lines.push(
    "",
    `state   ${state.id} (${state.function}) of SLS ${state.sls}${state.at === undefined ? "" : `, ${printPosition(state.at)}`}`,
  );
  if (state.source !== null) lines.push(`source  ${state.source}`);
  if (explained.added !== undefined) lines.push(`line    written by Halite: ${explained.added}`);
  // What wrote the file stands above.
  const steps = trail.filter(({ how }) => !how.startsWith("written by "));
  for (const [index, { how, ...at }] of steps.entries()) lines.push(`${index === 0 ? "line    " : "        "}${how} ${printPosition(at)}`);
  for (const [heading, wanted] of [
    ["values", false],
    ["conditions", true],
  ] as const) {
    const some = values.filter((value) => isCondition(value) === wanted);
    if (some.length > 0) lines.push("", terminal.paint("bold", heading), ...some.flatMap(valueLines));
  }
  if (values.length === 0) lines.push("", "No value of pillar or grains stands behind it.");
  return `${lines.join("\n")}\n`;
}

function valueLines(value: ExplainedValue): string[] {
  const { root, at, overrides, parts, effect } = value;
  const name = root === "id" ? "id of the cluster" : `${root === "pillar" ? "pillar" : "grain"} ${value.place.map(String).join(":")}`;
  const fails = effect === "fails" ? " (with another value it does not compile)" : "";
  return [
    `  ${name}${shownValue(value)}${fails}`,
    ...(at === undefined ? [] : [`      ${printPosition(at)}`]),
    ...overrides.map((over) => `      overrides ${printPosition(over)}`),
    ...parts.map((part) => `      with ${printPosition(part)}`),
    ...value.grains.map((grain) => `      as grain ${grainName(grain)} is ${oneLine(grain.value)}, ${printPosition(grain.at)}`),
  ];
}

function shownValue({ part, parts, sealed, value }: ExplainedValue): string {
  if (part === "key") return " (the key)";
  if (part === "presence") return parts.length > 0 ? " (what is in it together)" : " (that it is there)";
  return ` = ${sealed ? "(sealed)" : oneLine(value)}`;
}

function oneLine(value: Parameters<typeof toPlain>[0]): string {
  return printPlain(toPlain(value)).replaceAll(/\n\s*/g, " ");
}

/** Of an item of a list the list. */
function grainName({ place }: ExplainedValue["grains"][number]): string {
  return place
    .filter((step) => typeof step !== "number")
    .map(String)
    .join(":");
}

function json(cluster: string, { addon, file, line }: Wanted, { state, text: shown, added, trail, values }: Explanation): Plain {
  return fields({
    cluster,
    addon,
    file,
    line: number(line),
    text: shown ?? null,
    state: fields({ id: state.id, function: state.function, sls: state.sls, source: state.source, at: position(state.at) }),
    added: added ?? null,
    trail: trail.map(({ how, ...at }) => fields({ how, at: position(at) })),
    values: values.map((value) =>
      fields({
        is: isCondition(value) ? "condition" : "value",
        otherwise: value.effect,
        from: value.root,
        path: value.place.map(toPlain),
        part: value.part,
        sealed: value.sealed,
        value: value.sealed || value.part !== "value" ? null : toPlain(value.value),
        at: position(value.at),
        overrides: value.overrides.map(position),
        parts: value.parts.map(position),
        grains: value.grains.map(({ place, value: grain, at }) =>
          fields({ path: place.map(toPlain), value: toPlain(grain), at: position(at) }),
        ),
      }),
    ),
  });
}

function position(at: Position | undefined): Plain {
  return at === undefined ? null : fields({ file: at.file, line: number(at.line), column: number(at.column) });
}

function number(value: number | undefined): Plain {
  return value === undefined ? null : { number: String(value) };
}

function fields(entries: Readonly<Record<string, Plain>>): Plain {
  return new Map(Object.entries(entries));
}
