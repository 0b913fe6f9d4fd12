// A proxy that lies: what it may be told is decided by the ServiceAccount of its token and by the store, whatever it says of itself.

import type { TestObject } from "../../reconcilers/testing/object.ts";
import { envoyProxy, gatewayClass, gatewayWith, parametersRef } from "../../reconcilers/testing/gateways.ts";
import { infrastructureOf } from "../../reconcilers/gateway/infrastructure.ts";
import { applied, world } from "../../reconcilers/testing/world.ts";
import { createFakeClock } from "../testing/clock.ts";
import { createProxyIdentity } from "./proxy-identity.ts";
import type { Reviewed } from "./token-review.ts";

const listeners = [{ name: "http" }];
const clock = createFakeClock();
const expires = clock.today().getTime() + 3_600_000;

/** "namespace/name" of the ServiceAccount that is made for a proxy. */
function accountOf(objects: readonly TestObject[], proxy: string): string {
  const account = infrastructureOf(world(...objects), proxy)?.find(({ kind }) => kind === "ServiceAccount");
  return `${account?.metadata.namespace}/${account?.metadata.name}`;
}

/** What the bearer of a token is told that says it is `id` of `cluster`. */
async function asks(store: ReturnType<typeof world>, who: Reviewed, { id = "eg-1", cluster = "default/eg" } = {}) {
  const authenticate = createProxyIdentity({ review: async () => who, db: () => store, synced: Promise.resolve(), clock });
  const answer = await authenticate({ peer: "10.0.0.1:5", token: "token" });
  return "authorise" in answer ? answer.authorise("10.0.0.1:5", { id, cluster }) : answer;
}

const pod = (account: string, name: string | undefined = "eg-1"): Reviewed => ({ account, pod: name, expires });
const plain = [gatewayWith("eg", listeners)];
const merging = [
  gatewayClass("eg", { parametersRef: { ...parametersRef("merging"), namespace: "default" } }),
  envoyProxy("merging", { mergeGateways: true }),
  gatewayWith("one", listeners),
];
const [own, merged] = [accountOf(plain, "default/eg"), accountOf(merging, "eg")];
const named = (name: string) =>
  envoyProxy("named", { provider: { type: "Kubernetes", kubernetes: { envoyServiceAccount: { name } } } });
const unusable = envoyProxy("named", {
  provider: {
    type: "Kubernetes",
    kubernetes: { envoyServiceAccount: { name: "mine" }, envoyDeployment: {}, envoyDaemonSet: {} },
  },
});
const withSettings = gatewayWith("eg", listeners, { infrastructure: { parametersRef: parametersRef("named") } });

const cases: readonly (readonly [string, readonly TestObject[], Reviewed, { id?: string; cluster?: string }, unknown])[] = [
  ["a pod of the Gateway", plain, pod(own), {}, { proxy: "default/eg" }],
  [
    "a pod that claims to be of another Gateway",
    [gatewayWith("eg", listeners), gatewayWith("other", listeners)],
    pod(own),
    { cluster: "default/other" },
    { refusal: `pod default/eg-1 (ServiceAccount ${own}) is no proxy of default/other` },
  ],
  [
    "a pod that claims to be another pod",
    plain,
    pod(own),
    { id: "eg-2" },
    { refusal: `pod default/eg-1 (ServiceAccount ${own}) calls itself eg-2` },
  ],
  [
    "a pod of the same name in another namespace",
    plain,
    pod(own.replace("default/", "team/")),
    {},
    { refusal: `pod team/eg-1 (ServiceAccount ${own.replace("default/", "team/")}) is no proxy of default/eg` },
  ],
  [
    "any other pod",
    plain,
    pod("default/default", "web-1"),
    { id: "web-1" },
    { refusal: "pod default/web-1 (ServiceAccount default/default) is no proxy of default/eg" },
  ],
  [
    "who claims nothing that exists",
    plain,
    pod(own),
    { cluster: "eg" },
    { refusal: `pod default/eg-1 (ServiceAccount ${own}) is no proxy of eg` },
  ],
  [
    "a token that is bound to no pod",
    plain,
    { account: own, pod: undefined, expires },
    { id: "anything" },
    { proxy: "default/eg" },
  ],
  [
    "a pod under the name that the settings choose",
    [named("mine"), withSettings],
    pod("default/mine"),
    {},
    { proxy: "default/eg" },
  ],
  [
    "a pod under the name that settings chose which have become unusable",
    [unusable, withSettings],
    pod("default/mine"),
    {},
    { proxy: "default/eg" },
  ],
  [
    "a pod under the name from before the settings chose another",
    [named("mine"), withSettings],
    pod(own),
    {},
    { refusal: `pod default/eg-1 (ServiceAccount ${own}) is no proxy of default/eg` },
  ],
  ["a pod of merged Gateways", merging, pod(merged), { cluster: "eg" }, { proxy: "eg" }],
  [
    "a pod of merged Gateways that claims to be of one of them alone",
    merging,
    pod(merged),
    { cluster: "default/one" },
    {
      refusal: `pod envoy-gateway-system/eg-1 (ServiceAccount ${merged}) is no proxy of default/one`,
    },
  ],
  [
    "an invalid token",
    plain,
    { problem: "its token is not valid", unavailable: false },
    {},
    { refusal: "the client is refused: its token is not valid", because: "unauthenticated" },
  ],
  [
    "a token that nobody can judge",
    plain,
    { problem: "its token cannot be reviewed", unavailable: true },
    {},
    { refusal: "the client is refused: its token cannot be reviewed", because: "unavailable" },
  ],
];

test.each(cases)("%s", async (_, objects, who, claim, answer) =>
  expect(await asks(world(...objects), who, claim)).toEqual(answer),
);

test("no token is no entry, and nobody is asked", async () => {
  const review = (): never => {
    throw new Error("nobody should be asked");
  };
  const authenticate = createProxyIdentity({ review, db: () => world(), synced: Promise.resolve(), clock });
  expect(await authenticate({ peer: "p", token: undefined })).toEqual({
    refusal: "the client shows no token",
    because: "unauthenticated",
  });
});

test("an answer holds as long as the token, and waits until the store knows what there is", async () => {
  let know = (): void => {};
  const synced = new Promise<void>((resolve) => (know = resolve));
  const store = world();
  const authenticate = createProxyIdentity({ review: async () => pod(own), db: () => store, synced, clock });
  const asked = authenticate({ peer: "p", token: "token" });
  expect(await Promise.race([asked, Promise.resolve("waits")])).toBe("waits");
  store.apply([applied(gatewayWith("eg", listeners))]);
  know();
  const answer = await asked;
  expect(answer).toEqual({ authorise: expect.any(Function), validMs: 3_600_000 });
  expect("authorise" in answer && answer.authorise("p", { id: "eg-1", cluster: "default/eg" })).toEqual({ proxy: "default/eg" });
});
