package produce

import (
	"fmt"
	"unicode/utf8"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
)

// inputsOf describes the inputs of m, with what raw samples give for them.
func inputsOf(v *data.Version, m *onnx.Model, example func() string) ([]model.Input, error) {
	var out []model.Input
	columns, err := columnsByInput(v)
	if err != nil {
		return nil, err
	}
	for _, in := range m.Graph.Inputs {
		switch v.Kind {
		case data.KindImage:
			out = append(out, model.Input{
				Name: in.Name, Kind: model.KindImage, Channels: max(1, v.Image.Channels), Width: v.Image.Width, Height: v.Image.Height,
			})
		case data.KindText:
			out = append(out, model.Input{Name: in.Name, Kind: model.KindText, Example: example()})
		default:
			c := columns[in.Name]
			if c == nil {
				return nil, fmt.Errorf("the model has an input %q that is no column of %s", in.Name, v.Ref())
			}
			out = append(out, model.Input{Name: in.Name, Kind: string(c.Type), Column: c.Name, Example: excerpt(c.Example, 80)})
		}
	}
	return out, nil
}

// columnsByInput gives the feature columns by the names of their ONNX inputs.
func columnsByInput(v *data.Version) (map[string]*data.Column, error) {
	if v.Kind != data.KindTable {
		return nil, nil
	}
	t, err := v.Table()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range t.Columns {
		names = append(names, s.Name)
	}
	out := map[string]*data.Column{}
	for i, input := range feature.InputNames(names) {
		out[input] = &t.Columns[i].Column
	}
	return out, nil
}

// excerpt is the beginning of a text, at most limit bytes and whole characters.
func excerpt(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
