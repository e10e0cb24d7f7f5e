import type { Kept, Tracker } from "../memo/index.ts";
import type { FilePlan, WrittenResult } from "./filestate/index.ts";
import type { KeptRender } from "./render/index.ts";

/** What minions have in common whose files are the same but for texts that templates only print. */
export interface CommonFiles {
  /** One object for all such minions. */
  readonly of: object;
  /** Files in which such texts are printed, by path: as they are of one of the minions, and where the texts stand in them. */
  readonly printed: ReadonlyMap<string, PrintedBase>;
  /** This minion's texts for such a file, in the order of their places. */
  readonly textsOf: (path: string) => readonly string[];
}

export interface PrintedBase {
  readonly base: WrittenResult;
  /** In UTF-16 units. */
  readonly places: readonly { readonly at: number; readonly length: number }[];
}

/** What a plan came to, with texts of each minion's own. */
export interface PrintedPlan {
  readonly plan: FilePlan;
  readonly results: readonly Kept<KeptRender>[];
}

interface PrintedFile extends PrintedBase {
  readonly render: KeptRender;
}

/** The files of several plans in which texts are printed; made once for all minions that have the plans and renders in common. */
export class PrintedFiles {
  readonly files: ReadonlyMap<string, PrintedFile>;

  /** `baseOf`: the one file for all that have a render in common. */
  constructor(plans: readonly PrintedPlan[], baseOf: (file: WrittenResult, render: KeptRender) => WrittenResult) {
    const files = new Map<string, PrintedFile>();
    for (const { plan, results } of plans) {
      for (const [path, number] of plan.rendered) {
        const render = results[number]?.value;
        const file = plan.parts.files.get(path);
        if (render === undefined || render.printed.length === 0 || file?.kind !== "file") continue;
        files.set(path, { render, places: render.printed, base: baseOf(file, render) });
      }
    }
    this.files = files;
  }

  of(tracker: Tracker): Pick<CommonFiles, "printed" | "textsOf"> {
    return {
      printed: this.files,
      textsOf: (path) => this.files.get(path)?.render.printed.map((place) => tracker.printedText(place.path) ?? "") ?? [],
    };
  }
}
