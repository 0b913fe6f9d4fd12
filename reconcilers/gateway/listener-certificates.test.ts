import { makeCertificate, rsaKey } from "../testing/certificates.ts";
import { gatewayWith, grant, https, terminate, tlsSecret } from "../testing/gateways.ts";
import { problems } from "../testing/listeners.ts";
import { world } from "../testing/world.ts";
import type { TestObject } from "../testing/object.ts";
import { listenersOf } from "./listeners.ts";

const pair = makeCertificate({ names: ["a.example.com"] });
const secret = tlsSecret("default/tls", pair);

describe("certificateRefs", () => {
  const other = tlsSecret("other/tls", pair);
  const rsa = tlsSecret("default/rsa", makeCertificate({ names: ["a.example.com"], key: rsaKey() }));
  const twin = tlsSecret("default/twin", makeCertificate({ names: ["a.example.com", "b.example.com"] }));
  const broken: TestObject = {
    ...secret,
    metadata: { namespace: "default", name: "broken" },
    data: { "tls.crt": "YQ==", "tls.key": "YQ==" },
  };
  const wrongKind = { certificateRefs: [{ group: "wrong.example.com", kind: "Secret", name: "tls" }] };
  const refused = (message: string) => ["RefNotPermitted", message];
  for (const [name, tls, objects, usable, want] of [
    [
      "a good one is used",
      terminate("tls"),
      [secret],
      ["default/tls"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
    [
      "a missing one is named",
      terminate("none"),
      [],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: Secret default/none not found."],
    ],
    [
      "a broken one is named",
      terminate("broken"),
      [broken],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: Secret default/broken has no certificate in tls.crt."],
    ],
    [
      "another group is not a Secret",
      wrongKind,
      [secret],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: wrong.example.com/Secret default/tls is not a Secret."],
    ],
    [
      "another kind is not a Secret",
      { certificateRefs: [{ kind: "ConfigMap", name: "tls" }] },
      [],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: ConfigMap default/tls is not a Secret."],
    ],
    [
      "another namespace needs a grant",
      terminate("other/tls"),
      [other],
      undefined,
      refused("No ReferenceGrant permits: Secret other/tls."),
    ],
    [
      "a grant that names another Secret does not help",
      terminate("other/tls"),
      [other, grant({ to: { name: "x" } })],
      undefined,
      refused("No ReferenceGrant permits: Secret other/tls."),
    ],
    [
      "a grant helps",
      terminate("other/tls"),
      [other, grant({})],
      ["other/tls"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
    [
      "good ones serve beside bad ones",
      terminate("none", "tls", "other/tls"),
      [secret, other],
      ["default/tls"],
      [
        "PartiallyInvalidCertificateRef",
        "Some certificates are not used: Secret default/none not found; no ReferenceGrant permits Secret other/tls.",
      ],
    ],
    [
      "two kinds of keys serve the same name",
      terminate("tls", "rsa"),
      [secret, rsa],
      ["default/tls", "default/rsa"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
    [
      "the second with the same kind of key and a common name is left out",
      terminate("tls", "twin"),
      [secret, twin],
      ["default/tls"],
      [
        "PartiallyInvalidCertificateRef",
        "Some certificates are not used: Secret default/twin has the same kind of key and a name in common with Secret default/tls.",
      ],
    ],
    [
      "one that is named twice is used once",
      terminate("tls", "tls"),
      [secret],
      ["default/tls"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
  ] as const)
    test(name, () => {
      const [state] = listenersOf(world(...objects, gatewayWith("gw", [{ ...https("a", undefined), tls }])), "default/gw");
      const resolved = state?.conditions.find(({ type }) => type === "ResolvedRefs");
      expect({ ready: state?.ready, usable: state?.tls?.certificates, said: [resolved?.reason, resolved?.message] }).toEqual({
        ready: usable !== undefined,
        usable,
        said: want,
      });
    });

  test("a broken Secret costs only the listeners that name it", () => {
    const gateway = gatewayWith("gw", [https("good", "a.com", "tls"), https("bad", "b.com", "broken"), { name: "http" }]);
    expect(problems(secret, broken, gateway)).toEqual({
      good: ["ready"],
      bad: ["ResolvedRefs=False/InvalidCertificateRef"],
      http: ["ready"],
    });
  });
});

describe("overlapping TLS configuration", () => {
  const wild = tlsSecret("default/wild", makeCertificate({ names: ["*.example.com"] }));
  const plain = tlsSecret("default/plain", makeCertificate({ names: ["plain.org"] }));
  for (const [name, listeners, want] of [
    [
      "a wildcard overlaps with a name of it",
      [https("a", "*.example.com", "tls"), https("b", "b.example.com", "plain")],
      {
        a: ["ready", "OverlappingTLSConfig=True/OverlappingHostnames"],
        b: ["ready", "OverlappingTLSConfig=True/OverlappingHostnames"],
      },
    ],
    [
      "a shared certificate overlaps",
      [https("a", "a.example.com", "wild"), https("b", "b.example.com", "wild")],
      {
        a: ["ready", "OverlappingTLSConfig=True/OverlappingCertificates"],
        b: ["ready", "OverlappingTLSConfig=True/OverlappingCertificates"],
      },
    ],
    [
      "of a shared certificate and overlapping names the certificate is told",
      [https("a", "*.example.com", "wild"), https("b", "b.example.com", "wild")],
      {
        a: ["ready", "OverlappingTLSConfig=True/OverlappingCertificates"],
        b: ["ready", "OverlappingTLSConfig=True/OverlappingCertificates"],
      },
    ],
    [
      "different names and certificates do not",
      [https("a", "a.example.com", "tls"), https("b", "plain.org", "plain")],
      { a: ["ready"], b: ["ready"] },
    ],
    [
      "other ports do not matter",
      [https("a", "a.example.com", "wild"), { ...https("b", "b.example.com", "wild"), port: 8443 }],
      { a: ["ready"], b: ["ready"] },
    ],
    [
      "a listener that is not served does not matter",
      [https("a", "a.example.com", "wild"), https("b", "*.example.com", "none")],
      { a: ["ready"], b: ["ResolvedRefs=False/InvalidCertificateRef"] },
    ],
  ] as const)
    test(name, () => expect(problems(secret, wild, plain, gatewayWith("gw", listeners))).toEqual(want));
});
