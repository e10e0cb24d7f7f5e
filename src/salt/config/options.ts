import { PyDict, str, truthy, type Value } from "../../python/index.ts";

/** The strategies by which pillar sources are merged; any other word falls back to `recurse`. */
export type MergingStrategy = string;

/** Typed reading of a minion's options, each with Salt's meaning. Unknown shapes read as the default. */
export class Options {
  readonly opts: PyDict;

  constructor(opts: PyDict) {
    this.opts = opts;
  }

  get renderer(): string {
    return this.#text("renderer") ?? "jinja|yaml";
  }
  /** `saltenv`: state environment that everything is pinned to; null: all environments. */
  get saltenv(): string | null {
    return this.#text("saltenv") ?? null;
  }
  get pillarenv(): string | null {
    return this.#text("pillarenv") ?? null;
  }
  get pillarenvFromSaltenv(): boolean {
    return this.flag("pillarenv_from_saltenv");
  }
  get lockSaltenv(): boolean {
    return this.flag("lock_saltenv");
  }
  /** Path of the top file in an environment, without `salt://`. */
  get stateTop(): string {
    const top = this.#text("state_top") ?? "top.sls";
    if (top.startsWith("salt://")) return top.slice("salt://".length);
    return top.startsWith("/") ? top.slice(1) : top;
  }
  get stateTopSaltenv(): string | null {
    const saltenv = this.opts.get("state_top_saltenv") ?? null;
    return truthy(saltenv) ? str(saltenv) : null;
  }
  get topFileMergingStrategy(): string {
    return str(this.opts.get("top_file_merging_strategy") ?? "merge");
  }
  get defaultTop(): string | null {
    const top = this.opts.get("default_top") ?? null;
    return truthy(top) ? str(top) : null;
  }
  /** Without repeats. */
  get envOrder(): readonly string[] {
    const order = this.opts.get("env_order");
    return Array.isArray(order) ? [...new Set(order.filter((env) => typeof env === "string"))] : [];
  }
  get nodegroups(): Value {
    return this.opts.get("nodegroups") ?? new PyDict();
  }
  get pillarMergingStrategy(): MergingStrategy {
    const strategy = this.opts.get("pillar_source_merging_strategy") ?? null;
    return truthy(strategy) ? str(strategy) : "smart";
  }
  get pillarMergeLists(): boolean {
    return this.flag("pillar_merge_lists");
  }
  get pillarIncludesOverrideSls(): boolean {
    return this.flag("pillar_includes_override_sls");
  }
  /** Whether a pillar error hides its cause (Salt's default): it then says only which SLS failed. */
  get pillarSafeRenderError(): boolean {
    return truthy(this.opts.get("pillar_safe_render_error") ?? true);
  }
  get stateAutoOrder(): boolean {
    return this.flag("state_auto_order");
  }
  get disabledRequisites(): readonly string[] {
    const disabled = this.opts.get("disabled_requisites") ?? null;
    return (Array.isArray(disabled) ? disabled : [disabled]).filter((name) => typeof name === "string");
  }

  flag(name: string): boolean {
    return truthy(this.opts.get(name) ?? false);
  }

  #text(name: string): string | undefined {
    const value = this.opts.get(name) ?? null;
    return value === null ? undefined : str(value);
  }
}
