import { FindingError, type Finding } from "../../finding/index.ts";
import { PyDict, PyError, str, truthy, type Value } from "../../python/index.ts";
import { YamlError } from "../../yaml/index.ts";
import { loadJson } from "../data/index.ts";
import type { DataPositions } from "../types.ts";
import type { DataCache } from "./data-cache.ts";
import { SlsRenderError } from "./error.ts";
import { referPgp } from "./gpg.ts";
import { pipeSteps, shebang, type PipeStep } from "./pipe.ts";
import { isRenderer, refusedRenderer } from "./renderers.ts";
import { loadToml } from "./toml.ts";

/** Text through a renderer pipe (salt/template.py compile_template, 3007.1). */
export interface PipeRequest {
  readonly text: string;
  /** What messages call the text. */
  readonly display: string;
  readonly saltenv: string;
  readonly sls: string;
  /** The pipe where the text names none. */
  readonly defaultPipe: string;
  /** The option `renderer_blacklist`, `renderer_whitelist`: steps they shut out are skipped, as in Salt. */
  readonly blacklist: readonly string[];
  readonly whitelist: readonly string[];
  /** Whether the pipe is named by the first word alone, as for `slsutil.renderer(string=…)`. */
  readonly firstWord?: boolean;
  /** Whether no other minion reads the text, so that its data need not be kept. */
  readonly isOwn: boolean;
  /** Told the length of rendered text before it is read as data. @throws FindingError where that is too much */
  data?(length: number): void;
  /** Renders Jinja. @throws FindingError */
  jinja(text: string): RenderedText;
}

export interface RenderedText {
  readonly text: string;
  /** The line of the template that a line of the text comes from, and how it was reached. */
  sourceOf(line: number): { readonly line: number; readonly trail: Finding["sources"] } | undefined;
}

export interface PipeResult {
  /** A text where the pipe ends in a text renderer. */
  readonly value: Value;
  readonly positions: DataPositions;
  /** The PGP messages that became references, by their digests. */
  readonly sealed?: ReadonlyMap<string, string>;
}

const NOWHERE: DataPositions = { at: () => undefined };

/** A value on its way through the pipe. */
interface Flow extends PipeResult {
  readonly rendered: RenderedText | undefined;
}

/** @throws FindingError: SlsRenderError for what Salt raises too, `renderer-*` */
export function runPipe(request: PipeRequest, cache: DataCache): PipeResult {
  if (request.text.trim() === "") return { value: new PyDict(), positions: NOWHERE };
  let flow: Flow = { value: request.text, positions: NOWHERE, rendered: undefined };
  let ran = false;
  const sealed = new Map<string, string>();
  const named = request.firstWord === true ? firstWord(request.text) : request.text;
  for (const step of pipeSteps(shebang(named) ?? request.defaultPipe)) {
    const { whitelist, blacklist } = request;
    if ((whitelist.length > 0 && !whitelist.includes(step.renderer)) || blacklist.includes(step.renderer)) continue;
    flow = run(step, flow, { ...request, sealed }, cache);
    ran = true;
  }
  if (!ran) return { value: new PyDict(), positions: NOWHERE };
  const value = typeof flow.value === "string" ? withLineEnds(flow.value, request.text) : flow.value;
  return { value, positions: flow.positions, ...(sealed.size > 0 && { sealed }) };
}

function run(step: PipeStep, flow: Flow, request: PipeRequest & { readonly sealed: Map<string, string> }, cache: DataCache): Flow {
  const { renderer, argument } = step;
  if (!isRenderer(renderer)) throw unknown(renderer, request);
  const text = typeof flow.value === "string" ? flow.value : undefined;
  switch (renderer) {
    case "jinja": {
      if (argument !== "" && argument !== "-s") throw failed(request, "renderer-option", `Unknown renderer option: ${argument}`);
      const rendered = request.jinja(needText(renderer, text, request));
      request.data?.(rendered.text.length);
      return { value: rendered.text, positions: NOWHERE, rendered };
    }
    case "yaml":
      return { ...yaml(needText(renderer, text, request), flow.rendered, request, cache), rendered: undefined };
    case "json":
      return { value: json(needText(renderer, text, request), flow.rendered, request), positions: NOWHERE, rendered: undefined };
    case "toml": {
      const loaded = loadToml(needText(renderer, text, request), request.display);
      return { value: truthy(loaded) ? loaded : new PyDict(), positions: NOWHERE, rendered: undefined };
    }
    case "gpg":
      return { ...flow, value: referPgp(flow.value, request.sealed) };
    default:
      return renderer satisfies never;
  }
}

function yaml(text: string, rendered: RenderedText | undefined, request: PipeRequest, cache: DataCache): PipeResult {
  try {
    const { data, positions } = request.isOwn ? cache.loadOwn(text, request.display) : cache.load(text, request.display);
    const value = truthy(data) ? data : new PyDict();
    if (rendered === undefined) return { value, positions };
    return {
      value,
      positions: {
        at: (container, key) => {
          const at = positions.at(container, key);
          const source = at === undefined ? undefined : rendered.sourceOf(at.line);
          return at === undefined || source === undefined ? at : { line: source.line, column: source.line === at.line ? at.column : 1 };
        },
      },
    };
  } catch (error) {
    if (error instanceof YamlError) throw yamlError(error, rendered, request);
    throw error;
  }
}

/** Only these does Salt's yaml renderer turn into SaltRenderError; the others pass through as they are. */
const CAUGHT: ReadonlySet<string> = new Set(["ScannerError", "ParserError", "ConstructorError"]);

/** A YAML error of rendered text, told by the line of the template that the text came from. */
function yamlError(error: YamlError, rendered: RenderedText | undefined, request: PipeRequest): SlsRenderError {
  const [finding] = error.findings;
  const source = finding.at?.line === undefined ? undefined : rendered?.sourceOf(finding.at.line);
  const raisedAs = CAUGHT.has(error.type) ? "SaltRenderError" : error.type;
  const message = withoutMarks(error.saltText.replace("found character '\t' that cannot start any token", "Illegal tab character"));
  const at = source === undefined ? finding.at : { file: request.display, line: source.line };
  return new SlsRenderError(raisedAs, {
    ...finding,
    message,
    ...(at === undefined ? {} : { at }),
    ...(source?.trail === undefined || source.trail.length < 2 ? {} : { sources: source.trail }),
    ...(source === undefined ? {} : { advice: finding.advice ?? "The lines shown are what the template rendered to." }),
  });
}

/** PyYAML names places of a nameless stream between its lines; Halite has the place apart. */
function withoutMarks(text: string): string {
  return text
    .split("\n")
    .filter((line) => !/^ {2}in "<unicode string>"/.test(line))
    .join("\n");
}

function json(text: string, rendered: RenderedText | undefined, { display }: PipeRequest): Value {
  const body = text.startsWith("#!") ? text.slice(text.indexOf("\n") + 1) : text;
  if (body.trim() === "") return new PyDict();
  try {
    return loadJson(body);
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    const said = Number(/ line (\d+) column/.exec(error.message)?.[1] ?? Number.NaN) + (body === text ? 0 : 1);
    const line = rendered?.sourceOf(said)?.line ?? said;
    const at = { file: display, ...(Number.isNaN(line) ? {} : { line }) };
    throw new SlsRenderError(error.type, { code: "json-syntax", severity: "error", message: error.message, at });
  }
}

function needText(renderer: string, text: string | undefined, request: PipeRequest): string {
  if (text !== undefined) return text;
  throw failed(request, "renderer-order", `The renderer ${renderer} reads text, but the renderer before it in the pipe gives data`);
}

function failed({ display }: PipeRequest, code: string, message: string): FindingError {
  return new SlsRenderError("SaltRenderError", { code, severity: "error", message, at: { file: display, line: 1 } });
}

function unknown(renderer: string, { display }: PipeRequest): FindingError {
  const why = refusedRenderer(renderer);
  return new FindingError({
    code: why === undefined ? "renderer-unknown" : "renderer-refused",
    severity: "error",
    message: why === undefined ? `The renderer "${str(renderer)}" is not available` : `The renderer "${renderer}" is not supported: ${why}`,
    at: { file: display, line: 1 },
    advice: "The renderers are jinja, yaml, json, toml and gpg.",
  });
}

function firstWord(text: string): string {
  return text.trim().split(/\s/, 1)[0] ?? "";
}

/** A text from a file with Windows line ends gets them again, unless it has some. */
function withLineEnds(text: string, source: string): string {
  return source.includes("\r\n") && !text.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}
