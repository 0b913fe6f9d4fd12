// Releases of Gateway API in a real API server: what has graduated is read, served and given a status in the version that is served; and a
// cluster whose CRDs are replaced meanwhile is followed without a restart. Nothing is lost and nothing told twice.

import type { KubernetesClient } from "../operator/kubernetes/client.ts";
import { makeCertificate } from "../operator/stories/support/certificates.ts";
import { type Release, type ReleaseChannel, crds } from "./crds/upstream.ts";
import { controllerName, type Condition, type Parent, startWorld, until, type World } from "./status/world.ts";
import { followCluster } from "./support/followed.ts";

const group = "gateway.networking.k8s.io";
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

interface Live {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly status?: {
    readonly parents?: readonly Parent[];
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly {
      readonly name: string;
      readonly attachedRoutes: number;
      readonly conditions: readonly Condition[];
    }[];
    readonly attachedListenerSets?: number;
  };
}

/** Objects of the namespace, in a version of the group. */
function objectsOf(client: KubernetesClient) {
  const path = (version: string, plural: string, namespace = "default"): string =>
    `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
  return {
    async create(version: string, kind: string, { namespace = "default", name, spec }: Named): Promise<void> {
      const body = { apiVersion: `${group}/${version}`, kind, metadata: { name }, spec };
      await client.call({ method: "POST", path: path(version, pluralOf(kind), namespace), body });
    },
    read: async (version: string, kind: string, name: string): Promise<Live> =>
      (await client.call({ path: `${path(version, pluralOf(kind))}/${name}` })) as Live,
    change: (version: string, kind: string, { name, spec }: Named) =>
      client.call({ method: "PATCH", patch: "merge", path: `${path(version, pluralOf(kind))}/${name}`, body: { spec } }),
  };
}
interface Named {
  readonly namespace?: string;
  readonly name: string;
  readonly spec: object;
}
const pluralOf = (kind: string): string => `${kind.toLowerCase()}s`;

/** As `kubectl apply --server-side` of a release does. */
async function install({ client }: World, release: Release, channel: ReleaseChannel): Promise<void> {
  for (const crd of crds(release, channel)) {
    const { metadata } = crd as { metadata: { name: string } };
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`;
    await client.call({ method: "PATCH", patch: "apply", path, query: { fieldManager: "test", force: true }, body: crd });
  }
}

const said = (conditions: readonly Condition[] | undefined, type: string): string => {
  const found = conditions?.find((condition) => condition.type === type);
  return `${found?.status}/${found?.reason}`;
};
const ofRoute = ({ status }: Live, type: string): string =>
  said(status?.parents?.find((parent) => parent.controllerName === controllerName)?.conditions, type);

const backendRefs = [{ name: "backend", port: 443 }];
const tlsListener = {
  name: "tls",
  port: 443,
  protocol: "TLS",
  tls: { mode: "Passthrough" },
  allowedRoutes: { namespaces: { from: "All" } },
};
const gatewaySpec = {
  gatewayClassName: "eg",
  listeners: [tlsListener],
  allowedListeners: { namespaces: { from: "All" } },
};
const tlsSpec = (...hostnames: readonly string[]) => ({
  parentRefs: [{ name: "eg" }],
  ...(hostnames.length > 0 && { hostnames }),
  rules: [{ backendRefs }],
});

async function createBackend({ client }: World): Promise<void> {
  const body = { metadata: { name: "backend" }, spec: { ports: [{ port: 443 }] } };
  await client.call({ method: "POST", path: "/api/v1/namespaces/default/services", body });
}

test.each<ReleaseChannel>(["standard", "experimental"])(
  "with v1.5.1 (%s) TLSRoute, ListenerSet and ReferenceGrant of v1 are served and told so",
  async (channel) => {
    world = await startWorld(crds("v1.5.1", channel));
    const { create, read } = objectsOf(world.client);
    await world.client.call({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: "certs" } } });
    const { type, data } = (await makeCertificate("a.example")).secret("own");
    const secret = { metadata: { name: "own" }, type, data };
    await world.client.call({ method: "POST", path: "/api/v1/namespaces/certs/secrets", body: secret });
    await createBackend(world);
    await create("v1", "Gateway", { name: "eg", spec: gatewaySpec });
    await create("v1", "TLSRoute", { name: "passed", spec: tlsSpec("passed.example") });
    const certificateRefs = [{ name: "own", namespace: "certs" }];
    await create("v1", "ListenerSet", {
      name: "more",
      spec: {
        parentRef: { name: "eg" },
        listeners: [{ name: "web", port: 8443, protocol: "HTTPS", tls: { certificateRefs } }],
      },
    });
    await create("v1", "HTTPRoute", {
      name: "web",
      spec: { parentRefs: [{ kind: "ListenerSet", name: "more" }], rules: [{ backendRefs }] },
    });
    await world.replica("one");
    const refused = await until(
      () => read("v1", "ListenerSet", "more"),
      ({ status }) => said(status?.listeners?.[0]?.conditions, "ResolvedRefs") !== "undefined/undefined",
    );
    expect(said(refused.status?.listeners?.[0]?.conditions, "ResolvedRefs")).toBe("False/RefNotPermitted");
    await create("v1", "ReferenceGrant", {
      namespace: "certs",
      name: "listener-sets",
      spec: { from: [{ group, kind: "ListenerSet", namespace: "default" }], to: [{ group: "", kind: "Secret" }] },
    });
    const set = await until(
      () => read("v1", "ListenerSet", "more"),
      ({ status }) => said(status?.listeners?.[0]?.conditions, "ResolvedRefs") === "True/ResolvedRefs",
    );
    expect(said(set.status?.conditions, "Accepted")).toBe("True/Accepted");
    expect(set.status?.listeners).toMatchObject([{ name: "web", attachedRoutes: 1 }]);
    const route = await until(
      () => read("v1", "TLSRoute", "passed"),
      (one) => ofRoute(one, "Accepted") === "True/Accepted",
    );
    expect(ofRoute(route, "ResolvedRefs")).toBe("True/ResolvedRefs");
    const gateway = await until(
      () => read("v1", "Gateway", "eg"),
      ({ status }) => status?.attachedListenerSets === 1,
    );
    expect(gateway.status?.listeners).toMatchObject([{ name: "tls", attachedRoutes: 1 }]);
    // A field that the API server drops would be missed, and written again, for ever.
    const versions = async () =>
      Promise.all(
        (["Gateway eg", "ListenerSet more", "TLSRoute passed", "HTTPRoute web"] as const).map(async (one) => {
          const [kind = "", name = ""] = one.split(" ");
          return (await read("v1", kind, name)).metadata.resourceVersion;
        }),
      );
    await new Promise((resolve) => void setTimeout(resolve, 2000));
    const before = await versions();
    await new Promise((resolve) => void setTimeout(resolve, 6000));
    expect(await versions()).toEqual(before);
  },
);

test.each<[Release, ReleaseChannel, readonly string[]]>([
  ["v1.5.1", "standard", ["ReferenceGrant", "TLSRoute"]],
  ["v1.6.1", "experimental", ["ReferenceGrant", "TCPRoute", "TLSRoute"]],
])("when CRDs of v1.4.1 become those of %s (%s), each object is told of once, in v1", async (release, channel, moved) => {
  world = await startWorld();
  const { create, change } = objectsOf(world.client);
  await create("v1alpha2", "TLSRoute", { name: "any", spec: tlsSpec() });
  await create("v1alpha3", "TLSRoute", { name: "one", spec: tlsSpec("one.example") });
  await create("v1alpha2", "TCPRoute", { name: "tcp", spec: tlsSpec() });
  await create("v1beta1", "ReferenceGrant", {
    name: "grant",
    spec: { from: [{ group, kind: "TLSRoute", namespace: "default" }], to: [{ group: "", kind: "Service" }] },
  });
  const followed = followCluster(world.server.kubeconfigFile);
  try {
    await until(followed.synced, Boolean);
    expect(followed.versions.get("TLSRoute default/one")).toBe(`${group}/v1alpha3`);
    expect(followed.versions.get("TLSRoute default/any")).toBe(`${group}/v1alpha3`);
    followed.told.length = 0;
    await install(world, release, channel);
    const ours = [...followed.has.keys()].filter((name) => moved.some((kind) => name.startsWith(`${kind} `)));
    await until(
      () => ours.map((name) => followed.versions.get(name)),
      (versions) => versions.every((version) => version === `${group}/v1`),
    );
    expect(followed.told.toSorted()).toEqual(ours.map((name) => `+ ${name}`).toSorted());
    await change("v1", "TLSRoute", { name: "one", spec: { hostnames: ["other.example"] } });
    await create("v1", "ListenerSet", {
      name: "late",
      spec: { parentRef: { name: "eg" }, listeners: [{ name: "web", port: 80, protocol: "HTTP" }] },
    });
    await until(() => followed.has.has("ListenerSet default/late"), Boolean);
    await until(() => followed.told.length > ours.length + 1, Boolean);
    expect(followed.told.slice(ours.length).toSorted()).toEqual(["+ ListenerSet default/late", "+ TLSRoute default/one"]);
  } finally {
    await followed.stop();
  }
});

test("a replica that runs while CRDs of v1.4.1 become those of v1.5.1 goes on writing statuses, in v1", async () => {
  world = await startWorld();
  const { create, read, change } = objectsOf(world.client);
  await createBackend(world);
  await create("v1", "Gateway", { name: "eg", spec: gatewaySpec });
  await create("v1alpha3", "TLSRoute", { name: "one", spec: tlsSpec("one.example") });
  await create("v1alpha2", "TLSRoute", { name: "any", spec: tlsSpec() });
  const replica = await world.replica("one");
  const accepted = (one: Live): boolean => ofRoute(one, "Accepted") === "True/Accepted";
  await until(() => read("v1alpha3", "TLSRoute", "one"), accepted);
  const before = await until(() => read("v1alpha3", "TLSRoute", "any"), accepted);
  await install(world, "v1.5.1", "standard");
  await change("v1", "TLSRoute", { name: "one", spec: { parentRefs: [{ name: "eg", sectionName: "none" }] } });
  const after = await until(
    () => read("v1", "TLSRoute", "one"),
    (one) => ofRoute(one, "Accepted") === "False/NoMatchingParent",
  );
  expect(after.metadata.generation).toBe(2);
  // Nothing was said anew of what nobody touched.
  expect((await read("v1", "TLSRoute", "any")).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  // What v1 would not take is still told what becomes of it.
  const listeners = [{ ...tlsListener, allowedRoutes: { namespaces: { from: "All" }, kinds: [{ kind: "TCPRoute" }] } }];
  await change("v1", "Gateway", { name: "eg", spec: { listeners } });
  await until(
    () => read("v1", "TLSRoute", "any"),
    (one) => ofRoute(one, "Accepted") === "False/NotAllowedByListeners",
  );
  await create("v1", "ListenerSet", {
    name: "more",
    spec: { parentRef: { name: "eg" }, listeners: [{ name: "web", port: 80, protocol: "HTTP" }] },
  });
  await until(
    () => read("v1", "ListenerSet", "more"),
    ({ status }) => said(status?.conditions, "Accepted") === "True/Accepted",
  );
  expect(replica.output()).not.toMatch(/is not read|not written/);
});
