/**
 * The room of renderers: the `#!` pipe that makes data of an SLS, and templates that make text, for one minion, as Salt 3007.1
 * (salt/template.py, salt/renderers/).
 */
export { RenderMemo, textFor, type KeptRender } from "./render-memo.ts";
export { MinionBudget, type Usage } from "./budget.ts";
export { SlsRenderer } from "./sls-renderer.ts";
export { SlsRenderError } from "./error.ts";
