/**
 * The room of bundles: a controller as one file of JavaScript, and how it gets into a pod. Pure.
 *
 * A workload of an addon names a bundle by the annotation `halite.dev/bundle`. With the delivery `configmap` the bundle stands in an
 * immutable ConfigMap of the addon that is named after its digest, and is mounted; with `image` it is a file of one image that has them all.
 */
export { bundleConfigMap, BUNDLE_FOLDER, configMapName, MOST_BYTES } from "./config-map.ts";
export { BUNDLE_ANNOTATION, BUNDLE_DIGEST } from "./annotations.ts";
export { ANNOTATION, bundleNames, mountBundles, type Delivery, type MountOptions } from "./mount.ts";
export { Bundle, NO_BUNDLES, type BundleSource } from "./source.ts";
