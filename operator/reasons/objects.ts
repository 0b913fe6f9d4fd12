// Documents for the tables of mistakes: routes that would be good, but for the fields that a case replaces.

import { freePorts } from "./world.ts";

const defaults = {
  HTTPRoute: {
    version: "v1",
    parentRefs: "[{name: eg, sectionName: http}]",
    hostnames: "[bad.test]",
    rules: "[{backendRefs: [{name: echo, port: 8080}]}]",
  },
  GRPCRoute: {
    version: "v1",
    parentRefs: "[{name: eg, sectionName: grpc}]",
    hostnames: "[bad.test]",
    rules: "[{backendRefs: [{name: echo, port: 8080}]}]",
  },
  TLSRoute: {
    version: "v1alpha3",
    parentRefs: "[{name: eg, sectionName: passthrough}]",
    hostnames: "[bad.secure.test]",
    rules: "[{backendRefs: [{name: echo, port: 8443}]}]",
  },
  TCPRoute: {
    version: "v1alpha2",
    parentRefs: "[{name: eg, sectionName: tcp}]",
    rules: "[{backendRefs: [{name: echo, port: 8443}]}]",
  },
  UDPRoute: {
    version: "v1alpha2",
    parentRefs: "[{name: eg, sectionName: udp}]",
    rules: "[{backendRefs: [{name: echo, port: 53}]}]",
  },
} as const;

type Fields = Readonly<Record<string, string>>;

/** The route default/bad, unless more metadata says otherwise, to the Service echo; and a Gateway whose ports are free. Fields are flow YAML. */
export function route(kind: keyof typeof defaults, fields: Fields, metadata = ""): string {
  const { version, ...spec } = defaults[kind];
  const lines = Object.entries({ ...spec, ...fields }).map(([name, value]) => `  ${name}: ${value}`);
  return `apiVersion: gateway.networking.k8s.io/${version}
kind: ${kind}
metadata: {name: bad${metadata}}
spec:
${lines.join("\n")}
${freePorts}`;
}
