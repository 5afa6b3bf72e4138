package data

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
)

// useTable decides what the columns are for, takes out rows without a target, and
// fills in samples and columns.
func (d *draft) useTable(r *rows) error {
	if len(r.Names) < 2 {
		return fault.Errorf(fault.Invalid, "%s has the one column %q; a table needs a target and at least one more column.", d.path, r.Names[0])
	}
	target, err := d.chooseTarget(r)
	if err != nil {
		return err
	}
	raw := slices.Clone(r.Columns[target])
	r.Trim()
	c := look(r.Columns[target])
	if c.present == 0 {
		return fault.Errorf(fault.Invalid, "The target %q is missing in every row of %s.", r.Names[target], d.path)
	}
	if c.infinite == c.present {
		return fault.Errorf(fault.Invalid, "The target %q is not a finite number in every row of %s.", r.Names[target], d.path)
	}
	d.m.Target = r.Names[target]
	if d.m.Task, err = d.decideTask(d.m.Target, c); err != nil {
		return err
	}
	var labels []string
	if !d.m.Regression() {
		labels = d.classLabels(d.m.Target, raw)
		r.Columns[target] = labels
	}
	keep := d.keepRows(r, c, labels)
	if len(keep) == 0 {
		return fault.Errorf(fault.Invalid, "The target %q is missing or not a finite number in every row of %s.", d.m.Target, d.path)
	}
	r.pick(keep)
	d.useSplitColumn(r, target)
	series := d.describeColumns(r, target)
	d.fillSamples(r, target, series)
	return d.storeRows(series)
}

// keepRows returns the rows with a usable target and reports the others.
func (d *draft) keepRows(r *rows, c *cells, labels []string) []int {
	var keep []int
	var missing, infinite, strays []string
	for i := range r.paths {
		switch {
		case labels != nil && labels[i] != "" || labels == nil && !math.IsNaN(float64(c.floats[i])):
			keep = append(keep, i)
		case Missing(c.raw[i]):
			missing = append(missing, r.paths[i])
		case labels == nil && slices.Contains(c.strays, c.raw[i]):
			strays = append(strays, r.paths[i])
		default:
			infinite = append(infinite, r.paths[i])
		}
	}
	for _, bad := range []struct {
		rows []string
		what string
	}{{missing, "is missing"}, {infinite, "is not finite"}, {strays, "is not a number"}} {
		if n := len(bad.rows); n > 0 {
			d.find(Finding{Code: "unusable-target", Severity: Warning, Column: d.m.Target, Count: n, Samples: firstOf(bad.rows),
				Message: fmt.Sprintf("%s left out, since the target %q %s in them.", counted(n, "row was", "rows were"), d.m.Target, bad.what)})
		}
	}
	return keep
}

// pick keeps the rows listed.
func (r *rows) pick(keep []int) {
	if len(keep) == len(r.paths) {
		return
	}
	for j, c := range r.Columns {
		out := make([]string, len(keep))
		for k, i := range keep {
			out[k] = c[i]
		}
		r.Columns[j] = out
	}
	for k, i := range keep { // k ≤ i
		r.paths[k], r.parts[k], r.given[k] = r.paths[i], r.parts[i], r.given[i]
	}
	r.paths, r.parts, r.given = r.paths[:len(keep)], r.parts[:len(keep)], r.given[:len(keep)]
}

// isSplitColumn reports whether a column is called like a split and names parts,
// training and another, in every row.
func isSplitColumn(name string, cells []string) bool {
	switch strings.ToLower(name) {
	case "split", "part", "partition", "subset", "set", "fold", "usage", "dataset":
	default:
		return false
	}
	seen := map[Part]bool{}
	for _, s := range cells {
		part, ok := partOf(s)
		if !ok {
			return false
		}
		seen[part] = true
	}
	return seen[Train] && len(seen) > 1
}

// useSplitColumn honours a column that names the parts, unless files did so.
func (d *draft) useSplitColumn(r *rows, target int) {
	if slices.Contains(r.given, true) {
		return
	}
	for j, name := range r.Names {
		if j == target || !isSplitColumn(name, r.Columns[j]) {
			continue
		}
		for i, s := range r.Columns[j] {
			r.parts[i], r.given[i] = must(partOf(s)), true
		}
		d.log(fmt.Sprintf("The column %q names the parts of the rows.", name))
		d.splitColumn = name
		return
	}
}

func must(p Part, _ bool) Part { return p } // isSplitColumn has checked every cell

var groupName = regexp.MustCompile(`(?i)^(group|groups|group[_ ]?id|(patient|subject|user|speaker|session|person|participant|household|customer|device|video|scene|site)([_ ]?id)?)$`)

// isGroup reports whether a column is called like a group and its values repeat.
func isGroup(col *Column, c *cells) bool {
	return groupName.MatchString(col.Name) && col.Distinct >= 5 && c.present > 0 && c.distinctShare() < 0.9 &&
		(c.whole || !c.isNumber())
}

// describeColumns infers all columns and their roles.
func (d *draft) describeColumns(r *rows, target int) []*Series {
	series := make([]*Series, len(r.Names))
	kinds := make([]*cells, len(r.Names))
	parallel(len(r.Names), func(j int) {
		kinds[j] = look(r.Columns[j])
		series[j] = &Series{Column: infer(r.Names[j], kinds[j])}
	})
	for j, s := range series {
		switch {
		case j == target:
			s.Role = RoleTarget
			d.targetColumn(&s.Column, kinds[j])
		case s.Name == d.splitColumn:
			s.Role, s.Why = RoleSplit, "names the part of each row"
		case d.m.Split.Group == "" && isGroup(&s.Column, kinds[j]):
			s.Role, s.Why = RoleGroup, "named like a group: rows with the same value stay in the same part"
			d.m.Split.Group = s.Name
			d.groups = r.Columns[j]
			d.log(fmt.Sprintf("Rows with the same %q stay in the same part, and it is not learnt from.", s.Name))
		}
		if s.Type == Number {
			s.Floats = kinds[j].floats
		} else {
			s.Strings = withoutMissing(r.Columns[j])
		}
	}
	d.reportColumns(series, len(r.paths))
	return series
}

// targetColumn keeps a target's type in line with the task.
func (d *draft) targetColumn(col *Column, c *cells) {
	if d.m.Regression() {
		col.Type, col.Why = Number, "the target of a regression"
		col.describe(c)
		return
	}
	col.Type, col.Why = Category, "the target of a classification"
	col.Levels = levels(c.counts)
}

func withoutMissing(cells []string) []string {
	out := make([]string, len(cells))
	for i, s := range cells {
		if !Missing(s) {
			out[i] = s
		}
	}
	return out
}

// reportColumns tells of columns that are left out or have many missing cells.
func (d *draft) reportColumns(series []*Series, n int) {
	var constant, identifier, missing []string
	worst := 0.0
	for _, s := range series {
		switch {
		case s.Role == RoleTarget || s.Role == RoleSplit:
			continue
		case s.Type == Constant:
			constant = append(constant, s.Name)
			continue
		case s.Type == Identifier && s.Role == RoleIgnored:
			identifier = append(identifier, s.Name)
			continue
		}
		if s.Missing > 0 {
			share := float64(s.Missing) / float64(n)
			worst = max(worst, share)
			missing = append(missing, fmt.Sprintf("%s (%.1f %%)", s.Name, 100*share))
		}
	}
	if len(constant) > 0 {
		d.find(Finding{Code: "constant-columns", Severity: Info, Count: len(constant), Samples: firstOf(constant),
			Message: fmt.Sprintf("%s the same in every row and not learnt from: %s.", counted(len(constant), "column is", "columns are"), someOf(constant, 5))})
	}
	if len(identifier) > 0 {
		d.find(Finding{Code: "identifier-columns", Severity: Info, Count: len(identifier), Samples: firstOf(identifier),
			Message: fmt.Sprintf("%s different in every row, as names of rows are, and not learnt from: %s.", counted(len(identifier), "column is", "columns are"), someOf(identifier, 5))})
	}
	if len(missing) > 0 {
		severity := Info
		if worst > 0.5 {
			severity = Warning
		}
		d.find(Finding{Code: "missing-values", Severity: severity, Count: len(missing), Samples: firstOf(missing),
			Message: fmt.Sprintf("%s missing cells: %s.", counted(len(missing), "column has", "columns have"), someOf(missing, 5))})
	}
}

// fillSamples makes the samples; the hash of a row is of all its cells.
func (d *draft) fillSamples(r *rows, target int, series []*Series) {
	n := len(r.paths)
	d.samples = make([]Sample, n)
	d.given = r.given
	index := map[string]int32{}
	if !d.m.Regression() {
		d.m.Classes = levels(look(r.Columns[target]).counts)
		sortClasses(d.m.Classes)
		for k, name := range d.m.Classes {
			index[name] = int32(k)
		}
	}
	parallel(n, func(i int) {
		s := &d.samples[i]
		s.Path, s.Part, s.Label = r.paths[i], r.parts[i], -1
		if d.m.Regression() {
			s.Value = series[target].Floats[i]
		} else {
			s.Label = index[r.Columns[target][i]]
		}
		if d.groups != nil {
			s.Group = d.groups[i]
		}
		s.Hash = hashOf(rowKey(r, i, -1))
	})
	if len(d.m.Classes) > maxClasses {
		d.m.Classes = d.m.Classes[:maxClasses]
	}
}

// rowKey joins the cells of row i but those of column skip.
func rowKey(r *rows, i, skip int) string {
	var b strings.Builder
	for j, c := range r.Columns {
		if j != skip {
			b.WriteString(c[i])
			b.WriteByte(0x1f)
		}
	}
	return b.String()
}

// storeRows audits the rows and stores them: as texts when all that is learnt
// from is one text column, else by columns.
func (d *draft) storeRows(series []*Series) error {
	for _, s := range series {
		d.m.Columns = append(d.m.Columns, s.Column)
	}
	features := d.features(series)
	if len(features) == 0 {
		return fault.Errorf(fault.Invalid, "%s has no column to learn from beside the target %q: the others are identifiers or the same in every row.", d.path, d.m.Target)
	}
	if text := d.textColumn(features); text != nil {
		return d.storeTexts(text)
	}
	if d.o.Task == TextClassification {
		return fault.Errorf(fault.Invalid, "%s has no column of free text, so it is no text classification; leave --task out.", d.path)
	}
	d.auditRows(series)
	var err error
	d.m.Table, err = d.st.Blobs.PutBytes(encodeColumns(series))
	return err
}

func (d *draft) features(series []*Series) []*Series {
	var out []*Series
	for _, s := range series {
		if s.Role == RoleFeature {
			out = append(out, s)
		}
	}
	return out
}

// textColumn returns the one text that a text classification learns from; nil
// when the table is more than that.
func (d *draft) textColumn(features []*Series) *Series {
	if d.m.Regression() || d.o.Task == TabularClassification {
		return nil
	}
	var texts []*Series
	for _, s := range features {
		if s.Type == FreeText {
			texts = append(texts, s)
		}
	}
	if len(texts) == 1 && (len(features) == 1 || d.o.Task == TextClassification) {
		return texts[0]
	}
	return nil
}

// storeTexts makes a text dataset of one column of a table.
func (d *draft) storeTexts(col *Series) error {
	d.m.Kind, d.m.Task = KindText, TextClassification
	d.m.Text.Column = col.Name
	d.log(fmt.Sprintf("Only %q is learnt from: a text classification.", col.Name))
	for j := range d.m.Columns {
		if c := &d.m.Columns[j]; c.Role == RoleFeature && c.Name != col.Name {
			c.Role = RoleIgnored
		}
	}
	var texts textWriter
	err := d.pack(func(w io.Writer) error {
		texts.w = w
		for i, s := range col.Strings {
			r := newText(clipText(s), nil)
			if err := texts.add(d, r); err != nil {
				return err
			}
			d.samples[i].Hash = r.hash
		}
		return nil
	})
	if err != nil {
		return err
	}
	texts.describe(d)
	return nil
}

func clipText(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "")
}
