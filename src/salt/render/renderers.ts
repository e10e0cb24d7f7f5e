/** Salt's renderers that are programs, or need what a compile does not have, and why each is refused. */
const REFUSED: Readonly<Record<string, string>> = {
  py: "it runs Python",
  pyobjects: "it runs Python",
  pydsl: "it runs Python",
  mako: "its templates run Python",
  wempy: "its templates run Python",
  cheetah: "its templates run Python",
  genshi: "its templates run Python",
  stateconf: "it rewrites states by rules of its own that are not supported",
  yamlex: "its !aggregate and !reset marks are not supported; slsutil.merge and pillar_source_merging_strategy merge data",
  msgpack: "it reads binary data, which cannot be reviewed",
  nacl: "it decrypts, and a render has no private key",
  aws_kms: "it decrypts over the network",
  pass: "it asks a password store on the node",
  dson: "it is not supported; use yaml or json",
  hjson: "it is not supported; use yaml or json",
  json5: "it is not supported; use yaml or json",
};

/** Why a renderer of Salt's is not supported, or `undefined` for a name that Salt 3007.1 does not have either. */
export function refusedRenderer(name: string): string | undefined {
  return Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
}

/** The renderers there are. */
export const RENDERERS = ["jinja", "yaml", "json", "toml", "gpg"] as const;
export type Renderer = (typeof RENDERERS)[number];

export function isRenderer(name: string): name is Renderer {
  return (RENDERERS as readonly string[]).includes(name);
}
