package main

import "testing"

func TestDecodersAgree(t *testing.T) {
	t.Parallel()
	byAvro, source := byAvro(), newTrips()
	for i := range 1000 {
		want := source.next()
		json, binary := want.appendJSON(nil, i), want.appendAvro(nil, i)
		for _, data := range [][]byte{json, binary} {
			if n := len(data); n < kafkaBytes*9/10 || n > kafkaBytes*11/10 {
				t.Fatalf("%d bytes: %s", n, data)
			}
		}
		for name, decode := range map[string]func(*trip) error{
			"scan":    func(r *trip) error { return byScan(json, r) },
			"go-json": func(r *trip) error { return byGoJSON(json, r) },
			"avro":    func(r *trip) error { return byAvro(binary, r) },
		} {
			var got trip
			if err := decode(&got); err != nil || got != want {
				t.Fatalf("%s: got %+v (%v), want %+v", name, got, err, want)
			}
		}
	}
	for _, bad := range []string{"", "{}", `{"cab"`, `{"cab":"x"`, `{"cab":`, `{"event_time":"yesterday"}`} {
		if err := byScan([]byte(bad), &trip{}); err == nil {
			t.Errorf("%s is a trip", bad)
		}
	}
}
