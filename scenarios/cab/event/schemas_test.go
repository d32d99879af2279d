package event

import (
	"reflect"
	"testing"

	"github.com/hamba/avro/v2"
)

func reading() Telemetry {
	return Telemetry{
		ID: TelemetryID(123, 45), RunID: "r-1", Cab: CabName(123), Seq: 45, EventTime: 1_795_255_200_123, Schema: Schema,
		Lat: 47.38, Lon: 8.54, SpeedKmh: 31.5, Hired: true, EngineC: 91.5, BatteryV: 12.7,
		TyreKPa: []float64{221, 222.5, 220, 219}, GPSOK: true, Firmware: "2.1", Buffered: true,
	}
}

func schema(t *testing.T, text string) avro.Schema {
	t.Helper()
	s, err := avro.ParseWithCache(text, "", &avro.SchemaCache{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// roundTrip writes v by one schema and reads it by another.
func roundTrip[V any](t *testing.T, v V, writer, reader avro.Schema) V {
	t.Helper()
	data, err := avro.Marshal(writer, v)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := avro.NewSchemaCompatibility().Resolve(reader, writer)
	if err != nil {
		t.Fatal(err)
	}
	var got V
	if err := avro.Unmarshal(resolved, data, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestNewReadersReadOldFirmware(t *testing.T) {
	t.Parallel()
	v1, v2 := schema(t, TelemetrySchema(SchemaOld)), schema(t, TelemetrySchema(Schema))
	// BACKWARD: the new schema reads what the old one wrote.
	if err := avro.NewSchemaCompatibility().Compatible(v2, v1); err != nil {
		t.Fatal(err)
	}
	old := reading()
	old.Schema, old.TyreKPa, old.Firmware = SchemaOld, nil, ""
	got := roundTrip(t, old, v1, v2)
	if len(got.TyreKPa) != 0 {
		t.Errorf("tyres %v appeared", got.TyreKPa)
	}
	got.TyreKPa = nil
	if !reflect.DeepEqual(got, old) {
		t.Errorf("got %+v, want %+v", got, old)
	}
	if got := roundTrip(t, reading(), v2, v2); !reflect.DeepEqual(got, reading()) {
		t.Errorf("got %+v, want %+v", got, reading())
	}
	if TelemetrySchema(3) != "" {
		t.Error("there is a third schema")
	}
}

// A field that a schema lacks would be lost without a word: every tagged field
// of the type must come back.
func TestSchemasCarryEveryField(t *testing.T) {
	t.Parallel()
	activity := Activity{
		ID: "d000001-000002", RunID: "r", Cab: "cab-00000001", Seq: 2, EventTime: 3, Zone: "zone-0-1", Lat: 4.5, Lon: 5.5,
		SpeedKmh: 6.5, Hired: true, PickUp: true, DropOff: true, Schema: 2, Gap: 7,
		Health: []HealthChange{{Engine, Opened, 8, 9}}, Open: []string{Engine},
	}
	metrics := Metrics{
		RunID: "r", Zone: "zone-0-1", WindowStart: 60_000, Revision: 1, Events: 2, Hired: 3, Free: 4, PickUps: 5,
		DropOffs: 6, ActiveCabs: 7, SpeedSumKmh: 8.5, SpeedCount: 9, NoFreeWindows: 10, Missing: 11, OldSchema: 12,
	}
	for _, v := range []any{reading(), activity, metrics} {
		for i := range reflect.TypeOf(v).NumField() {
			if reflect.ValueOf(v).Field(i).IsZero() {
				t.Errorf("%T.%s is zero here and would be missed by nobody", v, reflect.TypeOf(v).Field(i).Name)
			}
		}
	}
	a, m := schema(t, ActivitySchema()), schema(t, MetricsSchema())
	if got := roundTrip(t, activity, a, a); !reflect.DeepEqual(got, activity) {
		t.Errorf("got %+v, want %+v", got, activity)
	}
	if got := roundTrip(t, metrics, m, m); !reflect.DeepEqual(got, metrics) {
		t.Errorf("got %+v, want %+v", got, metrics)
	}
}
