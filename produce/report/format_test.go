package report

import "testing"

func TestFormats(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{FormatNumber(0.00012345), "0.0001234"}, {FormatNumber(3.5), "3.5"}, {FormatNumber(50000.0), "50\u2009000"}, {FormatNumber(-12345.6), "−12\u2009346"},
		{FormatNumber(1e12), "1e+12"}, {FormatNumber(7), "7"}, {FormatNumber(60000), "60\u2009000"}, {FormatNumber(true), "true"},
		{FormatMetric("accuracy", 0.98765), "98.77 %"}, {FormatMetric("r2", 0.5), "0.5"},
		{FormatSeconds(1.25), "1.2 s"}, {FormatSeconds(61), "61 s"}, {FormatSeconds(300), "5 min 00 s"}, {FormatSeconds(9000), "2 h 30 min"},
		{FormatConfig(map[string]any{"b_c": 2.0, "a": "x"}), "a x · b c 2"}, {TaskTitle("tabular-regression"), "Table regression"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
