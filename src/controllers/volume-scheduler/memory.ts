import type { ClusterNode } from "./objects.ts";

/** What was found out about claims on one node. */
export type Verdict =
  | { readonly kind: "fits"; readonly cost: number }
  /** One of them, by its index, has no place there. */
  | { readonly kind: "none"; readonly claim: number; readonly reasons: string }
  /** All of them have, but not together; `steps`: as far as that many steps tell. */
  | { readonly kind: "together"; readonly steps?: number };

/** Verdicts about claims of one look, by node. */
export class Verdicts {
  readonly #kept = new Map<string, { readonly revision: number; readonly detailed: boolean; readonly verdict: Verdict }>();

  /** What is remembered of a node; `undefined` where something has changed since, or less detail was asked for. */
  get(node: ClusterNode, revision: number, detailed: boolean): Verdict | undefined {
    const known = this.#kept.get(node.name);
    if (known?.revision !== revision) return undefined;
    return known.verdict.kind === "fits" || known.detailed === detailed ? known.verdict : undefined;
  }

  keep(node: ClusterNode, revision: number, detailed: boolean, verdict: Verdict): void {
    this.#kept.set(node.name, { revision, detailed, verdict });
  }
}

/** Claims that look the same to nodes are of a few kinds: those of an app, of several apps with one class and size. */
const MOST_LOOKS = 50;

/**
 * Remembers what was found out about claims that look the same, node by node, until something changes there. Rules about other claims are no part of
 * it: a node with a disk that they are about is looked at anew.
 */
export class NodeMemory {
  readonly #looks = new Map<string, Verdicts>();

  /** What is known of claims that look so. */
  of({ text }: Look): Verdicts {
    const known = this.#looks.get(text);
    if (known !== undefined) {
      // The one that was not asked about for longest goes first.
      this.#looks.delete(text);
      this.#looks.set(text, known);
      return known;
    }
    const [oldest] = this.#looks.keys();
    if (oldest !== undefined && this.#looks.size >= MOST_LOOKS) this.#looks.delete(oldest);
    const made = new Verdicts();
    this.#looks.set(text, made);
    return made;
  }
}

/** All that nodes see of a pod's claims. */
export interface Look {
  readonly text: string;
  /** Whether what drivers tell of their capacity matters. */
  readonly capacities: boolean;
  /** Where more is to be seen than that. */
  readonly near: ReadonlySet<string>;
}
