/** Bundles the command line into dist/ unless it is there for these sources. Says whether it was built. */
export function build(): Promise<boolean>;
