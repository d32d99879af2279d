package kafka

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// BenchmarkStart is from nothing to brokers that clients can connect to, and back.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := New(Config{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Brokers(); err != nil {
			b.Fatal(err)
		}
		if err := s.close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProduce is records of 200 bytes over six partitions, with acks=all.
func BenchmarkProduce(b *testing.B) {
	for name, dir := range map[string]string{"temporary": "", "durable": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			s, err := New(Config{Dir: dir})
			if err != nil {
				b.Fatal(err)
			}
			seeds, err := s.Brokers()
			if err != nil {
				b.Fatal(err)
			}
			defer s.close()
			client, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.SASL(root()), kgo.DefaultProduceTopic("t"))
			if err != nil {
				b.Fatal(err)
			}
			defer client.Close()
			if _, err := kadm.NewClient(client).CreateTopic(b.Context(), 6, 3, nil, "t"); err != nil {
				b.Fatal(err)
			}
			value := make([]byte, 200)
			for b.Loop() {
				client.Produce(context.Background(), &kgo.Record{Value: value}, nil)
			}
			if err := client.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
