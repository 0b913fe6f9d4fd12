#!/usr/bin/env bash
# Renews ../envoy.binpb from the Go modules that go.mod names. Needs Go; run by hand when the Envoy API version moves.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
target=$PWD/../envoy.binpb
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp go.mod go.sum main.go "$work"
cd "$work"

# The cncf/xds packages and the OTLP collectors are not all reached through Envoy's own imports, so they are named too.
go mod download
packages() {
  go list -mod=mod -e -f '{{if .GoFiles}}{{.ImportPath}}{{end}}' \
    github.com/envoyproxy/go-control-plane/envoy/... github.com/envoyproxy/go-control-plane/ratelimit/... github.com/cncf/xds/go/... |
    grep -E '/(v3|v3alpha|v3beta)$|/annotations$|udpa/type/v1$'
  echo go.opentelemetry.io/proto/otlp/collector/logs/v1
  echo go.opentelemetry.io/proto/otlp/collector/metrics/v1
  echo google.golang.org/grpc/health/grpc_health_v1
}
{
  echo "package main"
  echo "import ("
  packages | sort -u | sed 's/.*/\t_ "&"/'
  echo ")"
} >imports.go

go run -mod=mod . envoy.binpb
cp envoy.binpb "$target"
cp go.sum "$here"
