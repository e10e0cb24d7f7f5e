export function controllersIn(folder: string): Record<string, string>;
export function bundleControllers(options: {
  readonly root: string;
  readonly entries: Readonly<Record<string, string>>;
  readonly outdir: string;
  readonly version: string;
  readonly define?: Readonly<Record<string, string>>;
}): Promise<void>;
