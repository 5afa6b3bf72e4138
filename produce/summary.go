package produce

import (
	"path/filepath"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/produce/result"
)

// Bounds of the data summary.
const (
	mostLevels   = 8
	mostExamples = 48
)

// data sums up the dataset version.
func (e *ending) data(show *reader) result.Data {
	v := e.v
	path, err := filepath.Abs(e.o.Path)
	if err != nil {
		path = e.o.Path
	}
	d := result.Data{
		Name: v.Ref(), Hash: v.Hash, Path: path, Kind: string(v.Kind), Target: v.Target, Count: v.Count,
		Parts: map[string]int{}, Split: v.Split.Why,
	}
	for part, n := range v.Parts {
		d.Parts[part.String()] = n
	}
	for _, f := range v.Findings {
		d.Findings = append(d.Findings, result.Finding{Kind: string(f.Severity), Message: f.Message})
	}
	for i := range v.Columns {
		d.Columns = append(d.Columns, column(&v.Columns[i]))
	}
	if v.Kind == data.KindImage {
		d.Images = &result.Images{
			Channels: v.Image.Channels, Width: v.Image.Width, Height: v.Image.Height, MinWidth: v.Image.MinWidth,
			MinHeight: v.Image.MinHeight, MaxWidth: v.Image.MaxWidth, MaxHeight: v.Image.MaxHeight,
		}
	}
	if e.work.Regression() {
		d.Targets = histogram(e.work.Targets)
	} else {
		d.Classes = e.classCounts()
	}
	d.Examples = e.examples(show)
	return d
}

func column(c *data.Column) result.Column {
	out := result.Column{
		Name: c.Name, Type: string(c.Type), Role: string(c.Role), Why: c.Why, Missing: c.Missing, Distinct: c.Distinct,
		Levels: c.Levels[:min(mostLevels, len(c.Levels))],
	}
	if c.Type == data.Number {
		out.Min, out.Mean, out.Max = pointer(c.Min), pointer(c.Mean), pointer(c.Max)
	}
	return out
}

func (e *ending) classCounts() []result.ClassCount {
	out := make([]result.ClassCount, len(e.work.Classes))
	for i, name := range e.work.Classes {
		out[i].Class = name
	}
	for _, s := range e.work.samples {
		if s.Label < 0 {
			continue
		}
		c := &out[s.Label]
		switch s.Part {
		case data.Train:
			c.Train++
		case data.Validation:
			c.Val++
		default:
			c.Test++
		}
	}
	return out
}

// examples are a few samples to learn from, of every class if they are not too many.
func (e *ending) examples(show *reader) []result.Example {
	most := 8
	if e.v.Kind == data.KindImage {
		most = mostExamples
	}
	each := max(1, most/max(1, len(e.work.Classes)))
	seen := map[int32]int{}
	var out []result.Example
	for _, i := range e.work.Train {
		if len(out) == most {
			break
		}
		label := ""
		if e.work.Regression() {
			label = number(e.work.Targets[i])
		} else {
			y := e.work.Labels[i]
			if seen[y] == each {
				continue
			}
			seen[y]++
			label = e.work.Classes[y]
		}
		out = append(out, result.Example{Sample: i, Label: label, Content: show.content(i)})
	}
	return out
}
