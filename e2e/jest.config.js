import base from "../jest.config.js";

/** Tests with more real parts than Node and Envoy. One at a time: they own ports and time. */
export default {
  ...base,
  rootDir: "..",
  testMatch: ["<rootDir>/e2e/**/*.e2e.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  maxWorkers: 1,
  testTimeout: 300_000,
};
