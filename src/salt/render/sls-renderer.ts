import { FindingError, type Finding } from "../../finding/index.ts";
import type { Limits, PrintedText, Rendered, SourceSegment } from "../../jinja/index.ts";
import type { Kept, Trie } from "../../memo/index.ts";
import { PyDict, str, truthy, type Value } from "../../python/index.ts";
import { cachePath, SaltFunctions, type RenderRequest } from "../modules/index.ts";
import { isPlain, SaltTemplates, type TemplateRequest } from "../template/index.ts";
import type { StandIns } from "../sls/index.ts";
import type { Minion, RenderedSls, SourceFile } from "../types.ts";
import type { MinionBudget } from "./budget.ts";
import { DataCache } from "./data-cache.ts";
import { renderedFor } from "./error.ts";
import type { KeptRender, RenderMemo, RenderPlace } from "./render-memo.ts";
import { runPipe, type PipeResult, type RenderedText } from "./pipeline.ts";

/** What every render of a minion's SLS or template goes by. */
export interface RenderBase {
  readonly minion: Minion;
  /** What is seen as pillar. */
  readonly pillar: PyDict;
  readonly saltenv: string;
  /** What all renders of the minion may use together. Default: each only its own limits. */
  readonly budget?: MinionBudget | undefined;
  /** The pillar compiled anew, for `pillar.items`. Default: `pillar` itself. */
  /** Where results of renders are taken from and kept. Default: each render is carried out. */
  readonly memo?: RenderMemo | undefined;
  readonly freshPillar?: (options: { readonly pillarenv: string | null; readonly override: PyDict | null }) => PyDict;
}

export interface SlsRender extends RenderBase {
  /** Empty for a top file. */
  readonly sls: string;
  readonly file: SourceFile;
  /** Where the file and what it imports are found: the minion's file roots or its pillar roots. */
  readonly role: "state" | "pillar";
  /** Variables beside Salt's own, over them where a name is the same. */
  readonly variables?: ReadonlyMap<string, Value>;
  /** Whether nothing of it is kept for others. Default false. */
  readonly isOwn?: boolean;
  /** Default: a minion's own texts stand where they are printed. */
  readonly standIns?: StandIns;
}

/** A template that is no SLS: `file.managed` and its like. It sees no `sls`, `slspath`, `tpldir`. */
export interface TemplateRender extends RenderBase {
  readonly template: SourceFile | { readonly text: string; readonly display: string };
  readonly variables: ReadonlyMap<string, Value>;
  /** The results of this very render for other minions, where they are at hand. */
  readonly results?: Trie<Kept<KeptRender>> | undefined;
}

/** Renders inside renders nest so deep at most. */
const DEEPEST = 24;

/**
 * Renders SLS files and templates as Salt 3007.1. One object serves all minions of a process: each template is compiled once, and YAML of
 * equal text is parsed once. What it hands out is the caller's own.
 */
export class SlsRenderer {
  readonly #templates: SaltTemplates;
  readonly #data = new DataCache();

  constructor(options: { readonly limits?: Limits } = {}) {
    this.#templates = new SaltTemplates(options);
  }

  /** @throws FindingError; SlsRenderError where Salt raises too, its message beginning with Salt's first line */
  renderSls(request: SlsRender): RenderedSls {
    const { minion, file, saltenv, sls, role } = request;
    const warnings: Finding[] = [];
    const render = new Render(this.#templates, this.#data, request, role, warnings, 0);
    try {
      const result = render.pipe(
        {
          text: file.text,
          display: file.display,
          saltenv,
          sls,
          tplpath: role === "pillar" ? file.display : cachePath({ minion }, saltenv, file.path),
          defaultPipe: str(minion.opts.get("renderer") ?? "jinja|yaml"),
          variables: request.variables ?? new Map(),
          context: undefined,
        },
        request,
      );
      const { value: data, positions, sealed } = result;
      return { data, warnings, positions, ...(sealed !== undefined && { sealed }) };
    } catch (error) {
      throw error instanceof FindingError ? renderedFor(error, sls === "" ? "the top file" : `SLS ${sls}`, file.display) : error;
    }
  }

  /** @throws FindingError */
  renderTemplate(
    request: TemplateRender,
    options: { readonly trace?: boolean } = {},
  ): Rendered & { readonly warnings: readonly Finding[] } {
    const warnings: Finding[] = [];
    const render = new Render(this.#templates, this.#data, request, "state", warnings, 0);
    const { template, variables, saltenv, results } = request;
    const rendered = render.template(
      { text: template.text, display: template.display, saltenv, sls: undefined, tplpath: "", variables, results },
      options.trace === true,
    );
    return { ...rendered, warnings };
  }

  /** The execution functions as a template of this minion calls them. */
  functions(request: RenderBase & { readonly warn?: (finding: Finding) => void }): SaltFunctions {
    const warnings: Finding[] = [];
    const render = new Render(this.#templates, this.#data, request, "state", warnings, 0, request.warn);
    return render.salt;
  }
}

type Place = Pick<TemplateRequest, "text" | "display" | "saltenv" | "sls" | "tplpath" | "variables"> &
  Pick<RenderPlace, "results" | "standIns">;

/** One render, and those that its functions start. */
class Render {
  readonly salt: SaltFunctions;
  readonly #templates: SaltTemplates;
  readonly #data: DataCache;
  readonly #base: RenderBase;
  readonly #role: "state" | "pillar";
  readonly #depth: number;
  readonly #warn: (finding: Finding) => void;

  constructor(
    templates: SaltTemplates,
    data: DataCache,
    base: RenderBase,
    role: "state" | "pillar",
    warnings: Finding[],
    depth: number,
    warn: (finding: Finding) => void = (finding) => warnings.push(finding),
  ) {
    this.#templates = templates;
    this.#data = data;
    this.#base = base;
    this.#role = role;
    this.#depth = depth;
    const { memo } = base;
    const tell = memo === undefined ? warn : (finding: Finding): void => (memo.warned(finding), warn(finding));
    this.#warn = tell;
    this.salt = new SaltFunctions({
      minion: base.minion,
      pillar: base.pillar,
      saltenv: base.saltenv,
      role,
      freshPillar: (options) => this.#freshPillar(options),
      render: (request) => new Render(templates, data, base, role, warnings, depth + 1, warn).nested(request),
      warn: tell,
    });
  }

  template(place: Place, trace: boolean): Rendered {
    const { memo, budget, minion } = this.#base;
    if (isPlain(place.text, minion, place.sls)) return this.#render(place, trace);
    // A render inside another may change what it is given; it counts as part of the outer one.
    if (memo === undefined || budget === undefined || trace || this.#depth > 0) return this.#render(place, trace);
    return memo.render({ ...place, role: this.#role }, budget, this.#warn, (printed) => this.#render(place, false, printed).text);
  }

  #render(place: Place, trace: boolean, printed?: PrintedText[]): Rendered {
    const { minion, pillar, budget } = this.#base;
    // A render that only tells lines is not the compile's own.
    const own = trace ? undefined : budget;
    if (this.#depth === 0) own?.source(place.text.length);
    return this.#templates.render({ ...place, minion, pillar, role: this.#role, salt: this.salt, trace, budget: own, printed });
  }

  pipe(request: RenderRequest, { standIns, isOwn = false }: Pick<SlsRender, "standIns" | "isOwn"> = {}): PipeResult {
    const { opts } = this.#base.minion;
    const variables = new Map([...request.variables, ...contextVariables(request.context)]);
    const { display, saltenv, sls, tplpath, defaultPipe } = request;
    return runPipe(
      {
        text: request.text,
        display,
        saltenv,
        sls,
        defaultPipe,
        blacklist: names(opts.get("renderer_blacklist")),
        whitelist: names(opts.get("renderer_whitelist")),
        firstWord: tplpath === ":string:",
        isOwn,
        data: (length) => this.#base.budget?.data(length, display),
        jinja: (text) => {
          const place = { text, display, saltenv, sls, tplpath, variables, standIns };
          return traceable(this.template(place, false).text, display, () => this.template(place, true).map ?? []);
        },
      },
      this.#data,
    );
  }

  /** A render that a function of a template asks for. */
  nested(request: RenderRequest): Value {
    if (this.#depth > DEEPEST)
      throw new FindingError({
        code: "salt-render-depth",
        severity: "error",
        message: `renders nest more than ${DEEPEST} deep`,
        at: { file: request.display },
        advice: "Look for a file that renders itself with slsutil.renderer or jinja.load_map.",
      });
    return this.pipe(request).value;
  }

  #freshPillar(options: { readonly pillarenv: string | null; readonly override: PyDict | null }): PyDict {
    const { pillar, freshPillar, memo } = this.#base;
    memo?.alone();
    if (this.#role === "pillar")
      throw new FindingError({
        code: "salt-pillar-in-pillar",
        severity: "error",
        message: "pillar.items compiles the pillar anew, which never ends while the pillar itself is being compiled",
      });
    return freshPillar === undefined ? pillar : freshPillar(options);
  }
}

function contextVariables(context: PyDict | undefined): [string, Value][] {
  return context === undefined ? [] : [...context.entries()].map(([key, value]): [string, Value] => [str(key), value]);
}

function names(option: Value | undefined): readonly string[] {
  return Array.isArray(option) && truthy(option) ? option.map(str) : [];
}

/** A rendered text that can say which template line made a line of it: rendered once more for that, when it is first asked. */
function traceable(text: string, display: string, trace: () => readonly SourceSegment[]): RenderedText {
  let segments: readonly SourceSegment[] | undefined;
  let starts: readonly number[] | undefined;
  return {
    text,
    sourceOf(line) {
      segments ??= traced(trace);
      starts ??= lineStarts(text);
      const start = starts[line - 1];
      if (start === undefined) return undefined;
      const blank = /^[ \t]*/.exec(text.slice(start, start + 1000))?.[0].length ?? 0;
      const segment = segmentAt(segments, start + blank);
      // The innermost step is last in line: what a user edits first is the rendered file itself.
      const own = segment?.trail.findLast((step) => step.file === display);
      if (segment === undefined || own === undefined) return undefined;
      return { line: own.line, trail: segment.trail.map((step) => ({ how: "printed by", ...step })) };
    },
  };
}

/** What can't be rendered again, say as data was changed since, has no lines to tell. */
function traced(trace: () => readonly SourceSegment[]): readonly SourceSegment[] {
  try {
    return trace();
  } catch (error) {
    if (error instanceof FindingError) return [];
    throw error;
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function segmentAt(segments: readonly SourceSegment[], offset: number): SourceSegment | undefined {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return segments[low];
}
