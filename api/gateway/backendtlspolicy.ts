// BackendTLSPolicy (gateway.networking.k8s.io, Gateway API v1.4.1 experimental channel): TLS from proxies to Services and Backends.

import { choice, kind, list, map, object, optional, text } from "../schema.ts";
import type { Rule, Static } from "../schema.ts";
import {
  conditions,
  controllerName,
  groupName,
  hostname,
  kindName,
  localObjectReference,
  objectName,
  preciseHostname,
  sectionName,
} from "./fields.ts";
import { parentReference } from "./parentref.ts";

const sameTarget = "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name";
const bothWhole = "(!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')";

const targetRef = object({
  group: groupName(),
  kind: kindName(),
  name: objectName("Name of the target, in the policy's namespace."),
  sectionName: optional(sectionName("The one port of the target: by name of a Service, by number of a Backend.")),
});
export type BackendTLSTarget = Static<typeof targetRef>;

/** What each type of name must hold, and no other may. */
function nameRules(type: string, field: string): readonly Rule[] {
  return [
    {
      rule: `!(self.type == "${type}" && (!has(self.${field}) || self.${field} == ""))`,
      message: `type ${type} needs ${field}`,
    },
    {
      rule: `!(self.type != "${type}" && has(self.${field}) && self.${field} != "")`,
      message: `${field} is only for type ${type}`,
    },
  ];
}

const subjectAltName = object(
  {
    type: choice(["Hostname", "URI"], { description: "Which of the fields holds the name." }),
    hostname: optional(hostname("A DNS name, perhaps with a leading wildcard label.")),
    uri: optional(
      text({
        minLength: 1,
        maxLength: 253,
        pattern: String.raw`^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?`,
        description: "A URI, such as a SPIFFE identity.",
      }),
    ),
  },
  { rules: [...nameRules("Hostname", "hostname"), ...nameRules("URI", "uri")] },
);

const namesAuthorities = "has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0";
const usesSystemTrust = 'has(self.wellKnownCACertificates) && self.wellKnownCACertificates != ""';

const validation = object(
  {
    caCertificateRefs: optional(
      list(localObjectReference("ConfigMap or Secret with CA certificates in the key ca.crt."), {
        maxItems: 8,
        listType: "atomic",
        description: "Whom to trust.",
      }),
    ),
    hostname: preciseHostname("Server name to ask for; the certificate must carry it unless subjectAltNames are given."),
    subjectAltNames: optional(
      list(subjectAltName, {
        maxItems: 5,
        listType: "atomic",
        description: "Names of which the certificate must carry one, in place of the hostname.",
      }),
    ),
    wellKnownCACertificates: optional(choice(["System"], { description: "Trust what the proxy's system trusts." })),
  },
  {
    description: "How the server's certificate is checked.",
    rules: [
      {
        rule: `!(${namesAuthorities} && ${usesSystemTrust})`,
        message: "caCertificateRefs and wellKnownCACertificates exclude each other",
      },
      {
        rule: `(${namesAuthorities} || ${usesSystemTrust})`,
        message: "caCertificateRefs or wellKnownCACertificates must be given",
      },
    ],
  },
);

const spec = object(
  {
    targetRefs: list(targetRef, {
      minItems: 1,
      maxItems: 16,
      listType: "atomic",
      description: "What the policy is for.",
      rules: [
        {
          rule: `self.all(p1, self.all(p2, ${sameTarget} ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))`,
          message: "references to the same target must all have a sectionName",
        },
        {
          rule: `self.all(p1, self.exists_one(p2, ${sameTarget} && ((${bothWhole}) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))`,
          message: "references to the same target must differ in sectionName",
        },
      ],
    }),
    validation,
    options: optional(
      map(text({ minLength: 0, maxLength: 4096 }), { maxProperties: 16, description: "Settings of other controllers." }),
    ),
  },
  { description: "What is wanted of the policy." },
);

const ancestorStatus = object({
  ancestorRef: parentReference,
  controllerName: controllerName({ description: "Controller that wrote this." }),
  conditions: conditions({ minItems: 1 }),
});

export const BackendTLSPolicySchema = kind(
  "BackendTLSPolicy",
  {
    spec,
    status: optional(
      object(
        {
          ancestors: list(ancestorStatus, {
            maxItems: 16,
            listType: "atomic",
            description: "One entry per Gateway that uses a target, and controller.",
          }),
        },
        { description: "What the controllers say of the policy." },
      ),
    ),
  },
  { description: "TLS from proxies to Services and Backends." },
);
export type BackendTLSPolicy = Static<typeof BackendTLSPolicySchema>;
