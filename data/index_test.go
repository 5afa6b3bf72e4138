package data

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func exampleIndex(t testing.TB) ([]Sample, []entry, []byte) {
	samples := []Sample{
		{Path: "a/1.png", Hash: strings.Repeat("ab", 32), Label: 3, Part: Test},
		{Path: "", Hash: strings.Repeat("01", 32), Label: -1, Value: 1.5, Part: Validation, Group: "g"},
	}
	entries := []entry{{offset: 1 << 40, length: 7, width: 8, height: 9, coding: codedGrey}, {}}
	p, err := encodeIndex(samples, entries)
	if err != nil {
		t.Fatal(err)
	}
	return samples, entries, p
}

func TestIndexRoundTrip(t *testing.T) {
	samples, entries, p := exampleIndex(t)
	gotSamples, gotEntries, err := decodeIndex(p)
	if err != nil || !reflect.DeepEqual(gotSamples, samples) || !reflect.DeepEqual(gotEntries, entries) {
		t.Errorf("%+v, %+v, %v", gotSamples, gotEntries, err)
	}
	for n := range p {
		if _, _, err := decodeIndex(p[:n]); err == nil {
			t.Fatalf("%d of %d bytes decode", n, len(p))
		}
	}
}

func exampleColumns() []*Series {
	return []*Series{
		{Floats: []float32{1, float32(math.Inf(-1)), -0.5}},
		{Strings: []string{"x", "x", ""}},
		{Strings: []string{"one", "two", "three"}},
	}
}

func TestColumnsRoundTrip(t *testing.T) {
	want := exampleColumns()
	p := encodeColumns(want)
	got := []*Series{{}, {}, {}}
	if rows, err := decodeColumns(p, got); err != nil || rows != 3 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows, %+v, %v", rows, got, err)
	}
	for n := range p {
		if _, err := decodeColumns(p[:n], []*Series{{}, {}, {}}); err == nil {
			t.Fatalf("%d of %d bytes decode", n, len(p))
		}
	}
}

func FuzzDecodeStored(f *testing.F) {
	_, _, index := exampleIndex(f)
	f.Add(index)
	f.Add(encodeColumns(exampleColumns()))
	f.Fuzz(func(t *testing.T, p []byte) {
		samples, entries, err := decodeIndex(p)
		if err == nil && len(samples) != len(entries) {
			t.Errorf("%d samples, %d entries", len(samples), len(entries))
		}
		decodeColumns(p, []*Series{{}, {}, {}})
	})
}
