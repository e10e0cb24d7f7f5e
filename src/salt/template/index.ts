/**
 * The room of Salt's Jinja: its environment, variables, tags and loader (salt/utils/templates.py, salt/utils/jinja.py, 3007.1), over the
 * jinja room.
 */
export { isPlain, SaltTemplates, type TemplateRequest } from "./salt-templates.ts";
