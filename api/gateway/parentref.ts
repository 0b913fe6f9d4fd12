// How routes name their parents, and the status they get from each (Gateway API v1.4.1 experimental channel).

import { choice, list, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { conditions, controllerName, groupName, kindName, namespaceName, objectName, portNumber, sectionName } from "./fields.ts";

export const parentReference = object({
  group: groupName({ default: "gateway.networking.k8s.io" }),
  kind: kindName({ default: "Gateway" }),
  namespace: optional(namespaceName("Namespace of the parent; that of the route when absent.")),
  name: objectName("Name of the parent."),
  sectionName: optional(sectionName("The one listener or port name of the parent.")),
  port: optional(portNumber("The one port of the parent.")),
});
export type ParentReference = Static<typeof parentReference>;

const sameNamespace =
  "(((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == ''))" +
  " || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__";
const sameParent = "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name";

/** Spec fields that every route kind has. */
export const routeParents = {
  parentRefs: optional(
    list(parentReference, {
      maxItems: 32,
      listType: "atomic",
      description: "Gateways (or other parents) the route wants to attach to.",
      rules: [
        {
          rule: `self.all(p1, self.all(p2, ${sameParent} && ${sameNamespace})) ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '') && (!has(p1.port) || p1.port == 0) == (!has(p2.port) || p2.port == 0)): true))`,
          message: "references to the same parent must all have a sectionName, or all a port, or all both",
        },
        {
          rule: `self.all(p1, self.exists_one(p2, ${sameParent} && ${sameNamespace} )) && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || ( has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName)) && (((!has(p1.port) || p1.port == 0) && (!has(p2.port) || p2.port == 0)) || (has(p1.port) && has(p2.port) && p1.port == p2.port))))`,
          message: "references to the same parent must differ in sectionName or port",
        },
      ],
    }),
  ),
  useDefaultGateways: optional(choice(["All", "None"], { description: "Whether to attach to Gateways that are a default." })),
};

const parentStatus = object({
  parentRef: parentReference,
  controllerName: controllerName({ description: "Controller that wrote this." }),
  conditions: conditions({ minItems: 1 }),
});
export type RouteParentStatus = Static<typeof parentStatus>;

/** Status of every route kind. */
export const routeStatus = object(
  {
    parents: list(parentStatus, {
      maxItems: 32,
      listType: "atomic",
      description: "One entry per parent and controller.",
    }),
  },
  { description: "What the controllers say of the route." },
);
export type RouteStatus = Static<typeof routeStatus>;
