import type { PyDict } from "../../src/python/index.ts";
import type { FileStateDeps } from "../../src/salt/filestate/index.ts";
import { SlsRenderer } from "../../src/salt/render/index.ts";
import type { Minion } from "../../src/salt/types.ts";

/** The room of renderers as file states ask for it. */
export function renderer(minion: Minion, pillar: PyDict): FileStateDeps["renderTemplate"] {
  const templates = new SlsRenderer();
  return ({ template, saltenv, variables }, { trace }) =>
    templates.renderTemplate({ minion, pillar, saltenv, template, variables }, { trace });
}
