package data

import (
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/internal/store"
)

// Kind is the form of a dataset's samples.
type Kind string

// The kinds of datasets.
const (
	KindImage Kind = "image"
	KindTable Kind = "table"
	KindText  Kind = "text"
)

// The tasks that a dataset can be for.
const (
	ImageClassification   = "image-classification"
	TabularClassification = "tabular-classification"
	TabularRegression     = "tabular-regression"
	TextClassification    = "text-classification"
)

// Part says what a sample is for.
type Part uint8

// The parts of a dataset. Only Train is learnt from, Validation chooses, and
// Test is looked at once, at the end.
const (
	Train Part = iota
	Validation
	Test
	partCount
)

var partNames = [partCount]string{"train", "validation", "test"}

// String returns "train", "validation" or "test".
func (p Part) String() string {
	if p < partCount {
		return partNames[p]
	}
	return fmt.Sprintf("part(%d)", uint8(p))
}

// MarshalText writes the part's name; JSON uses it for values and map keys.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (p *Part) UnmarshalText(b []byte) error {
	for i, name := range partNames {
		if name == string(b) {
			*p = Part(i)
			return nil
		}
	}
	return fmt.Errorf("data: unknown part %q", b)
}

// Version is one immutable state of a dataset.
type Version struct {
	Dataset string    // the dataset's name
	Number  int       // 1, 2, ... within the dataset
	Hash    string    // SHA-256 of the manifest, hex
	Created time.Time // when it was first imported
	Manifest

	blobs *store.Blobs
}

// Ref returns "name@number", by which people name the version.
func (v *Version) Ref() string { return fmt.Sprintf("%s@%d", v.Dataset, v.Number) }

// Manifest describes a version completely; its JSON text is what the version's
// hash is of. It stays small: lists by sample are blobs.
type Manifest struct {
	Format   int          `json:"format"` // of this description, now 1
	Name     string       `json:"name"`   // the dataset's name
	Kind     Kind         `json:"kind"`
	Task     string       `json:"task"`
	Target   string       `json:"target,omitempty"`  // target column; empty for class folders and IDX
	Classes  []string     `json:"classes,omitempty"` // in label order; nil for regression
	Columns  []Column     `json:"columns,omitempty"` // tables: every column of the source, in its order
	Count    int          `json:"count"`             // samples
	Parts    map[Part]int `json:"parts"`             // samples by part
	Counts   []int        `json:"counts,omitempty"`  // samples by class
	Findings []Finding    `json:"findings,omitempty"`
	Split    SplitInfo    `json:"split"`
	Image    ImageInfo    `json:"image,omitzero"`
	Text     TextInfo     `json:"text,omitzero"`

	Samples string `json:"samples"`         // blob: the sample index
	Pack    string `json:"pack,omitempty"`  // blob: the samples' bytes, images and texts
	Table   string `json:"table,omitempty"` // blob: the columns of a table
}

// Regression reports whether the target is a number.
func (m *Manifest) Regression() bool { return m.Task == TabularRegression }

// Column returns the column called name, or nil.
func (m *Manifest) Column(name string) *Column {
	for i := range m.Columns {
		if m.Columns[i].Name == name {
			return &m.Columns[i]
		}
	}
	return nil
}

// SplitInfo says how samples came into their parts.
type SplitInfo struct {
	Method string `json:"method"`          // "given", "given+stratified", "stratified", "quantile"; "grouped" is appended when groups stay together
	Group  string `json:"group,omitempty"` // group column, if any
	Seed   uint64 `json:"seed"`
	Why    string `json:"why"` // one sentence for people
}

// ImageInfo describes the images of a dataset.
type ImageInfo struct {
	Channels  int `json:"channels"` // 1 when every image is grey, else 3
	Width     int `json:"width"`    // the most common size
	Height    int `json:"height"`
	MinWidth  int `json:"min_width"`
	MinHeight int `json:"min_height"`
	MaxWidth  int `json:"max_width"`
	MaxHeight int `json:"max_height"`
}

// Fixed reports whether all images have the same size.
func (i ImageInfo) Fixed() bool { return i.MinWidth == i.MaxWidth && i.MinHeight == i.MaxHeight }

// TextInfo describes the texts of a dataset.
type TextInfo struct {
	Column     string `json:"column,omitempty"` // of the table the texts came from
	MeanBytes  int    `json:"mean_bytes"`
	MaxBytes   int    `json:"max_bytes"`
	TotalBytes int64  `json:"total_bytes"`
}

// Severity says how much a finding matters.
type Severity string

// The severities of findings.
const (
	Info    Severity = "info"    // good to know
	Warning Severity = "warning" // may spoil the model or its figures
	Serious Severity = "serious" // the figures cannot be trusted until it is mended
)

// Finding is something the import noticed about the data.
type Finding struct {
	Code     string   `json:"code"` // stable name, such as "exact-duplicates"
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`           // one sentence for people
	Column   string   `json:"column,omitempty"`  // the column it is about
	Count    int      `json:"count,omitempty"`   // samples or rows concerned
	Samples  []string `json:"samples,omitempty"` // paths or row numbers of a few
}

// Sample is one sample of a version. Its index in Version.Samples is also its
// index in Images, Table and Texts.
type Sample struct {
	Path  string  // in the source, slash-separated; for tables the row number from 0
	Hash  string  // SHA-256 of its content, hex
	Label int32   // class index, -1 for none
	Value float32 // regression target
	Part  Part
	Group string // value of the group column, if any
}
