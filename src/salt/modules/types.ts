import type { Finding } from "../../finding/index.ts";
import type { Kwargs, PyDict, Value } from "../../python/index.ts";
import type { Minion } from "../types.ts";
import type { Bound } from "./signature.ts";

/** What `slsutil.renderer` and `jinja.*` ask of the renderers. */
export interface RenderRequest {
  readonly text: string;
  /** What messages call the text: a file's display name, or what function it was given to. */
  readonly display: string;
  readonly saltenv: string;
  readonly sls: string;
  /** `tplpath` in the template. */
  readonly tplpath: string;
  readonly defaultPipe: string;
  readonly context: PyDict | undefined;
  /** Keyword arguments that become variables of the template. */
  readonly variables: ReadonlyMap<string, Value>;
}

/** What execution modules are called with: one minion's data, and the ways back into the compiler. */
export interface ModuleContext {
  readonly minion: Minion;
  readonly pillar: PyDict;
  /** The environment of the SLS that renders; functions take it where `opts` names none only if Salt does. */
  readonly saltenv: string;
  /** Whether what renders is an SLS of state or of pillar, which has no pillar yet. */
  readonly role: "state" | "pillar";
  /** The pillar compiled anew, as `pillar.items` does: without what was overridden on the command line. */
  freshPillar(options: { readonly pillarenv: string | null; readonly override: PyDict | null }): PyDict;
  /** A pipe's result: data, or the text where the pipe ends in a text renderer. */
  render(request: RenderRequest): Value;
  warn(finding: Finding): void;
}

/** One function of an execution module: Python's signature and what it does. */
export interface ModuleFunction {
  /** See `signature()`. */
  readonly signature: string;
  /** Python's own name where Salt shows another: `list_` for `match.list`. */
  readonly pythonName?: string;
  readonly run: (context: ModuleContext, values: readonly (Value | undefined)[], bound: Bound) => Value;
}

export type ModuleTable = Readonly<Record<string, ModuleFunction>>;

/** Calls another execution function by its dotted name. @throws PyError `KeyError` where there is none */
export type Call = (context: ModuleContext, name: string, args: readonly Value[], kwargs: Kwargs) => Value;
