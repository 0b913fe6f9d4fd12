module descriptors

go 1.26

require (
	github.com/cncf/xds/go v0.0.0-20251110193048-8bfbf64dc13e
	github.com/envoyproxy/go-control-plane/envoy v1.37.0
	github.com/envoyproxy/go-control-plane/ratelimit v0.1.0
	go.opentelemetry.io/proto/otlp v1.9.0
	google.golang.org/grpc v1.78.0
	google.golang.org/protobuf v1.36.11
)
