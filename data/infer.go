package data

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/data/cell"
)

// The shares and sizes that types are told by.
const (
	nearlyAll   = 0.98 // of the cells must be numbers or dates
	fewNumbers  = 20   // distinct numbers from which stray words among them are missing
	uniqueShare = 0.95 // distinct among the present cells of an identifier
	maxLevels   = 1000 // levels that a column lists
	manyWords   = 5.0  // words a cell in the mean, from which it is free text
)

// cells is what one pass over a column finds.
type cells struct {
	raw      []string
	floats   []float32
	counts   map[string]int
	present  int
	numbers  int
	dates    int
	infinite int
	whole    bool // all numbers are whole
	coded    bool // digits with leading zeros and equal lengths: a code
	words    float64
	bytes    int
	strays   []string // cells among numbers that are none
}

func look(raw []string) *cells {
	c := &cells{raw: raw, floats: make([]float32, len(raw)), counts: map[string]int{}, whole: true}
	length, zeros, sameLength := -1, false, true
	for i, s := range raw {
		if cell.Missing(s) {
			c.floats[i] = float32(math.NaN())
			continue
		}
		c.present++
		c.counts[s]++
		v, missing, err := cell.ParseNumber(s)
		c.floats[i] = v
		switch {
		case err == nil && !missing:
			c.numbers++
			c.whole = c.whole && float64(v) == math.Trunc(float64(v))
			if length >= 0 && len(s) != length {
				sameLength = false
			}
			length = len(s)
			zeros = zeros || len(s) > 1 && s[0] == '0' && strings.Trim(s, "0123456789") == ""
		case err == nil:
			c.infinite++
		case len(c.strays) < 1000:
			c.strays = append(c.strays, s)
		}
	}
	c.coded = zeros && sameLength && c.whole
	if !c.isNumber() {
		c.lookAtWords()
	}
	return c
}

// lookAtWords counts dates and words among the distinct cells.
func (c *cells) lookAtWords() {
	words := 0
	for s, n := range c.counts {
		if len(s) <= 64 {
			if _, missing, err := cell.ParseDate(s); err == nil && !missing {
				c.dates += n
			}
		}
		words += n * countWords(s)
		c.bytes += n * len(s)
	}
	c.words = float64(words) / float64(max(1, c.present))
}

// countWords stops at 1000.
func countWords(s string) int {
	n, in := 0, false
	for i := 0; i < len(s) && n < 1000; i++ {
		blank := s[i] == ' ' || s[i] == '\n' || s[i] == '\t'
		if !blank && !in {
			n++
		}
		in = !blank
	}
	return n
}

func (c *cells) isNumber() bool {
	if c.numbers == 0 || c.coded {
		return false
	}
	if c.numbers+c.infinite == c.present {
		return true
	}
	// Some words among very many numbers stand for missing ones.
	return float64(c.numbers+c.infinite) >= nearlyAll*float64(c.present) && len(c.counts) > fewNumbers
}

func (c *cells) isDate() bool {
	return c.dates > 0 && float64(c.dates) >= nearlyAll*float64(c.present)
}

// distinctShare is the share of different cells among the present ones.
func (c *cells) distinctShare() float64 {
	return float64(len(c.counts)) / float64(max(1, c.present))
}

var identifierName = regexp.MustCompile(`(?i)^(id|uuid|guid|index|idx|key|rowid|row|row_?(id|number|num|no)|no|nr|unnamed:? ?0|.*[ _.-](id|uuid|guid|key)|.*[a-z]I[Dd])$`)

// infer decides the type of a column.
func infer(name string, c *cells) Column {
	col := Column{Name: name, Missing: len(c.raw) - c.present, Distinct: len(c.counts), Role: RoleFeature}
	for _, s := range c.raw {
		if !cell.Missing(s) {
			col.Example = clip(s, 100)
			break
		}
	}
	col.Type, col.Why = c.kind(name)
	switch col.Type {
	case Number:
		col.describe(c)
	case Category:
		col.Levels = levels(c.counts)
	case Identifier, Constant:
		col.Role = RoleIgnored
	}
	return col
}

// kind tells the type and why.
func (c *cells) kind(name string) (ColumnType, string) {
	n, distinct := len(c.raw), len(c.counts)
	switch {
	case c.present == 0:
		return Constant, "every cell is missing"
	case distinct == 1 && c.present == n:
		return Constant, "every cell is the same"
	case c.isNumber():
		if c.numberIdentifies(name) {
			return Identifier, "a different whole number in every row"
		}
		if c.numbers+c.infinite < c.present {
			return Number, fmt.Sprintf("numbers, and %d cells that are none and count as missing", c.present-c.numbers-c.infinite)
		}
		return Number, "every cell is a number"
	case c.isDate():
		return Date, "the cells are dates"
	case c.words >= manyWords && float64(distinct) > max(20, 0.1*float64(c.present)):
		return FreeText, fmt.Sprintf("%.0f words a cell", c.words)
	case c.present >= 20 && c.distinctShare() > uniqueShare && c.words < 1.5:
		return Identifier, "a different word in nearly every row"
	case c.present >= 20 && c.distinctShare() > uniqueShare && identifierName.MatchString(name):
		return Identifier, "named like an identifier and different in nearly every row"
	case c.present >= 20 && c.distinctShare() > 0.5 && c.words >= 1.5:
		return FreeText, fmt.Sprintf("words that hardly repeat: %d different in %d cells", distinct, c.present)
	case c.coded:
		return Category, "codes with leading zeros"
	}
	return Category, fmt.Sprintf("%d different words", distinct)
}

// numberIdentifies reports whether whole numbers count the rows: all different,
// and named like an identifier or going up by one.
func (c *cells) numberIdentifies(name string) bool {
	if !c.whole || c.present < 10 || float64(len(c.counts)) < 0.99*float64(c.present) {
		return false
	}
	if identifierName.MatchString(name) {
		return true
	}
	if c.numbers != len(c.raw) {
		return false
	}
	for i := 1; i < len(c.floats); i++ {
		if c.floats[i] != c.floats[i-1]+1 {
			return false
		}
	}
	return true
}

// describe fills in the figures of a number column.
func (col *Column) describe(c *cells) {
	col.Missing = len(c.raw) - c.numbers
	n, mean, m2 := 0.0, 0.0, 0.0
	for _, v := range c.floats {
		x := float64(v)
		if math.IsNaN(x) {
			continue
		}
		if n == 0 {
			col.Min, col.Max = x, x
		}
		col.Min, col.Max = min(col.Min, x), max(col.Max, x)
		n++
		d := x - mean // Welford 1962
		mean += d / n
		m2 += d * (x - mean)
	}
	col.Min, col.Max = shortest(col.Min), shortest(col.Max)
	col.Mean = mean
	if n > 1 {
		col.Std = math.Sqrt(m2 / (n - 1))
	}
}

// shortest gives a float32 as the shortest decimal that rounds to it: 1.4, not
// 1.399999976158142.
func shortest(v float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', -1, 32), 64)
	if err != nil {
		return v
	}
	return short
}

// levels lists the values, the most frequent first.
func levels(counts map[string]int) []string {
	out := make([]string, 0, len(counts))
	for s := range counts {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	return slices.Clone(out[:min(len(out), maxLevels)])
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
