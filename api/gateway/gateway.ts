// Gateway (gateway.networking.k8s.io/v1, Gateway API v1.4.1 experimental channel): schema and types. Listeners are in listener.ts.

import { choice, integer, kind, list, map, object, optional, text } from "../schema.ts";
import type { JsonSchema, Static } from "../schema.ts";
import {
  conditions,
  labelSelector,
  localObjectReference,
  objectName,
  objectReference,
  patterns,
  pendingConditions,
  portNumber,
  sectionName,
  secretReference,
} from "./fields.ts";
import { listeners, routeGroupKind } from "./listener.ts";

const pending = pendingConditions(["Accepted", "Programmed"]);

const addressType = text({
  default: "IPAddress",
  minLength: 1,
  maxLength: 253,
  pattern: `^Hostname|IPAddress|NamedAddress|${patterns.domainPrefixed}$`,
  description: "IPAddress, Hostname, or a type of the implementation as domain/path.",
});

/** An IPAddress must be an address of either family; other types are checked elsewhere. */
const addressForms: readonly JsonSchema[] = [
  {
    properties: {
      type: { enum: ["IPAddress"] },
      value: { anyOf: [{ format: "ipv4" }, { format: "ipv6" }] },
    },
  },
  { properties: { type: { not: { enum: ["IPAddress"] } } } },
];

const wantedAddress = object(
  {
    type: addressType,
    value: optional(text({ maxLength: 253, description: "The address; the implementation chooses when absent." })),
  },
  {
    oneOf: addressForms,
    rules: [
      {
        rule: `self.type == 'Hostname' ? (!has(self.value) || self.value.matches(r"""${patterns.hostname}""")): true`,
        message: "a Hostname address must be empty or a DNS name, perhaps with a leading wildcard label",
      },
    ],
  },
);

const statusAddress = object(
  {
    type: addressType,
    value: text({ minLength: 1, maxLength: 253, description: "The address." }),
  },
  {
    oneOf: addressForms,
    rules: [
      {
        rule: `self.type == 'Hostname' ? self.value.matches(r"""${patterns.hostname}"""): true`,
        message: "a Hostname address must be a DNS name, perhaps with a leading wildcard label",
      },
    ],
  },
);

const addresses = list(wantedAddress, {
  maxItems: 16,
  listType: "atomic",
  description: "Addresses the Gateway should have.",
  rules: [
    {
      rule: "self.all(a1, a1.type == 'IPAddress' && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )",
      message: "no two IPAddress addresses may be the same",
    },
    {
      rule: "self.all(a1, a1.type == 'Hostname'  && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )",
      message: "no two Hostname addresses may be the same",
    },
  ],
});

const allowedListeners = object(
  {
    namespaces: object(
      {
        from: choice(["All", "Selector", "Same", "None"], { default: "None", description: "Which namespaces." }),
        selector: optional(labelSelector("Labels of the namespaces, for from: Selector.")),
      },
      { default: { from: "None" }, description: "Namespaces whose ListenerSets may join." },
    ),
  },
  { description: "Which ListenerSets may add listeners." },
);

/** Keys of metadata that is copied onto what a Gateway owns. */
const metadataKeys = (word: string) => [
  {
    rule: `self.all(key, key.matches(r"""${patterns.metadataKey}"""))`,
    message: `${word} keys must be a name of at most 63 characters, perhaps after a DNS subdomain and a slash`,
  },
  {
    rule: `self.all(key, key.split("/")[0].size() < 253)`,
    message: `the part of ${word} keys before the slash must be shorter than 253 characters`,
  },
];

const infrastructure = object(
  {
    annotations: optional(
      map(text({ minLength: 0, maxLength: 4096 }), {
        maxProperties: 8,
        rules: metadataKeys("annotation"),
        description: "Annotations for everything made for this Gateway.",
      }),
    ),
    labels: optional(
      map(text({ minLength: 0, maxLength: 63, pattern: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$" }), {
        maxProperties: 8,
        rules: metadataKeys("label"),
        description: "Labels for everything made for this Gateway.",
      }),
    ),
    parametersRef: optional(localObjectReference("Object with further settings, such as an EnvoyProxy.")),
  },
  { description: "What is made to run the Gateway." },
);

const frontendTLS = object({
  validation: optional(
    object(
      {
        caCertificateRefs: list(objectReference("Object with CA certificates."), {
          minItems: 1,
          maxItems: 8,
          listType: "atomic",
          description: "Where CA certificates come from that vouch for clients.",
        }),
        mode: choice(["AllowValidOnly", "AllowInsecureFallback"], {
          default: "AllowValidOnly",
          description: "Whether clients without a valid certificate are let in.",
        }),
      },
      { description: "How client certificates are checked." },
    ),
  ),
});
export type FrontendTLS = Static<typeof frontendTLS>;

const tls = object(
  {
    backend: optional(
      object(
        { clientCertificateRef: optional(secretReference("Certificate shown to backends.")) },
        { description: "TLS towards backends." },
      ),
    ),
    frontend: optional(
      object(
        {
          default: frontendTLS,
          perPort: optional(
            list(object({ port: portNumber(), tls: frontendTLS }), {
              maxItems: 64,
              listType: "map",
              mapKeys: ["port"],
              description: "Settings of single ports, instead of the default.",
              rules: [
                {
                  rule: "self.all(t1, self.exists_one(t2, t1.port == t2.port))",
                  message: "TLS may be set once per port",
                },
              ],
            }),
          ),
        },
        { description: "TLS towards clients." },
      ),
    ),
  },
  { description: "TLS settings of the whole Gateway." },
);

const listenerStatus = object({
  name: sectionName("Name of the listener."),
  supportedKinds: list(routeGroupKind, {
    maxItems: 8,
    listType: "atomic",
    description: "Route kinds that may attach.",
  }),
  attachedRoutes: integer({ format: "int32", description: "Number of routes attached." }),
  conditions: conditions(),
});

export const GatewaySchema = kind(
  "Gateway",
  {
    spec: object(
      {
        gatewayClassName: objectName("The GatewayClass."),
        listeners,
        addresses: optional(addresses),
        infrastructure: optional(infrastructure),
        allowedListeners: optional(allowedListeners),
        tls: optional(tls),
        defaultScope: optional(
          choice(["All", "None"], { description: "Whether routes that ask for a default Gateway attach here." }),
        ),
      },
      { description: "What is wanted of the Gateway." },
    ),
    status: optional(
      object(
        {
          addresses: optional(
            list(statusAddress, { maxItems: 16, listType: "atomic", description: "Addresses the Gateway has." }),
          ),
          conditions: conditions({ default: pending }),
          listeners: optional(
            list(listenerStatus, {
              maxItems: 64,
              listType: "map",
              mapKeys: ["name"],
              description: "What the controller says of each listener.",
            }),
          ),
          // Since Gateway API v1.5, as ListenerSets are.
          attachedListenerSets: optional(integer({ format: "int32", description: "Number of ListenerSets that are accepted." })),
        },
        { default: { conditions: pending }, description: "What the controller says of the Gateway." },
      ),
    ),
  },
  { description: "A place where traffic enters: listeners that routes attach to." },
);
export type Gateway = Static<typeof GatewaySchema>;
export type GatewaySpec = Gateway["spec"];
export type GatewayStatus = NonNullable<Gateway["status"]>;
export type GatewayAddress = NonNullable<GatewaySpec["addresses"]>[number];
export type GatewayStatusAddress = NonNullable<GatewayStatus["addresses"]>[number];
export type GatewayInfrastructure = NonNullable<GatewaySpec["infrastructure"]>;
export type GatewayTLS = NonNullable<GatewaySpec["tls"]>;
export type ListenerStatus = NonNullable<GatewayStatus["listeners"]>[number];
