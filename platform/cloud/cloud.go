// Package cloud is the embedded cloud: AWS services on one loopback endpoint.
package cloud
