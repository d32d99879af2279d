// Package compose names the container images that weir runs with. compose.yaml
// takes the same ones, and a test holds the two together.
package compose

import (
	"cmp"
	"os"
)

// Image is a container image by a pinned tag.
type Image struct {
	Variable string // of the environment, that names another
	Default  string
}

// Name is what to start.
func (i Image) Name() string { return cmp.Or(os.Getenv(i.Variable), i.Default) }

// Kafka is a broker and controller in one, without ZooKeeper.
func Kafka() Image { return Image{"KAFKA_IMAGE", "apache/kafka:4.1.1"} }

// OpenSearch is one node.
func OpenSearch() Image { return Image{"OPENSEARCH_IMAGE", "opensearchproject/opensearch:2.19.3"} }

// Weir is this repository's own; `go tool task image` builds it.
func Weir() Image { return Image{"WEIR_IMAGE", "weir:local"} }

// Prometheus scrapes what scenarios and parts count.
func Prometheus() Image { return Image{"PROMETHEUS_IMAGE", "prom/prometheus:v2.42.0"} }

// Grafana shows it.
func Grafana() Image { return Image{"GRAFANA_IMAGE", "grafana/grafana:11.6.0"} }

// Dashboards shows what is in OpenSearch, of whose version it has to be.
func Dashboards() Image {
	return Image{"DASHBOARDS_IMAGE", "opensearchproject/opensearch-dashboards:2.19.3"}
}
