package cell

import (
	"math"
	"testing"
	"time"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		in   string
		want float32
	}{
		{"12", 12}, {" -1.5e3 ", -1500}, {"+7", 7}, {".5", 0.5}, {"5.", 5},
		{"1,234.5", 1234.5}, {"1.234,5", 1234.5}, {"1,234,567", 1234567}, {"1.234.567", 1234567},
		{"0,5", 0.5}, {"12,75", 12.75}, {"1,234", 1234}, {"1 234", 1234}, {"1'234.5", 1234.5},
		{"12%", 12}, {"12.5 %", 12.5}, {"$1,200", 1200}, {"-$5", -5}, {"$-5", -5}, {"5 €", 5}, {"(5.5)", -5.5},
		{"16777217", 16777216}, // rounded to float32
	} {
		got, missing, err := ParseNumber(c.in)
		if got != c.want || missing || err != nil {
			t.Errorf("ParseNumber(%q) = %v, %v, %v; want %v", c.in, got, missing, err, c.want)
		}
	}
	for _, in := range []string{"", "  ", "?", "NA", "n/a", "NaN", "null", "None", "-", ".", "inf", "-Infinity", "1e300"} {
		if got, missing, err := ParseNumber(in); !missing || err != nil || !math.IsNaN(float64(got)) {
			t.Errorf("ParseNumber(%q) = %v, %v, %v; want missing", in, got, missing, err)
		}
	}
	for _, in := range []string{"abc", "1,23,4", "0x10", "1-2", "12 apples", "1_000", "2024-01-01", "e5", "..", "1.2.3", "$", "%", "()"} {
		if got, missing, err := ParseNumber(in); err == nil {
			t.Errorf("ParseNumber(%q) = %v, %v; want an error", in, got, missing)
		}
	}
}

func TestParseDate(t *testing.T) {
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	noon := func(y, m, d int) time.Time { return day(y, m, d).Add(12*time.Hour + 30*time.Minute) }
	for _, c := range []struct {
		in   string
		want time.Time
	}{
		{"2024-03-01", day(2024, 3, 1)}, {"2024/3/1", day(2024, 3, 1)}, {"2024.03.01", day(2024, 3, 1)}, {"2024-03", day(2024, 3, 1)},
		{"3/1/2024", day(2024, 3, 1)}, {"13/1/2024", day(2024, 1, 13)}, {"1.3.2024", day(2024, 3, 1)}, {"3/1/98", day(1998, 3, 1)},
		{"Jun 12 1998", day(1998, 6, 12)}, {"June 12, 1998", day(1998, 6, 12)}, {"12 June 1998", day(1998, 6, 12)},
		{"12-Jun-1998", day(1998, 6, 12)}, {"12-Jun-98", day(1998, 6, 12)}, {"Sept 1st, 2020", day(2020, 9, 1)}, {"Mar 2024", day(2024, 3, 1)},
		{"2024-03-01T12:30:00Z", noon(2024, 3, 1)}, {"2024-03-01 12:30", noon(2024, 3, 1)},
		{"Fri, 01 Mar 2024 12:30:00 +0100", noon(2024, 3, 1)}, {"3/1/2024 12:30 PM", noon(2024, 3, 1)},
		{"2024-03-01 12:30:00.000123", noon(2024, 3, 1)},
	} {
		if got, missing, err := ParseDate(c.in); !got.Equal(c.want) || missing || err != nil {
			t.Errorf("ParseDate(%q) = %v, %v, %v; want %v", c.in, got, missing, err, c.want)
		}
	}
	for _, in := range []string{"1998", "12.5", "1234.56", "3.14", "2024-13-01", "2024-02-30", "hello", "May", "12:30", "1-2", "192.168.1.1", "v1.2.3", "2024-03-01x", "12345678"} {
		if got, _, err := ParseDate(in); err == nil {
			t.Errorf("ParseDate(%q) = %v; want an error", in, got)
		}
	}
}

func TestDateParts(t *testing.T) {
	got := DateParts("1970-01-11T06:30:00")
	want := []float32{10.270833, 1970, 1, 11, 0, 6.5}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s = %v, want %v", DatePartNames[i], got[i], want[i])
		}
	}
	if p := DateParts("soon"); len(p) != len(DatePartNames) || !math.IsNaN(float64(p[0])) {
		t.Errorf("DateParts of no date = %v, want NaN", p)
	}
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"1,234.5", "(5)", "$-5", "2024-03-01T12:30:00Z", "Fri, 01 Mar 2024", "1.2.3", "‚", "1e", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, missing, err := ParseNumber(s)
		if err == nil && missing != math.IsNaN(float64(v)) {
			t.Errorf("ParseNumber(%q) = %v, missing %v", s, v, missing)
		}
		if math.IsInf(float64(v), 0) {
			t.Errorf("ParseNumber(%q) is infinite", s)
		}
		if d, missing, err := ParseDate(s); err == nil && !missing && (d.Year() < 1 || d.Year() > 9999) {
			t.Errorf("ParseDate(%q) = %v", s, d)
		}
	})
}
