package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/data/table"
	"github.com/macaw-ai/macaw/internal/fault"
)

// maxText is the most bytes of one text that are kept.
const maxText = 1 << 20

// readTexts imports text files in class folders.
func (d *draft) readTexts(files []*source.File) error {
	d.m.Kind, d.m.Task = KindText, TextClassification
	if err := d.onlyTask(TextClassification, "texts in class folders"); err != nil {
		return err
	}
	placed, err := d.place(d.withoutTwins(files), "texts")
	if err != nil {
		return err
	}
	var bad []string
	var texts textWriter
	err = d.pack(func(w io.Writer) error {
		texts.w = w
		return inOrder(d.ctx, placed, func(at placedFile) readingText {
			return newText(readText(at.file))
		}, func(at placedFile, text readingText) error {
			if text.err != nil {
				bad = append(bad, at.file.Path)
				return nil
			}
			if err := texts.add(d, text); err != nil {
				return err
			}
			d.samples = append(d.samples, Sample{Path: at.file.Path, Hash: text.hash, Label: int32(at.class), Part: at.part})
			d.given = append(d.given, at.given)
			return nil
		})
	})
	if err != nil {
		return err
	}
	if 2*len(bad) > len(placed) {
		return fault.Errorf(fault.Invalid, "%d of the %d files in %s are no texts, the first is %s.", len(bad), len(placed), d.path, bad[0])
	}
	if len(bad) > 0 {
		d.find(Finding{Code: "corrupt", Severity: Warning, Count: len(bad), Samples: firstOf(bad),
			Message: fmt.Sprintf("%s empty or no text and %s skipped: %s.", counted(len(bad), "file is", "files are"), wasWere(len(bad)), someOf(bad, 3))})
	}
	d.dropEmptyClasses()
	texts.describe(d)
	return nil
}

// withoutTwins leaves out .json files that lie beside a text of the same name;
// they tell about it.
func (d *draft) withoutTwins(files []*source.File) []*source.File {
	texts := map[string]bool{}
	for _, f := range files {
		if f.Ext() != ".json" {
			texts[strings.TrimSuffix(f.Path, path.Ext(f.Path))] = true
		}
	}
	var kept []*source.File
	twins := 0
	for _, f := range files {
		if f.Ext() == ".json" && texts[strings.TrimSuffix(f.Path, path.Ext(f.Path))] {
			twins++
			continue
		}
		kept = append(kept, f)
	}
	if twins > 0 {
		d.find(Finding{Code: "twin-files", Severity: Info, Count: twins,
			Message: fmt.Sprintf("%s beside a text of the same name and %s left out.", counted(twins, ".json file lies", ".json files lie"), wasWere(twins))})
	}
	return kept
}

// readText reads a file as UTF-8, cut at maxText.
func readText(f *source.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	p, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return "", err
	}
	if isBinary(p[:min(len(p), 4096)]) {
		return "", fmt.Errorf("%s is no text", f.Path)
	}
	text, _ := table.UTF8(p)
	if strings.TrimSpace(text) == "" {
		return "", fmt.Errorf("%s is empty", f.Path)
	}
	return text, nil
}

// readingText is a text that was read, or why it was not.
type readingText struct {
	text string
	hash string
	key  string // equal for texts that are nearly the same
	err  error
}

func newText(text string, err error) readingText {
	if err != nil {
		return readingText{err: err}
	}
	return readingText{text: text, hash: hashOf(text), key: hashOf(normalText(text))}
}

// textWriter writes texts into the pack and remembers what is told of them.
type textWriter struct {
	w      io.Writer
	offset uint64
	keys   []string
	max    int
}

func (t *textWriter) add(d *draft, r readingText) error {
	if _, err := io.WriteString(t.w, r.text); err != nil {
		return err
	}
	n := len(r.text)
	d.entries = append(d.entries, entry{offset: t.offset, length: uint32(n)})
	t.offset += uint64(n)
	t.keys = append(t.keys, r.key)
	t.max = max(t.max, n)
	return nil
}

// describe fills in the manifest and finds duplicates: exact ones, and texts that
// differ only in case, blanks, digits and punctuation.
func (t *textWriter) describe(d *draft) {
	d.m.Text.MaxBytes, d.m.Text.TotalBytes = t.max, int64(t.offset)
	d.m.Text.MeanBytes = int(t.offset) / max(1, len(d.entries))
	c := newClusters(len(d.samples))
	exact := c.joinEqual(func(i int) string { return d.samples[i].Hash })
	d.reportTwins("exact-duplicates", "exact duplicates", c, exact)
	before := append(clusters(nil), c...)
	if near := c.joinEqual(func(i int) string { return t.keys[i] }) - exact; near > 0 {
		d.reportNear(before, c, near)
	}
	d.keepTogether(c)
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// normalText keeps the letters of a text in lower case, its words parted by one
// blank.
func normalText(s string) string {
	out := make([]rune, 0, len(s))
	gap := false
	for _, r := range s {
		if !unicode.IsLetter(r) {
			gap = true
			continue
		}
		if gap && len(out) > 0 {
			out = append(out, ' ')
		}
		gap = false
		out = append(out, unicode.ToLower(r))
	}
	if len(out) == 0 {
		return s // digits and signs alone are not alike
	}
	return string(out)
}

// Texts returns the texts of a version by sample index.
func (v *Version) Texts() ([]string, error) {
	if v.Kind != KindText {
		return nil, fmt.Errorf("%s is of kind %s, not text", v.Ref(), v.Kind)
	}
	_, entries, err := v.index()
	if err != nil {
		return nil, err
	}
	p, err := v.blobs.Read(v.Pack, maxIndex)
	if err != nil {
		return nil, fmt.Errorf("read the texts of %s: %w", v.Ref(), err)
	}
	all := string(p)
	texts := make([]string, len(entries))
	for i, e := range entries {
		if e.offset+uint64(e.length) > uint64(len(all)) {
			return nil, fmt.Errorf("read the texts of %s: %w", v.Ref(), errBrokenIndex)
		}
		texts[i] = all[e.offset : e.offset+uint64(e.length)]
	}
	return texts, nil
}
