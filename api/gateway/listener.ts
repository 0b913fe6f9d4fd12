// The listeners of a Gateway (Gateway API v1.4.1 experimental channel): schema, rules across listeners, and types.

import { choice, integer, list, map, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { groupName, hostname, kindName, labelSelector, portNumber, secretReference, sectionName } from "./fields.ts";

export const routeGroupKind = object({
  group: groupName({ default: "gateway.networking.k8s.io" }),
  kind: kindName({ description: "Route kind." }),
});
export type RouteGroupKind = Static<typeof routeGroupKind>;

const allowedRoutes = object(
  {
    namespaces: object(
      {
        from: choice(["All", "Selector", "Same"], { default: "Same", description: "Which namespaces." }),
        selector: optional(labelSelector("Labels of the namespaces, for from: Selector.")),
      },
      { default: { from: "Same" }, description: "Namespaces whose routes may attach." },
    ),
    kinds: optional(
      list(routeGroupKind, {
        maxItems: 8,
        listType: "atomic",
        description: "Route kinds that may attach; when absent, those that fit the protocol.",
      }),
    ),
  },
  { default: { namespaces: { from: "Same" } }, description: "Which routes may attach." },
);
export type AllowedRoutes = Static<typeof allowedRoutes>;

const tls = object(
  {
    mode: choice(["Terminate", "Passthrough"], {
      default: "Terminate",
      description: "Whether TLS ends here or goes on to the backend.",
    }),
    certificateRefs: optional(
      list(secretReference("A TLS certificate and its key."), {
        maxItems: 64,
        listType: "atomic",
        description: "Certificates shown to clients.",
      }),
    ),
    options: optional(
      map(text({ minLength: 0, maxLength: 4096 }), {
        maxProperties: 16,
        description: "Settings particular to an implementation.",
      }),
    ),
  },
  {
    description: "TLS settings; for protocols HTTPS and TLS.",
    rules: [
      {
        rule: "self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
        message: "mode Terminate needs certificateRefs or options",
      },
    ],
  },
);
export type ListenerTLS = Static<typeof tls>;

const listenerFields = {
  name: sectionName("Name of the listener, unique in its list."),
  hostname: optional(hostname("Host names served; all when absent.")),
  protocol: text({
    minLength: 1,
    maxLength: 255,
    pattern: String.raw`^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$`,
    description: "HTTP, HTTPS, TLS, TCP, UDP, or a protocol of the implementation as domain/name.",
  }),
  tls: optional(tls),
  allowedRoutes,
};

const listener = object({ ...listenerFields, port: portNumber() });
export type Listener = Static<typeof listener>;

const nameIsUnique = {
  rule: "self.all(l1, self.exists_one(l2, l1.name == l2.name))",
  message: "no two listeners may have the same name",
};
const protocolsAgree = [
  {
    rule: "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
    message: "listeners of protocol HTTP, TCP or UDP cannot have tls",
  },
  {
    rule: "self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)",
    message: "listeners of protocol HTTPS must have tls mode Terminate",
  },
  {
    rule: "self.all(l, l.protocol in ['TCP', 'UDP']  ? (!has(l.hostname) || l.hostname == '') : true)",
    message: "listeners of protocol TCP or UDP cannot have a hostname",
  },
];
const tlsHasMode = {
  rule: "self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))",
  message: "listeners of protocol TLS must have tls with a mode",
};
const many = { minItems: 1, maxItems: 64, listType: "map", mapKeys: ["name"], description: "Where traffic enters." } as const;
const sameUse =
  "l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))";
const useMessage = "no two listeners may have the same port, protocol and hostname";

/** The listeners of a Gateway. */
export const listeners = list(listener, {
  ...many,
  rules: [...protocolsAgree, nameIsUnique, { rule: `self.all(l1, self.exists_one(l2, ${sameUse}))`, message: useMessage }],
});

/** The same, where a port may be missing. */
const usesAreUnique = {
  rule: `self.all(l1, !has(l1.port) || self.exists_one(l2, has(l2.port) && ${sameUse}))`,
  message: useMessage,
};

/** The listeners of an XListenerSet: a port may be left to the implementation. */
export const experimentalSetListeners = list(
  object({
    ...listenerFields,
    port: integer({ format: "int32", minimum: 0, maximum: 65535, default: 0, description: "Port number; 0: any." }),
  }),
  { ...many, rules: [...protocolsAgree, nameIsUnique, usesAreUnique] },
);

/** The listeners of a ListenerSet (Gateway API v1.6.1). */
export const setListeners = list(listener, { ...many, rules: [...protocolsAgree, tlsHasMode, nameIsUnique, usesAreUnique] });
