package console

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/produce/report"
)

const (
	shownSamples = 48 // thumbnails, texts
	shownRows    = 12 // of a table
	shownCells   = 14 // columns of those rows
)

func (c *Console) versions() ([]*data.Version, error) {
	return data.List(c.o.Store)
}

// versionCache keeps the versions whose samples were shown last, since opening
// one reads its index.
type versionCache struct {
	mu   sync.Mutex
	kept []*openVersion
}

type openVersion struct {
	*data.Version
	samples []data.Sample
	images  *data.Images
}

const keptVersions = 4

func (c *Console) open(ref string) (*openVersion, error) {
	v, err := data.Open(c.o.Store, ref)
	if err != nil {
		return nil, err
	}
	c.opened.mu.Lock()
	defer c.opened.mu.Unlock()
	for _, o := range c.opened.kept {
		if o.Hash == v.Hash {
			return o, nil
		}
	}
	o := &openVersion{Version: v}
	if o.samples, err = v.Samples(); err != nil {
		return nil, err
	}
	if v.Kind == data.KindImage {
		if o.images, err = v.Images(); err != nil {
			return nil, err
		}
	}
	c.opened.kept = append(c.opened.kept, o)
	if n := len(c.opened.kept); n > keptVersions {
		c.opened.kept = slices.Clone(c.opened.kept[n-keptVersions:])
	}
	return o, nil
}

type datasetRow struct {
	Ref, Hash, Task          string
	Count, Classes, Findings int
	Created                  time.Time
}

func (c *Console) datasets(r *http.Request) (*view, error) {
	list, err := c.versions()
	if err != nil {
		return nil, err
	}
	rows := make([]datasetRow, len(list))
	for i, v := range list {
		rows[i] = datasetRow{v.Ref(), v.Hash, v.Task, v.Count, len(v.Classes), len(v.Findings), v.Created}
	}
	return &view{Template: "datasets", Title: "Datasets", Section: "/datasets", Body: rows}, nil
}

// datasetView is a dataset version's page.
type datasetView struct {
	Hash, Target      string
	Created           time.Time
	Count, ClassCount int
	Parts             []countRow
	Findings          []data.Finding
	Bars              []report.Bar
	Thumbs            []thumb
	Texts             []textRow
	Columns           []columnRow
	Rows              *tableRows
}

type countRow struct {
	Name  string
	Count int
}

type thumb struct {
	Source, Path, Label string
	Part                data.Part
	Pixel               bool // tiny: show its pixels as squares
}

type textRow struct{ Label, Path, Text string }

type columnRow struct {
	Name, Levels, Why string
	Type              data.ColumnType
	Role              data.Role
	Missing, Distinct int
	Min, Mean, Max    float64
}

type tableRows struct {
	Head  []string
	Cells [][]string
}

func (c *Console) dataset(r *http.Request) (*view, error) {
	v, err := c.open(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	body := &datasetView{Hash: v.Hash, Target: v.Target, Created: v.Created, Count: v.Count, ClassCount: len(v.Classes), Findings: v.Findings, Bars: classBars(v.Version)}
	for _, p := range []data.Part{data.Train, data.Validation, data.Test} {
		body.Parts = append(body.Parts, countRow{p.String(), v.Parts[p]})
	}
	switch v.Kind {
	case data.KindImage:
		body.Thumbs = v.thumbs(shownSamples, func(data.Sample) bool { return true })
	case data.KindText:
		if body.Texts, err = v.texts(); err != nil {
			return nil, err
		}
	case data.KindTable:
		if body.Columns, body.Rows, err = v.table(); err != nil {
			return nil, err
		}
	}
	return &view{Template: "dataset", Title: v.Ref(), Sub: report.TaskTitle(v.Task) + " · parts: " + v.Split.Why, Section: "/datasets", Crumb: &link{Name: "Datasets", Path: "/datasets"}, Body: body}, nil
}

func classBars(v *data.Version) []report.Bar {
	top := 1
	for _, n := range v.Counts {
		top = max(top, n)
	}
	var bars []report.Bar
	for i, n := range v.Counts[:min(len(v.Counts), len(v.Classes), 60)] {
		bars = append(bars, report.Bar{Label: v.Classes[i], Count: n, Width: fmt.Sprintf("%.1f%%", 100*float64(n)/float64(top))})
	}
	return bars
}

// spread picks up to n sample indices that keep says yes to, evenly over them.
func (v *openVersion) spread(n int, keep func(data.Sample) bool) []int {
	var all []int
	for i, s := range v.samples {
		if keep(s) {
			all = append(all, i)
		}
	}
	if len(all) <= n {
		return all
	}
	out := make([]int, n)
	for i := range out {
		out[i] = all[i*len(all)/n]
	}
	return out
}

func (v *openVersion) label(s data.Sample) string {
	if s.Label >= 0 && int(s.Label) < len(v.Classes) {
		return v.Classes[s.Label]
	}
	return report.FormatNumber(float64(s.Value))
}

func (v *openVersion) thumbs(n int, keep func(data.Sample) bool) []thumb {
	var out []thumb
	for _, i := range v.spread(n, keep) {
		s := v.samples[i]
		out = append(out, thumb{Source: fmt.Sprintf("/datasets/%s/samples/%d", v.Hash, i), Path: s.Path, Label: v.label(s), Part: s.Part, Pixel: v.Image.Width <= 64})
	}
	return out
}

func (v *openVersion) texts() ([]textRow, error) {
	texts, err := v.Texts()
	if err != nil {
		return nil, err
	}
	var rows []textRow
	for _, i := range v.spread(20, func(data.Sample) bool { return true }) {
		rows = append(rows, textRow{v.label(v.samples[i]), v.samples[i].Path, beginning(texts[i], 300)})
	}
	return rows, nil
}

// beginning cuts a text after n bytes, between characters.
func beginning(s string, n int) string {
	s = strings.Join(strings.Fields(s[:min(len(s), 4*n)]), " ")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func (v *openVersion) table() ([]columnRow, *tableRows, error) {
	var columns []columnRow
	for _, col := range v.Columns {
		columns = append(columns, columnRow{Name: col.Name, Type: col.Type, Role: col.Role, Missing: col.Missing, Distinct: col.Distinct,
			Min: col.Min, Mean: col.Mean, Max: col.Max, Why: col.Why, Levels: strings.Join(col.Levels[:min(len(col.Levels), 6)], ", ")})
	}
	t, err := v.Table()
	if err != nil {
		return nil, nil, err
	}
	all := append(slices.Clone(t.Others), t.Columns...)
	all = all[:min(len(all), shownCells)]
	rows := &tableRows{}
	for _, s := range all {
		rows.Head = append(rows.Head, s.Name)
	}
	for i := range min(t.Rows, shownRows) {
		var cells []string
		for _, s := range all {
			cells = append(cells, cellText(s, i))
		}
		rows.Cells = append(rows.Cells, cells)
	}
	return columns, rows, nil
}

func cellText(s *data.Series, i int) string {
	if s.Floats == nil {
		return beginning(s.Strings[i], 60)
	}
	if v := float64(s.Floats[i]); !math.IsNaN(v) {
		return strconv.FormatFloat(v, 'g', 6, 32)
	}
	return ""
}

// sample answers with a picture of an image sample, as PNG.
func (c *Console) sample(w http.ResponseWriter, r *http.Request) error {
	v, err := c.open(r.PathValue("ref"))
	if err != nil {
		return err
	}
	i, err := strconv.Atoi(r.PathValue("index"))
	if err != nil || v.images == nil || i < 0 || i >= len(v.samples) {
		return fault.Errorf(fault.NotFound, "Dataset %s has no picture %q.", v.Ref(), r.PathValue("index"))
	}
	img, err := v.images.Decode(i)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture(img)); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", "max-age=86400, immutable")
	_, _ = w.Write(b.Bytes()) // the reader may be gone
	return nil
}

// picture is a decoded sample as the standard library draws it.
func picture(m *data.Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for y := range m.Height {
		for x := range m.Width {
			p := m.Pix[(y*m.Width+x)*m.Channels:]
			if m.Channels == 1 {
				out.Set(x, y, color.Gray{Y: p[0]})
			} else {
				out.Set(x, y, color.RGBA{R: p[0], G: p[1], B: p[2], A: 255})
			}
		}
	}
	return out
}
