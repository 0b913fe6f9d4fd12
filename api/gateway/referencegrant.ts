// ReferenceGrant (gateway.networking.k8s.io): v1beta1 (Gateway API v1.4.1) and v1 (v1.5.1), schemas and types.

import { kind, list, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { groupName, kindName, namespaceName, objectName } from "./fields.ts";

const from = object({
  group: groupName(),
  kind: kindName(),
  namespace: namespaceName("Namespace the reference comes from."),
});

const to = object({
  group: groupName(),
  kind: kindName(),
  name: optional(objectName("The one object that may be referred to; any of the kind when absent.")),
});

const spec = object(
  {
    from: list(from, { minItems: 1, maxItems: 16, listType: "atomic", description: "Who may refer." }),
    to: list(to, { minItems: 1, maxItems: 16, listType: "atomic", description: "What may be referred to." }),
  },
  { description: "Which references are allowed." },
);
const description = "Lets objects of other namespaces refer to objects of this one.";

/** The CRD of v1beta1 does not require spec. */
export const ReferenceGrantSchema = kind("ReferenceGrant", { spec: optional(spec) }, { description });
export const ReferenceGrantV1Schema = kind("ReferenceGrant", { spec }, { description });
export type ReferenceGrant = Static<typeof ReferenceGrantSchema>;
export type ReferenceGrantSpec = NonNullable<ReferenceGrant["spec"]>;
export type ReferenceGrantFrom = ReferenceGrantSpec["from"][number];
export type ReferenceGrantTo = ReferenceGrantSpec["to"][number];
