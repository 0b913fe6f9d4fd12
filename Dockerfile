# The operator's image: what image/operator.ts puts together without Docker. docker build -t docker.io/library/envoy-gateway-operator:0.1.0 .
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm ci --no-audit --no-fund && npm run --silent build

FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /build/package.json ./
COPY --from=build /build/dist dist/
COPY --from=build --chmod=755 /build/image/envoy-gateway /usr/local/bin/
ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production HOME=/tmp
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/envoy-gateway"]
