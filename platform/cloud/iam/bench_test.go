package iam

import (
	"testing"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// BenchmarkAuthorize asks what a producer's every call asks.
func BenchmarkAuthorize(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	u := &identity{id: "AIDAX", arn: "arn:aws:iam::123456789012:user/u", inline: map[string]*inlinePolicy{}}
	s.identities[u.id] = u
	err = u.putInline("user", "p", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["kinesis:PutRecord","kinesis:PutRecords"],"Resource":"arn:aws:kinesis:*:*:stream/location-*"},
		{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`, 2048)
	if err != nil {
		b.Fatal(err)
	}
	p := wire.Principal{AccountID: "123456789012", ARN: u.arn, UserID: u.id}
	a := wire.Access{Action: "kinesis:PutRecords", Resource: "arn:aws:kinesis:us-east-1:123456789012:stream/location-signups"}
	call := &wire.Call{Principal: p}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Authorize(call, a); err != nil {
			b.Fatal(err)
		}
	}
}
