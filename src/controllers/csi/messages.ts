/**
 * CSI's messages (csi.proto) as they are decoded: texts, lists and maps are there even where nothing was sent, messages and the alternatives of a
 * oneof only if they were. Numbers are doubles: whole bytes up to 8 PiB.
 */
export type Texts = Readonly<Record<string, string>>;

export type AccessMode =
  | "UNKNOWN"
  | "SINGLE_NODE_WRITER"
  | "SINGLE_NODE_READER_ONLY"
  | "MULTI_NODE_READER_ONLY"
  | "MULTI_NODE_SINGLE_WRITER"
  | "MULTI_NODE_MULTI_WRITER"
  | "SINGLE_NODE_SINGLE_WRITER"
  | "SINGLE_NODE_MULTI_WRITER";

export interface MountVolume {
  readonly fsType: string;
  readonly mountFlags: readonly string[];
  readonly volumeMountGroup: string;
}

export interface VolumeCapability {
  readonly block?: object;
  readonly mount?: MountVolume;
  readonly accessMode?: { readonly mode: AccessMode };
}

/** In bytes; 0: not said. */
export interface CapacityRange {
  readonly requiredBytes: number;
  readonly limitBytes: number;
}

export interface VolumeContentSource {
  readonly snapshot?: { readonly snapshotId: string };
  readonly volume?: { readonly volumeId: string };
}

export interface Topology {
  readonly segments: Texts;
}
export interface TopologyRequirement {
  readonly requisite: readonly Topology[];
  readonly preferred: readonly Topology[];
}

export interface Volume {
  readonly capacityBytes: number;
  readonly volumeId: string;
  readonly volumeContext?: Texts;
  readonly contentSource?: VolumeContentSource;
  readonly accessibleTopology?: readonly Topology[];
}

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

export interface Snapshot {
  readonly sizeBytes: number;
  readonly snapshotId: string;
  readonly sourceVolumeId: string;
  readonly creationTime: Timestamp;
  readonly readyToUse: boolean;
}

export interface VolumeCondition {
  readonly abnormal: boolean;
  readonly message: string;
}

export interface VolumeUsage {
  readonly available?: number;
  readonly total: number;
  readonly used?: number;
  readonly unit: "BYTES" | "INODES";
}

/** A message without fields. */
type Empty = object;
interface Call<Request, Response> {
  readonly request: Request;
  readonly response: Response;
}
interface OfVolume {
  readonly volumeId: string;
}

/** The methods of each service: what is asked and what is answered. Names as in csi.proto. */
export interface Services {
  readonly Identity: {
    readonly GetPluginInfo: Call<Empty, { readonly name: string; readonly vendorVersion: string }>;
    readonly GetPluginCapabilities: Call<
      Empty,
      {
        readonly capabilities: readonly (
          | { readonly service: { readonly type: "CONTROLLER_SERVICE" | "VOLUME_ACCESSIBILITY_CONSTRAINTS" } }
          | { readonly volumeExpansion: { readonly type: "ONLINE" | "OFFLINE" } }
        )[];
      }
    >;
    readonly Probe: Call<Empty, { readonly ready: { readonly value: boolean } }>;
  };
  readonly Controller: {
    readonly CreateVolume: Call<
      {
        readonly name: string;
        readonly capacityRange?: CapacityRange;
        readonly volumeCapabilities: readonly VolumeCapability[];
        readonly parameters: Texts;
        readonly volumeContentSource?: VolumeContentSource;
        readonly accessibilityRequirements?: TopologyRequirement;
        readonly mutableParameters: Texts;
      },
      { readonly volume: Volume }
    >;
    readonly DeleteVolume: Call<OfVolume, Empty>;
    readonly ValidateVolumeCapabilities: Call<
      OfVolume & {
        readonly volumeContext: Texts;
        readonly volumeCapabilities: readonly VolumeCapability[];
        readonly parameters: Texts;
        readonly mutableParameters: Texts;
      },
      {
        readonly confirmed?: {
          readonly volumeContext: Texts;
          readonly volumeCapabilities: readonly VolumeCapability[];
          readonly parameters: Texts;
          readonly mutableParameters: Texts;
        };
        readonly message?: string;
      }
    >;
    readonly GetCapacity: Call<
      { readonly volumeCapabilities: readonly VolumeCapability[]; readonly parameters: Texts; readonly accessibleTopology?: Topology },
      {
        readonly availableCapacity: number;
        readonly maximumVolumeSize: { readonly value: number };
        readonly minimumVolumeSize: { readonly value: number };
      }
    >;
    readonly ControllerGetCapabilities: Call<Empty, { readonly capabilities: readonly { readonly rpc: { readonly type: string } }[] }>;
    readonly CreateSnapshot: Call<
      { readonly sourceVolumeId: string; readonly name: string; readonly parameters: Texts },
      { readonly snapshot: Snapshot }
    >;
    readonly DeleteSnapshot: Call<{ readonly snapshotId: string }, Empty>;
    readonly ListSnapshots: Call<
      { readonly maxEntries: number; readonly startingToken: string; readonly sourceVolumeId: string; readonly snapshotId: string },
      { readonly entries: readonly { readonly snapshot: Snapshot }[]; readonly nextToken: string }
    >;
    readonly ControllerExpandVolume: Call<
      OfVolume & { readonly capacityRange?: CapacityRange; readonly volumeCapability?: VolumeCapability },
      { readonly capacityBytes: number; readonly nodeExpansionRequired: boolean }
    >;
    readonly ControllerModifyVolume: Call<OfVolume & { readonly mutableParameters: Texts }, Empty>;
  };
  readonly Node: {
    readonly NodeStageVolume: Call<
      OfVolume & { readonly stagingTargetPath: string; readonly volumeCapability?: VolumeCapability; readonly volumeContext: Texts },
      Empty
    >;
    readonly NodeUnstageVolume: Call<OfVolume & { readonly stagingTargetPath: string }, Empty>;
    readonly NodePublishVolume: Call<
      OfVolume & {
        readonly stagingTargetPath: string;
        readonly targetPath: string;
        readonly volumeCapability?: VolumeCapability;
        readonly readonly: boolean;
        readonly volumeContext: Texts;
      },
      Empty
    >;
    readonly NodeUnpublishVolume: Call<OfVolume & { readonly targetPath: string }, Empty>;
    readonly NodeGetVolumeStats: Call<
      OfVolume & { readonly volumePath: string; readonly stagingTargetPath: string },
      { readonly usage: readonly VolumeUsage[]; readonly volumeCondition: VolumeCondition }
    >;
    readonly NodeExpandVolume: Call<
      OfVolume & {
        readonly volumePath: string;
        readonly stagingTargetPath: string;
        readonly capacityRange?: CapacityRange;
        readonly volumeCapability?: VolumeCapability;
      },
      { readonly capacityBytes: number }
    >;
    readonly NodeGetCapabilities: Call<Empty, { readonly capabilities: readonly { readonly rpc: { readonly type: string } }[] }>;
    readonly NodeGetInfo: Call<
      Empty,
      { readonly nodeId: string; readonly maxVolumesPerNode: number; readonly accessibleTopology: Topology }
    >;
  };
}

export type ServiceName = keyof Services;
/** What a driver implements of a service: a function for each method. */
export type Handlers<S extends ServiceName> = {
  readonly [M in keyof Services[S]]: Services[S][M] extends Call<infer Request, infer Response>
    ? (request: Request) => Promise<Response>
    : never;
};
export type RequestOf<S extends ServiceName, M extends keyof Services[S]> =
  Services[S][M] extends Call<infer Request, unknown> ? Request : never;
export type ResponseOf<S extends ServiceName, M extends keyof Services[S]> =
  Services[S][M] extends Call<unknown, infer Response> ? Response : never;
