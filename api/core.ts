// The core Kubernetes kinds we read: typed where we look, everything else kept as it is. The API server has checked them already;
// from a folder of YAML these fields are checked as far as a proxy could be misled by them.

import { choice, flag, integer, intOrString, kind, list, map, object, optional, text } from "./schema.ts";
import type { ObjectOptions, Static } from "./schema.ts";

const open: ObjectOptions = { preserveUnknownFields: true };
const protocol = choice(["TCP", "UDP", "SCTP"], { default: "TCP" });
const port = integer({ format: "int32", minimum: 1, maximum: 65535 });

const servicePort = object(
  {
    name: optional(text()),
    port,
    protocol,
    targetPort: optional(intOrString()),
    nodePort: optional(integer({ format: "int32" })),
    appProtocol: optional(text()),
  },
  open,
);
export type ServicePort = Static<typeof servicePort>;

const ingress = object({ ip: optional(text()), hostname: optional(text()) }, open);

export const ServiceSchema = kind(
  "Service",
  {
    spec: object(
      {
        type: choice(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"], { default: "ClusterIP" }),
        clusterIP: optional(text()),
        clusterIPs: optional(list(text())),
        externalIPs: optional(list(text())),
        externalName: optional(text()),
        ipFamilies: optional(list(choice(["IPv4", "IPv6"]))),
        ports: optional(list(servicePort, { listType: "map", mapKeys: ["port", "protocol"] })),
        publishNotReadyAddresses: optional(flag()),
        selector: optional(map(text())),
      },
      open,
    ),
    status: optional(object({ loadBalancer: optional(object({ ingress: optional(list(ingress)) }, open)) }, open)),
  },
  open,
);
export type Service = Static<typeof ServiceSchema>;

const endpoint = object(
  {
    addresses: list(text(), { minItems: 1, maxItems: 100, listType: "set" }),
    conditions: optional(
      object(
        {
          ready: optional(flag({ nullable: true })),
          serving: optional(flag({ nullable: true })),
          terminating: optional(flag({ nullable: true })),
        },
        open,
      ),
    ),
    hostname: optional(text()),
    nodeName: optional(text()),
    zone: optional(text()),
  },
  open,
);
export type Endpoint = Static<typeof endpoint>;

const endpointPort = object(
  {
    name: optional(text()),
    port: optional(integer({ format: "int32", minimum: 0, maximum: 65535 })),
    protocol,
    appProtocol: optional(text()),
  },
  open,
);
export type EndpointPort = Static<typeof endpointPort>;

export const EndpointSliceSchema = kind(
  "EndpointSlice",
  {
    addressType: choice(["IPv4", "IPv6", "FQDN"]),
    endpoints: list(endpoint, { maxItems: 1000, listType: "atomic", default: [] }),
    ports: optional(list(endpointPort, { maxItems: 100, listType: "atomic" })),
  },
  open,
);
export type EndpointSlice = Static<typeof EndpointSliceSchema>;

/** `data` is base64; `stringData` is what a user may write instead in YAML. */
export const SecretSchema = kind(
  "Secret",
  {
    type: text({ default: "Opaque" }),
    data: optional(map(text({ format: "byte" }))),
    stringData: optional(map(text())),
    immutable: optional(flag()),
  },
  open,
);
export type Secret = Static<typeof SecretSchema>;

export const ConfigMapSchema = kind(
  "ConfigMap",
  {
    data: optional(map(text())),
    binaryData: optional(map(text({ format: "byte" }))),
    immutable: optional(flag()),
  },
  open,
);
export type ConfigMap = Static<typeof ConfigMapSchema>;

/** Of certificates.k8s.io; most API servers do not serve it. */
export const ClusterTrustBundleSchema = kind(
  "ClusterTrustBundle",
  { spec: object({ signerName: optional(text()), trustBundle: text() }, open) },
  open,
);
export type ClusterTrustBundle = Static<typeof ClusterTrustBundleSchema>;

export const NamespaceSchema = kind(
  "Namespace",
  { spec: optional(object({}, open)), status: optional(object({ phase: optional(text()) }, open)) },
  open,
);
export type Namespace = Static<typeof NamespaceSchema>;
