import type { ZoneReport } from "./report.ts";

/** How the zone stands to git. */
export interface GitStatus {
  /** Without credentials. */
  readonly remote: string;
  readonly branch: string;
  /** When git was last read; null for never. */
  readonly pulled: string | null;
  /** How old what the zone knows of git is. */
  readonly secondsSincePull: number | null;
  /** When the commit that is taken over was made. */
  readonly committed: string | null;
  /** Why git can't be read now; null where it can. */
  readonly error: string | null;
  /** The newest commit, where it must not be applied. */
  readonly refused: { readonly commit: string; readonly reason: string } | null;
  /** Why the report can't be pushed; null where it can. */
  readonly report: string | null;
}

/** `/status`: what a zone reports, and how the job itself is. schemas/zone-status.schema.json. */
export interface ZoneStatus extends Omit<ZoneReport, "kind"> {
  readonly kind: "ZoneStatus";
  readonly git: GitStatus;
  /** Why the zone's state can't be kept: nothing new is rolled out meanwhile. */
  readonly stateError: string | null;
  /** How many clusters wait for a worker. */
  readonly waiting: number;
  /** What is known of the other zones. */
  readonly zones: readonly { readonly az: string; readonly seen: boolean; readonly why: string }[];
}
