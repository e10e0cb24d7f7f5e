/**
 * The room of renderers: the `#!` pipe that makes data of an SLS, and templates that make text, for one minion, as Salt 3007.1
 * (salt/template.py, salt/renderers/).
 */
export { SlsRenderer, type RenderBase, type SlsRender, type TemplateRender } from "./sls-renderer.ts";
export { SlsRenderError, type RaisedAs } from "./error.ts";
export { blockDigest, referPgp } from "./gpg.ts";
export { RENDERERS, refusedRenderer, type Renderer } from "./renderers.ts";
