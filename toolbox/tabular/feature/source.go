// Package feature turns the columns of a table into matrices of float32 for
// trees, linear models and networks, and exports the very same computation as
// ONNX nodes from one input per column.
//
// Two primitives do nearly all of it: Numeric, an affine map with bounds of
// number and date inputs, and Lookup, a row of a table per category.
package feature

import (
	"fmt"
	"strings"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Column is one feature column as recipes use it.
type Column struct {
	Name    string
	Input   string // name of its ONNX input
	Type    data.ColumnType
	Width   int       // numbers in a row: 1, the parts of a date, 0 for the others
	Floats  []float32 // [rows, Width] of numbers and dates; NaN is missing
	Strings []string  // [rows] of categories and texts; "" is missing
	tokens  *tokens
}

// Source is the feature columns of a table.
type Source struct {
	Rows    int
	Columns []Column
}

// NewSource reads the feature columns of t, and the parts of its dates.
// Columns of identifiers and constants are not used, whatever their role.
func NewSource(t *data.Table) *Source {
	s := &Source{Rows: t.Rows}
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	inputs := InputNames(names)
	for i, c := range t.Columns {
		col := Column{Name: c.Name, Input: inputs[i], Type: c.Type}
		switch c.Type {
		case data.Number:
			col.Width, col.Floats = 1, c.Floats
		case data.Date:
			col.Width = len(data.DatePartNames)
			for _, v := range c.Strings {
				col.Floats = append(col.Floats, data.DateParts(v)...)
			}
		case data.Category, data.FreeText:
			col.Strings, col.tokens = c.Strings, &tokens{}
		default:
			continue
		}
		s.Columns = append(s.Columns, col)
	}
	return s
}

// Declare adds the model inputs of all columns to b: numbers float32 [N,1],
// dates float32 [N, parts], categories and texts string [N,1].
func (s *Source) Declare(b *onnx.Builder) {
	for _, c := range s.Columns {
		if c.Strings != nil {
			b.Input(c.Input, tensor.String, "N", 1)
		} else {
			b.Input(c.Input, tensor.Float32, "N", c.Width)
		}
	}
}

// Feeds returns the inputs of a model for some rows.
func (s *Source) Feeds(rows []int) map[string]*tensor.Tensor {
	feeds := map[string]*tensor.Tensor{}
	for _, c := range s.Columns {
		if c.Strings != nil {
			v := make([]string, len(rows))
			for i, r := range rows {
				v[i] = c.Strings[r]
			}
			feeds[c.Input] = tensor.Of(v, len(rows), 1)
			continue
		}
		v := make([]float32, 0, len(rows)*c.Width)
		for _, r := range rows {
			v = append(v, c.Floats[r*c.Width:(r+1)*c.Width]...)
		}
		feeds[c.Input] = tensor.Of(v, len(rows), c.Width)
	}
	return feeds
}

// InputNames makes the ONNX input names of columns: letters, digits and
// underscores of the column's name, made unique by a number.
func InputNames(columns []string) []string {
	taken := map[string]bool{}
	var out []string
	for _, c := range columns {
		stem := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, c)
		if stem == "" || stem[0] >= '0' && stem[0] <= '9' {
			stem = "c" + stem
		}
		name := stem
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", stem, n)
		}
		taken[name] = true
		out = append(out, name)
	}
	return out
}

// Target is what the features shall predict, for encodings that look at it.
type Target struct {
	Classes int       // 0 for regression
	Labels  []int32   // of every row of the table
	Values  []float32 // of every row of the table
}

// Encoder makes a matrix of a table's rows.
type Encoder interface {
	// Width is the number of columns of the matrix.
	Width() int
	// Transform returns the matrix [len(rows), Width].
	Transform(rows []int) []float32
	// Export adds nodes that compute the matrix [N, Width] from the declared inputs.
	Export(b *onnx.Builder) string
}
