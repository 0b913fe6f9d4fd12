// Every kind we read from outside: how the API names and serves it, and its schema. The YAML source, the command line and the CRDs are made from this table.

import { backendSchema } from "./backend.ts";
import { backendTrafficPolicySchema } from "./backendtrafficpolicy.ts";
import { clientTrafficPolicySchema } from "./clienttrafficpolicy.ts";
import {
  ClusterTrustBundleSchema,
  ConfigMapSchema,
  EndpointSliceSchema,
  NamespaceSchema,
  SecretSchema,
  ServiceSchema,
} from "./core.ts";
import { envoyProxySchema } from "./envoyproxy.ts";
import { BackendTLSPolicySchema } from "./gateway/backendtlspolicy.ts";
import { GatewayClassSchema } from "./gateway/gatewayclass.ts";
import { GatewaySchema } from "./gateway/gateway.ts";
import { GRPCRouteSchema } from "./gateway/grpcroute.ts";
import { HTTPRouteSchema } from "./gateway/httproute.ts";
import { ListenerSetSchema } from "./gateway/listenerset.ts";
import { ReferenceGrantSchema, ReferenceGrantV1Schema } from "./gateway/referencegrant.ts";
import { TCPRouteSchema, TCPRouteV1Schema } from "./gateway/tcproute.ts";
import { TLSRouteSchema, TLSRouteV1Alpha3Schema, TLSRouteV1Schema } from "./gateway/tlsroute.ts";
import { UDPRouteSchema, UDPRouteV1Schema } from "./gateway/udproute.ts";
import { XListenerSetSchema } from "./gateway/xlistenerset.ts";
import { httpRouteFilterSchema } from "./httproutefilter.ts";
import { jsonSchema } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";

export interface KindDefinition {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Versions that are read, the newest first: an API server that serves several is asked for the first of them. */
  readonly versions: readonly string[];
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** What a name may be: a DNS subdomain, a DNS label, a DNS label that starts with a letter (RFC 1035), or what can stand in a path. */
  readonly nameFormat: "subdomain" | "label" | "label1035" | "segment";
  /** Whether status is a subresource, written apart from the rest. */
  readonly hasStatus: boolean;
  /** The shape of what is stored, in whichever version it was written and is read. */
  readonly schema: JsonSchema;
  /** Versions that ask for more than this, or for less: what users write in one of them is judged by its own schema. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>;
}

const gatewayApi = {
  group: "gateway.networking.k8s.io",
  versions: ["v1", "v1beta1"],
  shortNames: [],
  namespaced: true,
  nameFormat: "subdomain",
  hasStatus: true,
} as const;

const own = { ...gatewayApi, group: "gateway.envoyproxy.io", versions: ["v1alpha1"] } as const;
const core = { ...gatewayApi, group: "", versions: ["v1"], hasStatus: false } as const;

export const kinds: readonly KindDefinition[] = [
  {
    ...gatewayApi,
    kind: "GatewayClass",
    plural: "gatewayclasses",
    shortNames: ["gc"],
    namespaced: false,
    schema: jsonSchema(GatewayClassSchema),
  },
  { ...gatewayApi, kind: "Gateway", plural: "gateways", shortNames: ["gtw", "gw"], schema: jsonSchema(GatewaySchema) },
  { ...gatewayApi, kind: "HTTPRoute", plural: "httproutes", schema: jsonSchema(HTTPRouteSchema) },
  { ...gatewayApi, kind: "GRPCRoute", versions: ["v1"], plural: "grpcroutes", schema: jsonSchema(GRPCRouteSchema) },
  {
    ...gatewayApi,
    kind: "TLSRoute",
    versions: ["v1", "v1alpha3", "v1alpha2"],
    plural: "tlsroutes",
    schema: jsonSchema(TLSRouteSchema),
    schemas: { v1: jsonSchema(TLSRouteV1Schema), v1alpha3: jsonSchema(TLSRouteV1Alpha3Schema) },
  },
  {
    ...gatewayApi,
    kind: "TCPRoute",
    versions: ["v1", "v1alpha2"],
    plural: "tcproutes",
    schema: jsonSchema(TCPRouteSchema),
    schemas: { v1: jsonSchema(TCPRouteV1Schema) },
  },
  {
    ...gatewayApi,
    kind: "UDPRoute",
    versions: ["v1", "v1alpha2"],
    plural: "udproutes",
    schema: jsonSchema(UDPRouteSchema),
    schemas: { v1: jsonSchema(UDPRouteV1Schema) },
  },
  {
    ...gatewayApi,
    kind: "ReferenceGrant",
    versions: ["v1", "v1beta1"],
    plural: "referencegrants",
    shortNames: ["refgrant"],
    hasStatus: false,
    schema: jsonSchema(ReferenceGrantSchema),
    schemas: { v1: jsonSchema(ReferenceGrantV1Schema) },
  },
  {
    ...gatewayApi,
    kind: "ListenerSet",
    versions: ["v1"],
    plural: "listenersets",
    shortNames: ["lset"],
    schema: jsonSchema(ListenerSetSchema),
  },
  {
    ...gatewayApi,
    kind: "XListenerSet",
    group: "gateway.networking.x-k8s.io",
    versions: ["v1alpha1"],
    plural: "xlistenersets",
    // In a cluster "lset", too, until it has ListenerSets.
    shortNames: [],
    schema: jsonSchema(XListenerSetSchema),
  },
  {
    ...gatewayApi,
    kind: "BackendTLSPolicy",
    versions: ["v1", "v1alpha3"],
    plural: "backendtlspolicies",
    shortNames: ["btlspolicy"],
    schema: jsonSchema(BackendTLSPolicySchema),
  },
  {
    ...own,
    kind: "ClientTrafficPolicy",
    plural: "clienttrafficpolicies",
    shortNames: ["ctp"],
    schema: jsonSchema(clientTrafficPolicySchema),
  },
  { ...own, kind: "EnvoyProxy", plural: "envoyproxies", shortNames: ["eproxy"], schema: jsonSchema(envoyProxySchema) },
  { ...own, kind: "Backend", plural: "backends", shortNames: ["be"], schema: jsonSchema(backendSchema) },
  {
    ...own,
    kind: "HTTPRouteFilter",
    plural: "httproutefilters",
    shortNames: ["hrf"],
    hasStatus: false,
    schema: jsonSchema(httpRouteFilterSchema),
  },
  {
    ...own,
    kind: "BackendTrafficPolicy",
    plural: "backendtrafficpolicies",
    shortNames: ["btp"],
    schema: jsonSchema(backendTrafficPolicySchema),
  },
  {
    ...core,
    kind: "Service",
    plural: "services",
    shortNames: ["svc"],
    nameFormat: "label1035",
    hasStatus: true,
    schema: jsonSchema(ServiceSchema),
  },
  {
    ...core,
    kind: "EndpointSlice",
    group: "discovery.k8s.io",
    plural: "endpointslices",
    schema: jsonSchema(EndpointSliceSchema),
  },
  { ...core, kind: "Secret", plural: "secrets", schema: jsonSchema(SecretSchema) },
  { ...core, kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"], schema: jsonSchema(ConfigMapSchema) },
  {
    ...core,
    kind: "ClusterTrustBundle",
    group: "certificates.k8s.io",
    versions: ["v1beta1", "v1alpha1"],
    plural: "clustertrustbundles",
    namespaced: false,
    nameFormat: "segment",
    schema: jsonSchema(ClusterTrustBundleSchema),
  },
  {
    ...core,
    kind: "Namespace",
    plural: "namespaces",
    shortNames: ["ns"],
    namespaced: false,
    nameFormat: "label",
    hasStatus: true,
    schema: jsonSchema(NamespaceSchema),
  },
];

const byKind = new Map<string, KindDefinition>(kinds.map((definition) => [definition.kind, definition]));

/** The definition of a kind by its name alone, which is unique among ours. */
export function kindDefinition(kind: string): KindDefinition | undefined {
  return byKind.get(kind);
}

const byVersion = new Map<string, KindDefinition>(
  kinds.flatMap((definition) =>
    definition.versions.map((version) => {
      const apiVersion = definition.group === "" ? version : `${definition.group}/${version}`;
      const schema = definition.schemas?.[version];
      return [`${apiVersion}/${definition.kind}`, schema === undefined ? definition : { ...definition, schema }] as const;
    }),
  ),
);

/** The definition of the kind that this apiVersion serves, with the schema of that version. */
export function kindServed(apiVersion: string, kind: string): KindDefinition | undefined {
  return byVersion.get(`${apiVersion}/${kind}`);
}
