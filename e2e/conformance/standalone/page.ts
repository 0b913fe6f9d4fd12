// What a run says of standalone mode, as a page of docs/: every test of the suite that is about gateways, and why some cannot run. Pure.

export interface TestEnd {
  readonly name: string;
  readonly verdict: "PASS" | "FAIL" | "SKIP";
}

/** What a test needs that one machine does not have, by the test's name. */
const needsCluster: Readonly<Record<string, string>> = {
  GatewayInfrastructure:
    "looks for a ServiceAccount, Pod or Service with the labels and annotations of `spec.infrastructure`; on one machine a proxy is a process, which has none of them",
};

/** Why the run is no success, one sentence each: a test that neither passed nor has a reason, or a reason that is not true any more. */
export function unexplained(tests: readonly TestEnd[]): readonly string[] {
  return ofGateways(tests).flatMap(({ name, verdict }) => {
    if (needsCluster[name] === undefined)
      return verdict === "PASS" ? [] : [`${name} ${verdict === "FAIL" ? "failed" : "was not run"}`];
    return verdict === "SKIP" ? [] : [`${name} ran, although it needs a cluster`];
  });
}

export function page(tests: readonly TestEnd[], reportFile: string): string {
  const all = ofGateways(tests);
  const passed = all.filter(({ verdict }) => verdict === "PASS").length;
  const rows = all.map(({ name, verdict }) => `| ${name} | ${outcome(name, verdict)} |`);
  return `# Conformance of standalone mode

<!-- Written by \`npm run conformance -- --standalone\`; edit e2e/conformance/standalone/page.ts instead. -->

The Gateway API's suite, v1.4.1, unmodified, with a single standalone process in the place of an operator: ${passed} of ${all.length} tests about gateways pass,
${all.length - passed} cannot run ([the report](${reportFile})).

## How it runs

The suite speaks to an API server, and its backends are pods: for these there is the cluster of \`npm run cluster\`, without our operator having a part in it. What
is tested runs beside the cluster, as users run it: \`envoy-gateway standalone --config FILE\`, which follows a folder of YAML and starts Envoys on the machine.

- A bridge (\`e2e/conformance/standalone/\`) writes every object that the suite creates into a file of that folder, and writes the statuses that
  \`envoy-gateway status\` shows into the API server.
- The one thing that it adds: a Gateway without \`spec.addresses\` asks for an address of 127.1.0.0/16, as a user does who wants several Gateways with
  the same ports on one machine ([standalone.md](../standalone.md)).
- EndpointSlices are the cluster's own, mirrored like everything else: requests go from an Envoy on the machine to the pods.

## Tests

| test | |
|---|---|
${rows.join("\n")}

The ${tests.length - all.length} tests of meshes are about something else, in a cluster too.
`;
}

function outcome(name: string, verdict: TestEnd["verdict"]): string {
  const reason = needsCluster[name];
  if (verdict === "PASS") return "passes";
  return reason === undefined ? "**fails**" : `cannot run: it ${reason}`;
}

function ofGateways(tests: readonly TestEnd[]): readonly TestEnd[] {
  return tests.filter(({ name }) => !name.startsWith("Mesh")).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
