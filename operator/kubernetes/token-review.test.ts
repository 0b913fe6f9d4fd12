// What is asked of the API server, how answers are read, and how long they hold. That real tokens get these answers: e2e/xds-security.e2e.ts.

import { createFakeClock } from "../testing/clock.ts";
import { ApiError, type Call } from "./client.ts";
import { createTokenReview } from "./token-review.ts";

const start = "2026-06-01T00:00:00Z";
const minutes = (count: number): number => count * 60_000;

/** A token that says it expires so many milliseconds after the start. */
function token(expiresMs: number, name = "a"): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [part({ alg: "RS256" }), part({ name, exp: (Date.parse(start) + expiresMs) / 1000 }), "signature"].join(".");
}

const good = {
  authenticated: true,
  audiences: ["envoy-gateway"],
  user: {
    username: "system:serviceaccount:team:eg",
    extra: { "authentication.kubernetes.io/pod-name": ["eg-1"] },
  },
};

function reviewing(answer: (call: Call) => unknown) {
  const calls: Call[] = [];
  const clock = createFakeClock(start);
  const client = {
    call: async (call: Call): Promise<unknown> => {
      calls.push(call);
      return { status: answer(call) };
    },
  };
  return { calls, clock, review: createTokenReview({ client, audience: "envoy-gateway", clock }) };
}

test("the API server is asked about the token and our audience, and says as whom the client runs", async () => {
  const { calls, review } = reviewing(() => good);
  const shown = token(minutes(60));
  expect(await review(shown)).toEqual({ account: "team/eg", pod: "eg-1", expires: Date.parse(start) + minutes(60) });
  expect(calls).toEqual([
    {
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/tokenreviews",
      body: {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token: shown, audiences: ["envoy-gateway"] },
      },
      timeoutMs: 8000,
      urgent: true,
    },
  ]);
});

test.each([
  ["is not authenticated", { authenticated: false, error: "token has expired" }, "its token is not valid: token has expired"],
  ["is for somebody else", { ...good, audiences: ["api"] }, "its token is not for envoy-gateway"],
  ["was reviewed without regard to audiences", { ...good, audiences: undefined }, "its token is not for envoy-gateway"],
  ["is a person's", { ...good, user: { username: "jane" } }, "its token is of jane, which is no ServiceAccount"],
])("a token that %s is refused", async (_, status, problem) => {
  const { review } = reviewing(() => status);
  expect(await review(token(minutes(60)))).toEqual({ problem, unavailable: false });
});

test("what cannot be a token costs no call", async () => {
  const { calls, review } = reviewing(() => good);
  for (const garbage of ["", "abc", "a.b.c", "..", "a.bnVsbA.c"])
    expect(await review(garbage)).toEqual({ problem: "what it shows is no token", unavailable: false });
  expect(calls).toEqual([]);
});

test("a good answer holds for a minute, a refusal for ten seconds, and neither beyond the life of the token", async () => {
  let status: unknown = good;
  const { calls, clock, review } = reviewing(() => status);
  const [long, short] = [token(minutes(60)), token(minutes(0.5), "b")];
  await review(long);
  await review(short);
  clock.pass(29_999);
  await Promise.all([review(long), review(short)]);
  expect(calls.length).toBe(2);
  status = { authenticated: false };
  clock.pass(1);
  expect([await review(long), await review(short)]).toEqual([
    expect.objectContaining({ account: "team/eg" }),
    { problem: "its token is not valid", unavailable: false },
  ]);
  clock.pass(9999);
  await review(short);
  expect(calls.length).toBe(3);
  clock.pass(1);
  await review(short);
  expect(calls.length).toBe(4);
  clock.pass(20_000);
  expect(await review(long)).toEqual({ problem: "its token is not valid", unavailable: false });
});

test("without an API server a known token holds, an unknown one is not judged, and is asked about anew", async () => {
  let down = false;
  const { calls, review } = reviewing(() => {
    if (down) throw new Error("connect ECONNREFUSED");
    return good;
  });
  const known = token(minutes(60));
  await review(known);
  down = true;
  const unknown = token(minutes(60), "b");
  expect(await review(known)).toMatchObject({ account: "team/eg" });
  expect(await review(unknown)).toEqual({ problem: "its token cannot be reviewed: connect ECONNREFUSED", unavailable: true });
  down = false;
  expect(await review(unknown)).toMatchObject({ account: "team/eg" });
  expect(calls.length).toBe(3);
});

test("a missing right of ours is no fault of the client, and is named", async () => {
  const { review } = reviewing(() => {
    throw new ApiError("POST …: 403 forbidden", { status: 403, reason: "Forbidden", retryAfterMs: undefined });
  });
  expect(await review(token(minutes(60)))).toEqual({
    problem: "its token cannot be reviewed: POST …: 403 forbidden (the operator needs the right to create tokenreviews)",
    unavailable: true,
  });
});

test("twenty streams of one pod at once are one question", async () => {
  const { calls, review } = reviewing(() => good);
  const shown = token(minutes(60));
  await Promise.all(Array.from({ length: 20 }, () => review(shown)));
  expect(calls.length).toBe(1);
});
