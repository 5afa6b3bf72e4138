package console

import (
	"math"

	"github.com/macaw-ai/macaw/produce/report"
)

// score writes a metric's value, a dash when it is not known.
func score(metric string, v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return report.FormatMetric(metric, v)
}

func number(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return report.FormatNumber(v)
}

func duration(seconds float64) string { return report.FormatSeconds(seconds) }

func metricName(name string) string { return report.MetricName(name) }

func settings(config map[string]any) string { return report.FormatConfig(config) }
