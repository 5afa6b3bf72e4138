package data

import (
	"time"

	"github.com/macaw-ai/macaw/data/cell"
)

// DatePartNames names the numbers that DateParts gives, in order.
var DatePartNames = cell.DatePartNames

// Missing reports whether a cell holds no value, such as an empty one, ? or NA.
func Missing(s string) bool { return cell.Missing(s) }

// ParseNumber reads the cell of a number column, rounded to float32; a missing
// one is NaN and true. Thousands, percent and currency marks are allowed.
func ParseNumber(s string) (v float32, missing bool, err error) { return cell.ParseNumber(s) }

// ParseDate reads the cell of a date column; the time of day is kept as written.
func ParseDate(s string) (t time.Time, missing bool, err error) { return cell.ParseDate(s) }

// DateParts returns the parts of a date in the order of DatePartNames, all NaN
// when the cell is missing or no date.
func DateParts(s string) []float32 { return cell.DateParts(s) }
