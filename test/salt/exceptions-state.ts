/** A target on which Halite differs from Salt on purpose. */
export interface MatchException {
  readonly target: string;
  readonly real: boolean | "raised";
  readonly ours: boolean | "raised";
  readonly reason: string;
}

export const MATCH_EXCEPTIONS: readonly MatchException[] = [];
