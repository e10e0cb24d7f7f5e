/** On a workload: the bundles that its containers run, separated by commas. On a bundle's ConfigMap, as a label: which bundle it is. */
export const BUNDLE_ANNOTATION = "halite.dev/bundle";
/** On a bundle's ConfigMap: `sha256:` and the hex digest of the bundle, unpacked. */
export const BUNDLE_DIGEST = "halite.dev/bundle-digest";
