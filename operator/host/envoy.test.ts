// What a supervised Envoy's own words mean; that it is started, restarted and drained is told in infrastructure.test.ts and by the stories.

import { requestsIn } from "./envoy.ts";

test("the question for requests under way does not count itself", () => {
  const statistics = (active: number) =>
    `http.admin.downstream_rq_active: 1\nhttp.http-80.downstream_rq_active: ${active}\nhttp.https-443.downstream_rq_active: 2\n`;
  expect([requestsIn(statistics(0)), requestsIn(statistics(3))]).toEqual([2, 5]);
  expect(requestsIn("http.admin.downstream_rq_active: 1\n")).toBe(0);
});
