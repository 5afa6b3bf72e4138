package serve

import (
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/data/table"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// writer writes predictions as CSV.
type writer struct {
	csv    *csv.Writer
	card   *model.Card
	names  []string // of the columns
	fields []string // of one row
}

func newWriter(out io.Writer, card *model.Card) *writer {
	return &writer{csv: csv.NewWriter(out), card: card, names: columnNames(card)}
}

func (w *writer) header() error { return w.csv.Write(w.names) }

// columnNames are the names of the CSV's columns. A class that is called like
// another column gets "class " before its name.
func columnNames(card *model.Card) []string {
	if card.Regression() {
		return []string{"sample", "prediction"}
	}
	names := []string{"sample", "prediction", "score"}
	for _, class := range card.Classes {
		for class == "" || slices.Contains(names, class) {
			class = "class " + class
		}
		names = append(names, class)
	}
	return names
}

// row writes the prediction for one sample; without one the fields are empty.
func (w *writer) row(sample string, p model.Prediction) error {
	w.fields = append(w.fields[:0], sample)
	switch {
	case p.Err != nil:
		for len(w.fields) < len(w.names) {
			w.fields = append(w.fields, "")
		}
	case w.card.Regression():
		w.fields = append(w.fields, float(p.Value))
	default:
		w.fields = append(w.fields, p.Label, float(p.Score))
		for _, v := range p.Probabilities {
			w.fields = append(w.fields, float(v))
		}
	}
	return w.csv.Write(w.fields)
}

func (w *writer) flush() error {
	w.csv.Flush()
	return w.csv.Error()
}

// float is v with as many digits as tell it from its neighbours, "" when it is
// not a number.
func float(v float32) string {
	if math.IsNaN(float64(v)) {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 32)
}

func itoa(i int) string { return strconv.Itoa(i) }

// compare notes how the columns of a table differ from the model's, and refuses
// a table that has none of them.
func (j *pathJob) compare(frame *table.Frame, name string) error {
	card := &j.p.Card
	for _, n := range frame.Notes {
		j.summary.Notes = append(j.summary.Notes, n.Message)
	}
	if card.Task == model.TextClassification {
		if _, err := textColumn(card, frame.Names); err != nil {
			return fault.Errorf(fault.Invalid, "%s cannot be used: %w.", name, err)
		}
		return nil
	}
	missing, unknown := card.CheckColumns(frame.Names)
	if len(missing) == len(card.Columns()) {
		return fault.Errorf(fault.Invalid, "%s has none of the model's columns (%s); it has %s.", name, some(missing), some(frame.Names))
	}
	if len(missing) > 0 {
		j.summary.Notes = append(j.summary.Notes, name+" lacks the columns "+some(missing)+"; their values are taken as missing.")
	}
	unknown = slices.DeleteFunc(unknown, func(c string) bool { return c == card.Target })
	if len(unknown) > 0 {
		j.summary.Notes = append(j.summary.Notes, "The model does not use these columns of "+name+": "+some(unknown)+".")
	}
	return nil
}

func some(names []string) string {
	if len(names) > 8 {
		return strings.Join(names[:8], ", ") + ", … (" + itoa(len(names)) + ")"
	}
	return strings.Join(names, ", ")
}
