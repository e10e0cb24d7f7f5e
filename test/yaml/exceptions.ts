import type { Outcome } from "./judge-salt.ts";

/** Where Halite's loader differs from Salt's on purpose. */
export interface YamlException {
  readonly text: string;
  readonly salt: Outcome;
  readonly halite: Outcome;
  readonly reason: string;
}

export const exceptions: readonly YamlException[] = [];

/** Whether a difference met by chance is one of the kinds above. */
export function isException(_text: string, _salt: Outcome | undefined, _halite: Outcome): boolean {
  return false;
}
