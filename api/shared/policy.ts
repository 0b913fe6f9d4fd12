// What policies are for, and the status they get (Envoy Gateway v1alpha1 PolicyTargetReferences, Gateway API PolicyStatus). It knows no kind of policy.

import { conditions, controllerName, groupName, kindName, labelSelector, objectName, sectionName } from "../gateway/fields.ts";
import { parentReference } from "../gateway/parentref.ts";
import { list, object, optional, refined } from "../schema.ts";
import type { Rule, Static } from "../schema.ts";

const gatewayGroup = "gateway.networking.k8s.io";

const targetReference = object(
  {
    group: groupName(),
    kind: kindName(),
    name: objectName("Name of the target, in the policy's namespace."),
    sectionName: optional(sectionName("The one listener of a Gateway, or the one rule of a route.")),
  },
  { description: "What the policy is for." },
);
export type PolicyTargetReference = Static<typeof targetReference>;

const { matchLabels, matchExpressions } = labelSelector("").properties;

const targetSelector = object(
  { group: groupName({ default: gatewayGroup }), kind: kindName(), matchLabels, matchExpressions },
  {
    description: "Targets by label.",
    rules: [
      { rule: `has(self.group) ? self.group == '${gatewayGroup}' : true `, message: `a target is of the group ${gatewayGroup}` },
    ],
  },
);
export type PolicyTargetSelector = Static<typeof targetSelector>;

/** Spec fields that every kind of policy has. */
export const policyTargets = {
  targetRef: optional(targetReference),
  targetRefs: optional(list(targetReference, { description: "What the policy is for." })),
  targetSelectors: optional(list(targetSelector, { description: "What the policy is for, by labels, in its own namespace." })),
};

/** Rules of a spec whose targets are of these kinds; `spelled` is how upstream's rule lists them for the two fields. */
export function targetRules(spelled: readonly [string, string]): readonly Rule[] {
  return [
    {
      rule: "(has(self.targetRef) && !has(self.targetRefs)) || (!has(self.targetRef) && has(self.targetRefs)) || (has(self.targetSelectors) && self.targetSelectors.size() > 0) ",
      message: "targetRef or targetRefs must be given, and not both",
    },
    {
      rule: `has(self.targetRef) ? self.targetRef.group == '${gatewayGroup}' : true `,
      message: `targetRef must be of the group ${gatewayGroup}`,
    },
    {
      rule: `has(self.targetRef) ? self.targetRef.kind ${spelled[0]}`,
      message: "targetRef is of a kind that this policy is not for",
    },
    {
      rule: `has(self.targetRefs) ? self.targetRefs.all(ref, ref.group == '${gatewayGroup}') : true `,
      message: `targetRefs must be of the group ${gatewayGroup}`,
    },
    {
      rule: `has(self.targetRefs) ? self.targetRefs.all(ref, ref.kind ${spelled[1]}`,
      message: "targetRefs has a kind that this policy is not for",
    },
  ];
}

const ancestorStatus = object({
  ancestorRef: refined(parentReference, { description: "The Gateway, or its listener." }),
  controllerName: controllerName({ description: "Controller that wrote this." }),
  conditions: conditions({ minItems: 1 }),
});

export const policyStatus = object(
  {
    ancestors: list(ancestorStatus, {
      maxItems: 16,
      listType: "atomic",
      description: "One entry for each Gateway, or listener of it, that the policy reaches, and controller.",
    }),
  },
  { description: "What the controllers say of the policy." },
);
export type PolicyStatus = Static<typeof policyStatus>;
